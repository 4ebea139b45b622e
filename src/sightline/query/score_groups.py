"""What scores come to for each row of a list of sessions or users: one question for a page.

A user's are those of their traces, as the list of traces has them: a trace's own, else its session's. A
session has what was given to it, else what its traces have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.predicates import Always
from sightline.query.filter.score_sql import ORDER, SESSION_OR_NONE, TRACE_KEY, WHOLE, counting
from sightline.query.selection import Selection
from sightline.query.users import USER, of_matching
from sightline.query.window import Window
from sightline.records.scores import Rated
from sightline.store.store import Store

Found = Mapping[str, tuple[Rated, ...]]
"""What was rated by the id of the session or user, in the order of the names that were asked for."""
_NUMBER = "if(isNaN({value}), NULL, {value})".format(value=counting("value"))
# A trace may take its session's score; a session has its own beside those of its traces.
_OF_USERS = (
    f"{USER} AS id, 0 AS own, {TRACE_KEY} AS unit,"
    f" arrayJoin([({TRACE_KEY}, 0), ({SESSION_OR_NONE}, 1)]) AS place, place.1 AS k, place.2 AS far"
)
_OF_SESSIONS = (
    f"assumeNotNull(s.session_id) AS id, arrayJoin([({TRACE_KEY}, 0), ({SESSION_OR_NONE}, 1)]) AS place,"
    " place.2 AS own, place.1 AS unit, place.1 AS k, 0 AS far"
)


async def of_users(store: Store, selection: Selection, ids: Sequence[str], names: Sequence[str]) -> Found:
    """What the traces of some users that match come to; an empty id is: not set. Errors of the store pass."""
    if not ids or not names:
        return {}
    sql = Sql(selection.window)
    listed = f"{USER} IN {sql.parameters.texts(tuple(ids))}"
    source = of_matching(sql, selection, "s.trace_head", listed)
    return await _asked(store, grouped(sql, f"SELECT DISTINCT {_OF_USERS}\n{source}", names), names)


async def of_sessions(store: Store, window: Window, ids: Sequence[str], names: Sequence[str]) -> Found:
    """What some sessions were rated, and their traces of the window. Errors of the store pass through."""
    if not ids or not names:
        return {}
    sql = Sql(window)
    source = sql.spans(Always(), "s.trace_head", f"s.session_id IN {sql.parameters.texts(tuple(ids))}")
    return await _asked(store, grouped(sql, f"SELECT DISTINCT {_OF_SESSIONS}\n{source}", names), names)


def grouped(sql: Sql, members: str, names: Sequence[str]) -> Statement:
    """The statement; `members` are rows of an id with the keys that its scores may be about."""
    wanted = sql.parameters.texts(tuple(names))
    counted = (
        f"SELECT c.name AS name, {WHOLE} AS k, {_NUMBER} AS value, {counting('label')} AS text,"
        f" max({ORDER}) AS best\n"
        "FROM sightline.scores AS c FINAL\n"
        "WHERE c.project = {project:String} AND c.target IN ('span', 'trace', 'session')"
        f" AND c.name IN {wanted}\n"
        f"    AND if(c.target = 'session', c.subject, c.trace_key) IN (\n"
        f"        SELECT m.k FROM (\n{indented(members, 12)}\n        ) AS m\n    )\n"
        "GROUP BY c.name, c.subject"
    )
    keyed = (
        "SELECT w.name AS name, w.k AS k, avg(w.value) AS value, argMax(w.text, w.best) AS text\n"
        f"FROM (\n{indented(counted)}\n) AS w\nGROUP BY w.name, w.k"
    )
    units = (
        "SELECT m.id AS id, m.own AS own, m.unit AS unit, g.name AS name,"
        " argMin(tuple(g.value), m.far).1 AS value, argMin(g.text, m.far) AS text\n"
        f"FROM (\n{indented(members)}\n) AS m\nINNER JOIN (\n{indented(keyed)}\n) AS g ON m.k = g.k\n"
        "GROUP BY m.id, m.own, m.unit, g.name"
    )
    by_label = (
        "SELECT u.id AS id, u.own AS own, u.name AS name, u.text AS text, count() AS found,"
        " count(u.value) AS numbers, sum(u.value) AS total\n"
        f"FROM (\n{indented(units)}\n) AS u\nGROUP BY u.id, u.own, u.name, u.text"
    )
    return sql.statement(
        "SELECT\n    l.id AS id, l.own AS own, l.name AS name, sum(l.found) AS rated,\n"
        "    if(sum(l.numbers) = 0, NULL, sum(l.total) / sum(l.numbers)) AS mean,\n"
        "    argMaxIf(l.text, (l.found, l.text), l.text != '') AS label,\n"
        "    maxIf(l.found, l.text != '') AS labelled, sumIf(l.found, l.text != '') AS labels\n"
        f"FROM (\n{indented(by_label)}\n) AS l\nGROUP BY l.id, l.own, l.name\nORDER BY l.id, l.name, l.own"
    )


async def _asked(store: Store, statement: Statement, names: Sequence[str]) -> Found:
    answer = await store.fetch(statement.text, statement.parameters, purpose="scores")
    found: dict[str, dict[str, Rated]] = {}
    for row in answer.dicts():
        id_ = str(row.pop("id"))
        one = Rated(**row | {"own": bool(row["own"])})
        # What was given to the session itself comes after what its traces have, and stands instead of it.
        found.setdefault(id_, {})[one.name] = one
    return {id_: tuple(of[name] for name in names if name in of) for id_, of in found.items()}
