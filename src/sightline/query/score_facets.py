"""Values of scores with counts, asked from the scores' side.

Of most spans nobody says anything. So the spans or traces of a list are not joined to scores: their keys are
a set, the scores that are about one of them are read in one pass, and what is left of all that match is not
set. Which record of an id counts is decided as everywhere, by FINAL among all of them (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sightline.query.filter.comparisons import like
from sightline.query.filter.compiler import Sql, Statement, indented, selected
from sightline.query.filter.nodes import Whole
from sightline.query.filter.predicates import (
    AllOf,
    Always,
    AnyOf,
    Compared,
    Known,
    Measured,
    Negated,
    within,
)
from sightline.query.filter.score_sql import HEAD_KEY, ORDER, SESSION_KEY, SPAN_KEY, TRACE_KEY, WHOLE
from sightline.query.score_bands import Bands
from sightline.query.score_columns import ScoreColumn
from sightline.query.scores import ScoreName
from sightline.query.selection import Selection, Target, rows

# The list is read twice, beside its other facets: where that is dear, once with scores joined is quicker.
_QUICK = (Always, AllOf, AnyOf, Negated, Compared, Known, Measured)
_NUMBER = "ifNull(c.value, nan)"
_TEXT = (
    f"multiIf(c.label != '', CAST(c.label, 'String'), isNaN({_NUMBER}), '',"
    f" c.data_type = 'boolean', if({_NUMBER} = 1, 'true', 'false'), toString({_NUMBER}))"
)
# A span's own score stands before its trace's, whoever gave them.
_OWN_FIRST = f"bitOr(bitShiftLeft(toUInt128(c.target = 'span'), 127), {ORDER})"
_SESSION = f"if(ifNull(s.session_id, '') != '', {SESSION_KEY}, 0)"


@dataclass(frozen=True, slots=True)
class ScoreFacet:
    """A score whose values are counted, in ranges where it is a number. `seen`: what its project has of it,
    None where that is not known."""

    column: ScoreColumn
    bands: Bands
    seen: ScoreName | None

    @property
    def name(self) -> str:
        """The score's name."""
        return self.column.field.name

    def given_to(self, target: str) -> bool:
        """Whether some may be about spans, traces or sessions."""
        return self.seen is None or {
            "span": self.seen.spans, "trace": self.seen.traces, "session": self.seen.sessions
        }[target] > 0  # fmt: skip


def fits(selection: Selection, columns: Iterable[ScoreColumn | None]) -> bool:
    """Whether these can be counted from the scores' side, and quicker so: what stands for itself, in a list
    that is read cheaply. Sets know no weights."""
    whole = Whole.TRACE if selection.target is Target.TRACES else None
    if selection.weighted or not all(column and column.field.whole is whole for column in columns):
        return False
    return all(isinstance(part, _QUICK) for part in within(selection.predicate))


def counting(
    selection: Selection, asked: Sequence[ScoreFacet], limit: int, beginning: str, fewer: bool
) -> Statement:
    """The statement: `found` of each `value` by `name`, how many values are `different`, and how many rows
    have one at all (`told`). A row without a name has the count of all rows.

    `fewer`: there are fewer spans than scores. With a `beginning` only values that begin so.
    """
    sql = Sql(selection.window)
    made = _of_traces if selection.target is Target.TRACES else _of_spans
    having = (
        f"u.d ILIKE {sql.parameters.value('String', like([beginning, '']))}" if beginning else "u.d != ''"
    )
    values = selected(
        ["toString(u.name) AS name", "u.d AS d", "count() AS found"],
        f"FROM (\n{indented(made(selection, asked, sql, fewer))}\n) AS u\nWHERE {having}\nGROUP BY name, d",
    )
    if not beginning:
        values += f"\nUNION ALL\nSELECT '', '', count()\n{rows(selection, sql)}"
    chosen = [
        "f.name AS name",
        "f.d AS value",
        "f.found AS found",
        "count() OVER (PARTITION BY f.name) AS different",
        "sum(f.found) OVER (PARTITION BY f.name) AS told",
    ]
    return sql.statement(
        selected(chosen, f"FROM (\n{indented(values)}\n) AS f\nORDER BY name, found DESC, value")
        + f"\nLIMIT {sql.parameters.value('UInt32', limit)} BY name"
    )


def _of_spans(selection: Selection, asked: Sequence[ScoreFacet], sql: Sql, fewer: bool) -> str:
    """Name and value of each span that has one: its own, else at the head its trace's."""
    spans = any(one.given_to("span") for one in asked)
    traces = any(one.given_to("trace") for one in asked)
    unit, order = "c.subject", ORDER
    if any(one.given_to("span") and one.given_to("trace") for one in asked):
        heads = f"SELECT {SPAN_KEY}\n{sql.spans(selection.predicate, 's.trace_head')}"
        unit = f"if(c.target = 'trace' OR c.subject IN (\n{indented(heads)}\n), c.trace_key, c.subject)"
        order = _OWN_FIRST
    # What has few rows needs no look at the scores' keys first.
    near = [] if fewer else [name for name, there in (("span", spans), ("trace", traces)) if there]
    among = {name: f"IN (\n{indented(_subjects(asked, sql, name))}\n)" for name in near}
    if not spans:
        keys = f"SELECT {HEAD_KEY}\n{sql.spans(selection.predicate, 's.trace_head')}"
        keys += f"\nWHERE {HEAD_KEY} {among['trace']}" if near else ""
    elif not traces:
        keys = f"SELECT {SPAN_KEY}\n{sql.spans(selection.predicate)}"
        keys += f"\nWHERE {SPAN_KEY} {among['span']}" if near else ""
    else:
        every = f"if(s.trace_head, [{SPAN_KEY}, {HEAD_KEY}], [{SPAN_KEY}])"
        keys = f"SELECT arrayJoin({every})\n{sql.spans(selection.predicate)}"
        if near:
            keys += f"\nWHERE {SPAN_KEY} {among['span']} OR (s.trace_head AND {HEAD_KEY} {among['trace']})"
    wanted = _wanted(asked, sql, ("span", "trace"))
    best = [
        "c.name AS name",
        f"{unit} AS unit",
        f"argMax({_TEXT}, {order}) AS t",
        f"argMax({_NUMBER}, {order}) AS v",
    ]
    source = f"FROM sightline.scores AS c FINAL\nWHERE {wanted} AND c.subject IN (\n{indented(keys)}\n)"
    counted = selected(best, f"{source}\nGROUP BY c.name, unit")
    return selected(["w.name AS name", f"{_value(asked, sql)} AS d"], f"FROM (\n{indented(counted)}\n) AS w")


def _of_traces(selection: Selection, asked: Sequence[ScoreFacet], sql: Sql, _: bool) -> str:
    """Name and value of each trace that has one: of its own scores and its spans', else its session's."""
    sessions = any(one.given_to("session") for one in asked)
    heads = rows(selection, sql)
    keys = f"SELECT {f'arrayJoin([{TRACE_KEY}, {_SESSION}])' if sessions else TRACE_KEY}\n{heads}"
    best = [
        "c.name AS name",
        f"{WHOLE} AS k",
        f"argMax({_TEXT}, {ORDER}) AS t",
        f"argMax({_NUMBER}, {ORDER}) AS v",
        f"max({ORDER}) AS b",
    ]
    wanted = _wanted(asked, sql, ("span", "trace", "session") if sessions else ("span", "trace"))
    about = "if(c.target = 'session', c.subject, c.trace_key)"
    source = f"FROM sightline.scores AS c FINAL\nWHERE {wanted} AND {about} IN (\n{indented(keys)}\n)"
    counted = selected(best, f"{source}\nGROUP BY c.name, c.subject")
    whole = [
        "b.name AS name",
        "b.k AS k",
        "avg(if(isNaN(b.v), NULL, b.v)) AS v",
        "argMax(b.t, b.b) AS t",
    ]
    keyed = selected(whole, f"FROM (\n{indented(counted)}\n) AS b\nGROUP BY b.name, b.k")
    valued = selected(
        ["w.name AS name", "w.k AS k", f"{_value(asked, sql)} AS d"], f"FROM (\n{indented(keyed)}\n) AS w"
    )
    if not sessions:
        return valued
    members = (
        f"SELECT {TRACE_KEY} AS unit, arrayJoin([({TRACE_KEY}, 0), ({_SESSION}, 1)]) AS place, place.1 AS k,"
        f" place.2 AS far\n{heads}"
    )
    return selected(
        ["g.name AS name", "argMin(g.d, m.far) AS d"],
        f"FROM (\n{indented(members)}\n) AS m\nINNER JOIN (\n{indented(valued)}\n) AS g ON m.k = g.k\n"
        "GROUP BY m.unit, g.name",
    )


def _wanted(asked: Sequence[ScoreFacet], sql: Sql, targets: tuple[str, ...], row: str = "c") -> str:
    names = sql.parameters.texts(tuple(dict.fromkeys(one.name for one in asked)))
    return f"{row}.project = {{project:String}} AND {row}.target IN {targets!r} AND {row}.name IN {names}"


def _subjects(asked: Sequence[ScoreFacet], sql: Sql, target: str) -> str:
    """A SELECT of the keys of all spans or traces that ever had one of the scores."""
    return f"SELECT a.subject\nFROM sightline.scores AS a\nWHERE {_wanted(asked, sql, (target,), 'a')}"


def _value(asked: Sequence[ScoreFacet], sql: Sql) -> str:
    """What is counted of a row `w` with the text `t` and the number `v`; '' is not set."""
    arms = [
        f"w.name = {sql.parameters.value('String', one.name)}, {one.bands.sql('if(isNaN(w.v), NULL, w.v)')}"
        for one in asked
        if one.bands.names
    ]
    return f"multiIf({', '.join(arms)}, w.t)" if arms else "w.t"


def counts(found: Sequence[Mapping[str, Any]], name: str, limit: int) -> tuple[dict[str, int], int]:
    """How often each value of a score was found, with '' for not set, the most frequent first, and how many
    values there are."""
    mine = [row for row in found if row["name"] == name]
    values = {str(row["value"]): int(row["found"]) for row in mine}
    different, told = (int(mine[0]["different"]), int(mine[0]["told"])) if mine else (0, 0)
    unset = sum(int(row["found"]) for row in found if not row["name"]) - told
    if unset > 0:
        values[""] = unset
        different += 1
    ranked = sorted(values.items(), key=lambda value: (-value[1], value[0]))
    return dict(ranked[:limit]), different
