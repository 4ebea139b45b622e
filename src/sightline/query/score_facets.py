"""Values of scores with counts, asked from the scores' side.

Of most spans nobody says anything. So scores are not joined to all spans or traces of a list: their keys are
a set, the scores that are about one of them are read in one pass, and what is left of all that match is not
set. Only where a row may have two, or stands for several, are these few joined to their rows. Which record of
an id counts is decided as everywhere, by FINAL among all of them (docs/adr/0013).
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
from sightline.query.filter.score_sql import (
    HEAD_KEY,
    NUMBER,
    ORDER,
    SESSION_OR_NONE,
    SPAN_KEY,
    TRACE_KEY,
    WHOLE,
    WHOLE_OF_ONE,
    in_words,
)
from sightline.query.score_bands import Bands
from sightline.query.score_columns import ScoreColumn
from sightline.query.scores import ScoreName
from sightline.query.selection import Selection, Target, rows
from sightline.query.weights import OF_HEAD, OF_SPAN

# The list is read twice, beside its other facets: where that is dear, once with scores joined is quicker.
_QUICK = (Always, AllOf, AnyOf, Negated, Compared, Known, Measured)
_SAID = in_words("c.label != ''", "CAST(c.label, 'String')", f"isNaN({NUMBER})", NUMBER, "c.data_type")
_TEXT = f"multiIf({_SAID})"
_HEAD = f"if(s.trace_head, {HEAD_KEY}, 0)"


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


@dataclass(frozen=True, slots=True)
class _Rows:
    """The listed spans or heads `s`: the key of each (`near`), and that of what it is part of (`far`, 0 where
    it is of none): a head's trace, a trace's session."""

    near: str
    far: str
    weight: str
    source: str

    def keys(self, near: bool, far: bool) -> str:
        """A SELECT of the keys that scores may be about."""
        both = f"arrayJoin([{self.near}, {self.far}])"
        return f"SELECT {both if near and far else self.far if far else self.near}\n{self.source}"

    @property
    def members(self) -> str:
        """A SELECT of each row with both keys."""
        places = f"arrayJoin([({self.near}, 0), ({self.far}, 1)]) AS place, place.1 AS k, place.2 AS far"
        return f"SELECT {self.near} AS unit, {self.weight} AS weight, {places}\n{self.source}"


def fits(selection: Selection, columns: Iterable[ScoreColumn | None]) -> bool:
    """Whether these can be counted from the scores' side, and quicker so: in a list that is read cheaply."""
    whole = Whole.TRACE if selection.target is Target.TRACES else None
    if not all(column and column.field.whole is whole for column in columns):
        return False
    return all(isinstance(part, _QUICK) for part in within(selection.predicate))


def counting(
    selection: Selection, asked: Sequence[ScoreFacet], limit: int, beginning: str, fewer: bool
) -> Statement:
    """The statement: `found` of each `value` by `name`, how many values are `different`, and what all of them
    come to (`told`). The row without a name has all rows of the list.

    `fewer`: there are fewer spans than scores. With a `beginning` only values that begin so.
    """
    sql = Sql(selection.window)
    if selection.target is Target.TRACES:
        values, weight = _of_traces(selection, asked, sql), OF_HEAD
    else:
        values, weight = _of_spans(selection, asked, sql, fewer), OF_SPAN
    having = "u.d != ''"
    if beginning:
        having = f"u.d ILIKE {sql.parameters.value('String', like([beginning, '']))}"
    many = "sum(u.weight)" if selection.weighted else "count()"
    counted = selected(
        ["toString(u.name) AS name", "u.d AS d", f"{many} AS many"],
        f"FROM (\n{indented(values)}\n) AS u\nWHERE {having}\nGROUP BY name, d",
    )
    if not beginning:
        every = f"sum({weight})" if selection.weighted else "count()"
        counted += f"\nUNION ALL\nSELECT '', '', {every}\n{rows(selection, sql)}"
    chosen = [
        "f.name AS name",
        "f.d AS value",
        "toUInt64(round(f.many)) AS found",
        "count() OVER (PARTITION BY f.name) AS different",
        "sum(f.many) OVER (PARTITION BY f.name) AS told",
    ]
    return sql.statement(
        selected(chosen, f"FROM (\n{indented(counted)}\n) AS f\nORDER BY name, found DESC, value")
        + f"\nLIMIT {sql.parameters.value('UInt32', limit)} BY name"
    )


def _of_spans(selection: Selection, asked: Sequence[ScoreFacet], sql: Sql, fewer: bool) -> str:
    """Name and value of each span that has one: its own, else at the head its trace's."""
    near = any(one.given_to("span") for one in asked)
    far = any(one.given_to("trace") for one in asked)
    source = sql.spans(selection.predicate, *(() if near else ("s.trace_head",)))
    if not fewer:
        # Of many rows few have a score, and filling a set with all would be the dearest step.
        known = [
            f"{key} IN (\n{indented(_subjects(asked, sql, target))}\n)"
            for key, target, there in ((SPAN_KEY, "span", near), (_HEAD, "trace", far))
            if there
        ]
        source += f"\nWHERE {' OR '.join(known)}" if known else ""
    listed = _Rows(SPAN_KEY, _HEAD, OF_SPAN, source)
    best = [
        "c.name AS name",
        "c.subject AS k",
        f"argMax({_TEXT}, {ORDER}) AS t",
        f"argMax({NUMBER}, {ORDER}) AS v",
    ]
    there = (
        f"{_wanted(asked, sql, ('span', 'trace'))} AND c.subject IN (\n{indented(listed.keys(near, far))}\n)"
    )
    keyed = selected(best, f"FROM sightline.scores AS c FINAL\nWHERE {there}\nGROUP BY c.name, c.subject")
    valued = _valued(asked, sql, keyed)
    # A name that both are given may be twice at a head.
    twice = any(one.given_to("span") and one.given_to("trace") for one in asked)
    return _of_members(listed, valued) if twice or selection.weighted else valued


def _of_traces(selection: Selection, asked: Sequence[ScoreFacet], sql: Sql) -> str:
    """Name and value of each trace that has one: of its own scores and its spans', else its session's."""
    sessions = any(one.given_to("session") for one in asked)
    listed = _Rows(TRACE_KEY, SESSION_OR_NONE, OF_HEAD, rows(selection, sql))
    best = [
        "c.name AS name",
        f"{WHOLE} AS k",
        f"argMax({_TEXT}, {ORDER}) AS t",
        f"argMax({NUMBER}, {ORDER}) AS v",
        f"max({ORDER}) AS b",
    ]
    wanted = _wanted(asked, sql, ("span", "trace", "session") if sessions else ("span", "trace"))
    there = f"{wanted} AND {WHOLE_OF_ONE} IN (\n{indented(listed.keys(True, sessions))}\n)"
    counted = selected(best, f"FROM sightline.scores AS c FINAL\nWHERE {there}\nGROUP BY c.name, c.subject")
    whole = [
        "b.name AS name",
        "b.k AS k",
        "avg(if(isNaN(b.v), NULL, b.v)) AS v",
        "argMax(b.t, b.b) AS t",
    ]
    keyed = selected(whole, f"FROM (\n{indented(counted)}\n) AS b\nGROUP BY b.name, b.k")
    valued = _valued(asked, sql, keyed)
    return _of_members(listed, valued) if sessions or selection.weighted else valued


def _of_members(listed: _Rows, valued: str) -> str:
    """What each row has of the values of its keys, and its weight: the near one's before the far one's."""
    return selected(
        ["g.name AS name", "argMin(g.d, m.far) AS d", "any(m.weight) AS weight"],
        f"FROM (\n{indented(listed.members)}\n) AS m\nINNER JOIN (\n{indented(valued)}\n) AS g ON m.k = g.k\n"
        "GROUP BY m.unit, g.name",
    )


def _wanted(asked: Sequence[ScoreFacet], sql: Sql, targets: tuple[str, ...], row: str = "c") -> str:
    names = sql.parameters.texts(tuple(dict.fromkeys(one.name for one in asked)))
    return f"{row}.project = {{project:String}} AND {row}.target IN {targets!r} AND {row}.name IN {names}"


def _subjects(asked: Sequence[ScoreFacet], sql: Sql, target: str) -> str:
    """A SELECT of the keys of all spans or traces that ever had one of the scores."""
    return f"SELECT a.subject\nFROM sightline.scores AS a\nWHERE {_wanted(asked, sql, (target,), 'a')}"


def _valued(asked: Sequence[ScoreFacet], sql: Sql, keyed: str) -> str:
    """Name, key and what is counted of rows with a text `t` and a number `v`; '' is not set."""
    arms = [
        f"w.name = {sql.parameters.value('String', one.name)}, {one.bands.sql('if(isNaN(w.v), NULL, w.v)')}"
        for one in asked
        if one.bands.names
    ]
    value = f"multiIf({', '.join(arms)}, w.t)" if arms else "w.t"
    return selected(["w.name AS name", "w.k AS k", f"{value} AS d"], f"FROM (\n{indented(keyed)}\n) AS w")


def counts(found: Sequence[Mapping[str, Any]], name: str, limit: int) -> tuple[dict[str, int], int]:
    """How often each value of a score was found, with '' for not set, the most frequent first, and how many
    values there are."""
    mine = [row for row in found if row["name"] == name]
    values = {str(row["value"]): int(row["found"]) for row in mine}
    different, told = (int(mine[0]["different"]), mine[0]["told"]) if mine else (0, 0)
    unset = round(sum(row["told"] for row in found if not row["name"]) - told)
    if unset > 0:
        values[""] = unset
        different += 1
    ranked = sorted(values.items(), key=lambda value: (-value[1], value[0]))
    return dict(ranked[:limit]), different
