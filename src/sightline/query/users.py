"""Users of a window: what their requests come to. A user's requests are the traces that match a filter.

What has no user is one row under an empty id, beside the ranking and never dropped from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sightline.query.cursors import RANKED, Cursor, checked, read_cursor
from sightline.query.estimates import Total, estimating, read, whole_sum
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.predicates import AllOf, Always, of_trace
from sightline.query.measures import MEASURES
from sightline.query.selection import Selection, known_at, rows
from sightline.query.session_rows import user
from sightline.query.sessions import latest
from sightline.query.weights import OF_HEAD, PARTS, has_weights
from sightline.query.window import Window
from sightline.records.figures import Figure
from sightline.records.sessions import UserPage, UserSummary
from sightline.store.store import Store

MAX_PAGE = 200
USER = "ifNull(s.user_id, '')"
_STARTED = "toUnixTimestamp64Nano(s.start_time)"
_OWN = "s.usage_source = 'own'"
_MODEL = "toString(ifNull(s.response_model, ifNull(s.request_model, '')))"
# Requests are the heads of traces, which say of their whole trace.
_REQUESTS = "toInt64(countIf(s.trace_head))"
_FAILED = "toInt64(countIf(s.trace_head AND s.trace_errors > 0))"
_SESSIONS = "toInt64(uniqExactIf(s.session_id, s.session_id != ''))"
# What users are sorted by, as whole numbers; money in billionths, so that a sum is always the same.
ORDERS = {
    "requests": _REQUESTS,
    "failed": _FAILED,
    "sessions": _SESSIONS,
    "tokens": f"ifNull(toInt64(sumIf(ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0), {_OWN})), -1)",
    "cost": f"ifNull(sumIf(toInt64(round(s.cost_usd * 1e9)), {_OWN}), -1)",
    "p95": "ifNull(toInt64(quantileExactIf(0.95)(s.trace_duration_ns, s.trace_head)), -1)",
    "last": f"max({_STARTED})",
}
_PARTS_OF_HEAD = f"toUInt64(round({PARTS} * {OF_HEAD}))"
_BOTH = "ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0)"
# The same of sampled traces, counted as many times as they stand for.
WEIGHTED_ORDERS = ORDERS | {
    "requests": whole_sum("1", "s.trace_head", OF_HEAD),
    "failed": whole_sum("1", "s.trace_head AND s.trace_errors > 0", OF_HEAD),
    "tokens": f"ifNull({whole_sum(_BOTH, _OWN)}, -1)",
    "cost": f"ifNull({whole_sum('s.cost_usd', _OWN, parts=10**9)}, -1)",
    "p95": "ifNull(toInt64(quantileExactWeightedIf(0.95)"
    f"(s.trace_duration_ns, {_PARTS_OF_HEAD}, s.trace_head)), -1)",
}
MOST_REQUESTS = "-requests"
_TOKEN_CLASSES = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip
# The figures of a user by their names in `UserSummary`.
FIGURES = {
    "requests": _REQUESTS,
    "failed": _FAILED,
    "sessions": _SESSIONS,
    "spans": "count()",
    "topmost": "countIf(s.trace_head)",
    "p95": "quantileExactIf(0.95)(s.trace_duration_ns, s.trace_head)",
    "first": f"min({_STARTED})",
    "last": f"max({_STARTED})",
    **{name: MEASURES[name].spans for name in _TOKEN_CLASSES},
    "cost_usd": MEASURES["cost"].spans,
    "unknown_cost": MEASURES["cost"].unknown[0],
    "unknown_tokens": MEASURES["tokens"].unknown[0],
    "features": "groupUniqArrayIf(50)(toString(ifNull(s.feature, '')), ifNull(s.feature, '') != '')",
    "models": f"groupUniqArrayIf(50)({_MODEL}, s.kind = 'llm' AND {_MODEL} != '')",
}  # fmt: skip

# What is estimated of a user, by the names of its summary.
TOTALS = {
    "requests": Total("countIf(s.trace_head) > 0", of_traces=True),
    "failed": Total("countIf(s.trace_head AND s.trace_errors > 0) > 0", of_traces=True),
    "spans": Total("count()"),
    **{name: Total(MEASURES[name].spans, unknown="unknown_tokens") for name in _TOKEN_CLASSES},
    "cost_usd": Total(MEASURES["cost"].spans, unknown="unknown_cost", whole=False),
}
# The time of requests: of a trace, and over traces.
_TOOK = {
    "took": ("anyIf(s.trace_duration_ns, s.trace_head)",
             f"quantileExactWeighted(0.95)(t.took, toUInt64(round({PARTS} * t.stands)))"),
}  # fmt: skip


async def users(
    store: Store, selection: Selection, limit: int = 50, sort: str = MOST_REQUESTS, cursor: str | None = None
) -> UserPage:
    """A page of the users of matching traces, by `sort`; on the first page what has no user comes last.

    The selection's target is traces. Raises BadSort, BadCursor; errors of the store pass through.
    """
    limit = max(1, min(limit, MAX_PAGE))
    checked(sort, tuple(ORDERS))
    after = read_cursor(cursor, sort)
    window = after.window(selection.window.project) if after else selection.window
    as_of = after.as_of if after else await latest(store, window)
    selection = replace(selection, weighted=await has_weights(store, window, as_of))
    asked = ranking(selection, window, limit + 1, sort, as_of, after)
    ranked = (await store.fetch(asked.text, asked.parameters, purpose="users")).rows
    shown = ranked[:limit]
    ids = [str(row[0]) for row in shown]
    found = await _figures(store, selection, window, [*ids, *([] if after else [""])], as_of)
    following = None
    if len(ranked) > limit:
        _, key, hash_ = shown[-1]
        following = str(Cursor(sort, window.since, window.until, as_of, int(key), int(hash_)))
    return UserPage(tuple(found[id_] for id_ in (*ids, "") if id_ in found), following)


def ranking(
    selection: Selection, window: Window, limit: int, sort: str, as_of: int, after: Cursor | None
) -> Statement:
    """The statement for a page's users, with their sort keys and hashes, in order."""
    sql = Sql(window)
    # Without a cursor everything is as of now, but where what arrives would send a row to an earlier page.
    known = as_of if after or not sort.startswith("-") else None
    source = _source(sql, selection, known, "s.user_id != ''")
    way, behind = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    having, orders = "", WEIGHTED_ORDERS if selection.weighted else ORDERS
    if after:
        key, hash_ = sql.parameters.value("Int64", after.key), sql.parameters.value("UInt64", after.hash)
        having = f"HAVING (key, hash) {behind} ({key}, {hash_})\n"
    return sql.statement(
        f"{RANKED.format(id=USER, key=orders[sort.removeprefix('-')])}{source}\nGROUP BY id\n{having}"
        f"ORDER BY key {way}, hash {way}\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


def figures(selection: Selection, window: Window, ids: Sequence[str], as_of: int) -> Statement:
    """The statement for the figures of some users; an empty id is: not set."""
    sql = Sql(window)
    listed = f"{USER} IN {sql.parameters.texts(tuple(ids))}"
    source = _source(sql, selection, as_of, listed)
    columns = ",\n".join(f"    {value} AS {name}" for name, value in FIGURES.items())
    return sql.statement(f"SELECT\n    {USER} AS id,\n{columns}\n{source}\nGROUP BY id")


def estimates(selection: Selection, window: Window, ids: Sequence[str], as_of: int) -> Statement:
    """The statement for what the traces of some users stand for."""
    sql = Sql(window)
    listed = f"{USER} IN {sql.parameters.texts(tuple(ids))}"
    source = _source(sql, selection, as_of, listed)
    stands = f"greatest(1, maxIf({OF_HEAD}, s.trace_head))"
    return sql.statement(estimating(USER, stands, TOTALS, source, _TOOK))


async def _figures(
    store: Store, selection: Selection, window: Window, ids: Sequence[str], as_of: int
) -> dict[str, UserSummary]:
    if not ids:
        return {}
    asked = figures(selection, window, ids, as_of)
    answer = await store.fetch(asked.text, asked.parameters, purpose="users")
    stand_for: dict[str, dict[str, Any]] = {}
    if selection.weighted:
        told = estimates(selection, window, ids, as_of)
        found = await store.fetch(told.text, told.parameters, purpose="users")
        stand_for = {row["id"]: row for row in found.dicts()}
    return {row["id"]: user(row, _estimated(row, stand_for.get(row["id"]))) for row in answer.dicts()}


def _estimated(row: dict[str, Any], told: dict[str, Any] | None) -> dict[str, Figure]:
    """What the traces of a user stand for; nothing where each stands for itself."""
    if told is None:
        return {}
    requests = int(row["requests"])
    found = read(told, TOTALS, row)
    found["sessions"] = Figure(int(row["sessions"]), stored=requests, at_least=True)
    if row["topmost"]:
        found["p95_ns"] = Figure(int(told["m_took"]), stored=requests)
    return found


def _source(sql: Sql, selection: Selection, as_of: int | None, condition: str) -> str:
    """FROM and PREWHERE of the spans of matching traces, of those that were known at a moment."""
    return of_matching(sql, selection, *([] if as_of is None else [known_at(sql, as_of)]), condition)


def of_matching(sql: Sql, selection: Selection, *conditions: str) -> str:
    """FROM and PREWHERE of the spans of matching traces that meet some conditions."""
    predicate = selection.predicate
    parts = predicate.parts if isinstance(predicate, AllOf) else (predicate,)
    if all(map(of_trace, parts)):
        # What holds for one span of a trace holds for all of them.
        return sql.spans(predicate, *conditions)
    matching = f"SELECT s.trace_id\n{rows(selection, sql)}"
    return sql.spans(Always(), *conditions, f"s.trace_id IN (\n{indented(matching)}\n)")


async def one(store: Store, selection: Selection, user_id: str) -> UserSummary | None:
    """One user's figures; None when no trace in the window is theirs. The selection is of traces."""
    as_of = await latest(store, selection.window)
    selection = replace(selection, weighted=await has_weights(store, selection.window, as_of))
    return (await _figures(store, selection, selection.window, [user_id], as_of)).get(user_id)
