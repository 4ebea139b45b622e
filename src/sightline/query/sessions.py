"""Sessions of a window that match a filter, and one session as its user saw it.

A session matches when one of its spans in the window does; its figures are those of its spans in the window.
One session alone is looked at as a whole, whenever it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sightline.query import session_rows
from sightline.query.cursors import RANKED, Cursor, checked, read_cursor
from sightline.query.estimates import Total, estimating, read, whole_sum
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.predicates import Always
from sightline.query.previews import previews
from sightline.query.selection import Selection, known_at
from sightline.query.statements import statement
from sightline.query.weights import OF_SPAN, PARTS, has_weights
from sightline.query.window import Window
from sightline.records.sessions import Session, SessionPage, SessionSummary
from sightline.store.store import Store

MAX_PAGE = 200
# Turns of one session that are listed; of a longer one the latest.
MAX_TURNS = 10_000
_ID = "assumeNotNull(s.session_id)"
_KNOWN = "s.session_id != ''"
_STARTED = "toUnixTimestamp64Nano(s.start_time)"
_OWN = "s.usage_source = 'own'"
# Money in whole billionths, so that a sum is the same however its parts are added up.
_NANO = f"ifNull(sumIf(toInt64(round(s.cost_usd * 1e9)), {_OWN}), -1)"
_TOKENS = f"ifNull(toInt64(sumIf(ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0), {_OWN})), -1)"
# What sessions are sorted by: a whole number over the spans of one. What is unknown counts as least.
ORDERS = {
    "last": f"max({_STARTED})",
    "first": f"min({_STARTED})",
    "turns": "toInt64(uniqExact(cityHash64(s.trace_id)))",
    "errors": "toInt64(countIf(s.status = 'error'))",
    "duration": f"max({_STARTED} + toInt64(s.duration_ns)) - min({_STARTED})",
    "tokens": _TOKENS,
    "cost": _NANO,
}
_BOTH = "ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0)"
# The same of sampled traces, counted as many times as they stand for.
WEIGHTED_ORDERS = ORDERS | {
    "turns": f"arraySum(mapValues(minMap(map(cityHash64(s.trace_id), toInt64(round({PARTS} * {OF_SPAN}))))))",
    "errors": whole_sum("1", "s.status = 'error'"),
    "tokens": f"ifNull({whole_sum(_BOTH, _OWN)}, -1)",
    "cost": f"ifNull({whole_sum('s.cost_usd', _OWN, parts=10**9)}, -1)",
}
# What is estimated of a session, by the names of its summary.
TOTALS = {
    "turns": Total("count() > 0", of_traces=True),
    "failed_turns": Total("countIf(s.status = 'error') > 0", of_traces=True),
    "spans": Total("count()"),
    "errors": Total("countIf(s.status = 'error')"),
    "calls": Total("countIf(s.kind = 'llm')"),
    "input_tokens": Total(f"sumIf(s.input_tokens, {_OWN})", unknown="unknown_tokens"),
    "output_tokens": Total(f"sumIf(s.output_tokens, {_OWN})", unknown="unknown_tokens"),
    "cost_usd": Total(f"sumIf(s.cost_usd, {_OWN})", unknown="unknown_cost", whole=False),
}
LATEST_FIRST = "-last"
# Whatever was digested up to now.
NOW = 2**62


async def sessions(
    store: Store, selection: Selection, limit: int = 50, sort: str = LATEST_FIRST, cursor: str | None = None
) -> SessionPage:
    """A page of the sessions that match, by `sort`. Raises BadSort, BadCursor; the store's errors pass.

    The selection is one of `select_sessions`.
    """
    limit = max(1, min(limit, MAX_PAGE))
    checked(sort, tuple(ORDERS))
    after = read_cursor(cursor, sort)
    window = after.window(selection.window.project) if after else selection.window
    as_of = after.as_of if after else await latest(store, window)
    selection = replace(selection, weighted=await has_weights(store, window, as_of))
    asked = ranking(selection, window, limit + 1, sort, as_of, after)
    ranked = (await store.fetch(asked.text, asked.parameters, purpose="sessions")).rows
    if sort == LATEST_FIRST:
        # Equal times come as they are read; all of them are there.
        ranked = sorted(ranked, key=lambda row: (-int(row[1]), -int(row[2])))
    shown = ranked[:limit]
    ids = [str(row[0]) for row in shown]
    found = await summaries(store, window, ids, as_of, weighted=selection.weighted)
    following = None
    if len(ranked) > limit:
        _, key, hash_ = shown[-1]
        following = str(Cursor(sort, window.since, window.until, as_of, int(key), int(hash_)))
    return SessionPage(tuple(found[str(row[0])] for row in shown if str(row[0]) in found), following)


async def latest(store: Store, window: Window) -> int:
    """When the last span of a window was digested, in microseconds; 0 for none."""
    sql = Sql(window)
    asked = sql.statement(f"SELECT max(toUnixTimestamp64Micro(s.digested_at))\n{sql.spans(Always())}")
    return int((await store.fetch(asked.text, asked.parameters, purpose="sessions")).scalar() or 0)


def ranking(
    selection: Selection, window: Window, limit: int, sort: str, as_of: int, after: Cursor | None
) -> Statement:
    """The statement for the ids of a page's sessions, with their sort keys and hashes, in order."""
    sql = Sql(window)
    conditions = [_KNOWN]
    if after or not sort.startswith("-"):
        # Else everything is as of now: what arrives could only send a row to an earlier page.
        conditions.append(known_at(sql, as_of))
    if not isinstance(selection.predicate, Always):
        matching = f"SELECT s.session_id\n{sql.spans(selection.predicate, _KNOWN)}"
        conditions.append(f"s.session_id IN (\n{indented(matching)}\n)")
    key = sql.parameters.value("Int64", after.key) if after else ""
    hash_ = sql.parameters.value("UInt64", after.hash) if after else ""
    if sort == LATEST_FIRST:
        # Read in the table's own order, as far as the page reaches. Sessions of earlier pages are left out.
        if after:
            shown = f"({_STARTED}, cityHash64(assumeNotNull(s.session_id))) >= ({key}, {hash_})"
            seen = f"SELECT s.session_id\n{sql.spans(Always(), *conditions[:2], shown)}"
            conditions += [f"{_STARTED} <= {key}", f"s.session_id NOT IN (\n{indented(seen)}\n)"]
        return sql.statement(
            f"{RANKED.format(id=_ID, key=_STARTED)}{sql.spans(Always(), *conditions)}\n"
            "ORDER BY s.start_time DESC\nLIMIT 1 BY s.session_id\n"
            f"LIMIT {sql.parameters.value('UInt32', limit)} WITH TIES"
        )
    way, behind = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    having = f"HAVING (key, hash) {behind} ({key}, {hash_})\n" if after else ""
    orders = WEIGHTED_ORDERS if selection.weighted else ORDERS
    return sql.statement(
        f"{RANKED.format(id=_ID, key=orders[sort.removeprefix('-')])}{sql.spans(Always(), *conditions)}\n"
        f"GROUP BY id\n{having}ORDER BY key {way}, hash {way}\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


async def summaries(
    store: Store, window: Window, ids: Sequence[str], as_of: int = NOW, weighted: bool = False
) -> dict[str, SessionSummary]:
    """The figures of some sessions by id, of their spans of a window; `weighted`: and what they stand for."""
    if not ids:
        return {}
    given = {
        "project": window.project, "since": window.since, "until": window.until, "sessions": list(ids),
        "as_of": as_of,
    }  # fmt: skip
    rows = (await store.fetch(statement("session_summaries"), given, purpose="sessions")).dicts()
    said = await previews(
        store, window.project, [row["question"] for row in rows], [row["answer"] for row in rows]
    )
    stand_for: dict[str, dict[str, Any]] = {}
    if weighted:
        told = estimates(window, ids, as_of)
        answer = await store.fetch(told.text, told.parameters, purpose="sessions")
        stand_for = {row["id"]: row for row in answer.dicts()}
    return {
        id_: session_rows.summary(row, said, read(stand_for[id_], TOTALS, row) if id_ in stand_for else {})
        for row in rows
        for id_ in [row["session_id"]]
    }


def estimates(window: Window, ids: Sequence[str], as_of: int) -> Statement:
    """The statement for what the traces of some sessions stand for."""
    sql = Sql(window)
    listed = f"s.session_id IN {sql.parameters.texts(tuple(ids))}"
    source = sql.spans(Always(), known_at(sql, as_of), listed)
    return sql.statement(estimating(_ID, f"min({OF_SPAN})", TOTALS, source, {}))


async def session(store: Store, project: str, session_id: str, limit: int = MAX_TURNS) -> Session | None:
    """One session with the figures of its turns; None when the project has no span of it."""
    window = await _extent(store, project, session_id)
    if window is None:
        return None
    given = _given(window, session_id) | {"limit": limit + 1}
    weighted = await has_weights(store, window)
    found, turns = await asyncio.gather(
        summaries(store, window, [session_id], weighted=weighted),
        store.fetch(statement("session_turns"), given, purpose="session"),
    )
    if session_id not in found:
        return None
    rows = turns.dicts()
    figures = tuple(session_rows.turn(row) for row in reversed(rows[:limit]))
    return Session(found[session_id], figures, len(rows) > limit)


async def _extent(store: Store, project: str, session_id: str) -> Window | None:
    """Where in time a session stands."""
    if not session_id:
        return None
    given = {"project": project, "session": session_id}
    rows = (await store.fetch(statement("session_extent"), given, purpose="session")).rows
    spans, first, last = rows[0] if rows else (0, 0, 0)
    return Window(project, max(0, int(first)), int(last) + 1) if spans else None


def _given(window: Window, session_id: str) -> dict[str, Any]:
    return {
        "project": window.project, "since": window.since, "until": window.until, "session": session_id,
    }  # fmt: skip
