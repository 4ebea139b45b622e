"""Values of fields with counts, beside a list: each facet without the list's own conditions on its field.

Facets with the same conditions are counted in one pass. In a window of more spans than `MOST_ROWS` the latest
are counted, and the answer says from when on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.query import score_facets
from sightline.query.dimensions import Dimension, dimension
from sightline.query.filter.comparisons import like
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.edits import about, all_of, parts_of
from sightline.query.filter.fields import Type, find
from sightline.query.filter.nodes import Node
from sightline.query.filter.predicates import AllOf, Always, Predicate, of_trace
from sightline.query.filter.score_sql import TRACE_KEY
from sightline.query.filter.spelling import spell
from sightline.query.said import looked_up
from sightline.query.score_bands import NO_BANDS, Bands, banded
from sightline.query.score_facets import ScoreFacet, fits
from sightline.query.score_joins import joined
from sightline.query.score_measures import dimension_named, score_column
from sightline.query.scores import ScoreName, score_names
from sightline.query.selection import Selection, Target, refined, rows
from sightline.query.stretches import latest
from sightline.query.weights import OF_HEAD, OF_SPAN, weighed
from sightline.records.facets import Facet, Facets, FacetValue
from sightline.store.rows import Limits
from sightline.store.store import Store

SHOWN = ("kind", "status", "env", "service", "model", "name", "tool", "agent", "user", "team", "feature",
         "release", "error.type", "finish_reason", "tags")  # fmt: skip
# How many spans of the window are looked at; telling traces apart costs more.
MOST_ROWS = {Target.SPANS: 2_000_000, Target.TRACES: 500_000}
# In a window of more spans than this different traces are estimated, within 2 percent.
EXACT_ROWS = 500_000
MAX_FACETS = 24
MAX_VALUES = 500
_TEXTS = frozenset({Type.TEXT, Type.WORD, Type.LIST})


@dataclass(frozen=True, slots=True)
class _Faced:
    """A field to count, and what it is counted over: `sql` may be NULL or '' where it is not set."""

    dimension: Dimension
    sql: str
    is_list: bool
    whole_trace: bool
    bands: Bands = NO_BANDS
    """Of a score that is a number: the ranges it is counted in, in their order."""
    seen: ScoreName | None = None
    """Of a score: what its project has of it."""

    @property
    def score(self) -> ScoreFacet | None:
        """It as a score."""
        column = self.dimension.score
        return ScoreFacet(column, self.bands, self.seen) if column else None


def _faced(name: str, target: Target = Target.SPANS, seen: Mapping[str, ScoreName] | None = None) -> _Faced:
    """What a name counts by. Raises NoDimension."""
    if column := score_column(name, target is Target.TRACES):
        scored = dimension_named(name, target is Target.TRACES)
        told = (seen or {}).get(column.field.name)
        bands = banded(told)
        sql = bands.sql(column.value) if bands.names else column.text
        return _Faced(scored, sql, False, target is Target.TRACES, bands, told)
    field = find(name)
    if field and field.type is Type.LIST:
        one = Dimension(field.names[0], "element", Type.LIST)
        return _Faced(one, field.sql, True, field.whole_trace)
    found = dimension(name)
    # Columns of few values are grouped as they are stored: that is faster than as texts.
    raw = field.sql if field and field.type in _TEXTS else found.sql
    return _Faced(found, raw, False, bool(field and field.whole_trace))


async def facets(
    store: Store,
    selection: Selection,
    now: int,
    names: Sequence[str] = SHOWN,
    *,
    limit: int = 10,
    limits: Limits | None = None,
    scores: Sequence[ScoreName] | None = None,
) -> Facets:
    """The most frequent values of some fields; `limits` bound each query. Raises NoDimension.

    `scores` are the project's, where they are known already: their ranges decide how numbers are counted.

    Errors of the store pass through.
    """
    limit = max(1, min(limit, MAX_VALUES))
    selection, there = await narrowed(store, await looked_up(store, selection, every=True), limits)
    selection = await weighed(store, selection)
    known = {one.name: one for one in scores} if scores is not None else None
    seen = await _seen(store, selection, names) if known is None else known
    faced = [_faced(name, selection.target, seen) for name in names[:MAX_FACETS]]
    # Which facets see the same rows: by what is left of the filter without conditions on their own field.
    groups: dict[tuple[str, bool, bool], list[_Faced]] = {}
    for one in faced:
        own = (one.whole_trace and selection.target is Target.TRACES, one.is_list)
        groups.setdefault((spell(without(selection.node, one.dimension.name)), *own), []).append(one)
    found: dict[str, Facet] = {}
    for (_, of_traces, is_list), together in groups.items():
        rest = refined(selection, without(selection.node, together[0].dimension.name), now)
        parts = [[one] for one in together] if is_list else _apart(rest, together)
        # One of them may be about scores: that uses one processor where this uses the other.
        told = await asyncio.gather(
            *(_counted(store, rest, some, limit, of_traces, there, "", limits) for some in parts)
        )
        found |= {facet.name: facet for facets in told for facet in facets}
    return Facets(tuple(found[one.dimension.name] for one in faced), selection.window.since)


async def facet_values(
    store: Store,
    selection: Selection,
    now: int,
    name: str,
    beginning: str = "",
    *,
    limit: int = 20,
    limits: Limits | None = None,
) -> Facet:
    """The most frequent values of one field that begin with a text, in any case of letters.

    Raises NoDimension; errors of the store pass through.
    """
    selection, there = await narrowed(store, await looked_up(store, selection, every=True), limits)
    selection = await weighed(store, selection)
    one = _faced(name, selection.target, await _seen(store, selection, [name]))
    rest = refined(selection, without(selection.node, one.dimension.name), now)
    of_traces = one.whole_trace and selection.target is Target.TRACES
    limit = max(1, min(limit, MAX_VALUES))
    return (await _counted(store, rest, [one], limit, of_traces, there, beginning, limits))[0]


async def _seen(store: Store, selection: Selection, names: Sequence[str]) -> dict[str, ScoreName]:
    """What is known of the project's scores, where a facet is one of them."""
    if not any("score." in name for name in names):
        return {}
    return {one.name: one for one in await score_names(store, selection.window.project)}


def without(node: Node, name: str) -> Node:
    """A filter without its conditions on one field, where they stand beside others and not inside of them."""
    return all_of([part for part in parts_of(node) if not about(part, name)])


async def narrowed(store: Store, selection: Selection, limits: Limits | None = None) -> tuple[Selection, int]:
    """The selection in the latest part of its window with about `MOST_ROWS` spans, and how many it has."""
    most = MOST_ROWS[selection.target]
    sql = Sql(selection.window)
    counted = sql.statement(f"SELECT count()\n{sql.spans(AllOf(()))}")
    answer = await store.fetch(counted.text, counted.parameters, limits=limits, purpose="facets")
    there = int(answer.scalar() or 0)
    if there <= most:
        return selection, there
    # What holds for the whole window need not for a part, but what has no weights has none in any part.
    selection = replace(selection, weighted=False if selection.weighted is False else None)
    if part := await latest(store, selection.window, most):
        return replace(selection, window=part), most
    oldest = sql.statement(
        f"SELECT toUnixTimestamp64Nano(s.start_time)\n{sql.spans(AllOf(()))}\nORDER BY s.start_time DESC\n"
        f"LIMIT 1 OFFSET {sql.parameters.value('UInt64', most - 1)}"
    )
    answer = await store.fetch(oldest.text, oldest.parameters, limits=limits, purpose="facets")
    return replace(selection, window=replace(selection.window, since=int(answer.scalar()))), most


def _apart(selection: Selection, together: Sequence[_Faced]) -> list[list[_Faced]]:
    """The same facets, scores apart where they are counted from their own side."""
    scores = [one for one in together if one.dimension.score]
    if not fits(selection, [one.dimension.score for one in scores]):
        return [list(together)]
    return [some for some in ([one for one in together if not one.dimension.score], scores) if some]


async def _counted(
    store: Store,
    selection: Selection,
    faced: Sequence[_Faced],
    limit: int,
    of_traces: bool,
    there: int,
    beginning: str,
    limits: Limits | None,
) -> list[Facet]:
    exact = selection.target is Target.SPANS or of_traces or there <= EXACT_ROWS
    fewer = there < sum(one.seen.found for one in faced if one.seen)
    scores = [one.score for one in faced if one.score]
    if len(scores) == len(faced) and fits(selection, [one.column for one in scores]):
        asked = score_facets.counting(selection, scores, limit, beginning, fewer)
        answer = await store.fetch(asked.text, asked.parameters, limits=limits, purpose="facets")
        counts = [score_facets.counts(answer.dicts(), one.name, limit) for one in scores]
        return [
            Facet(one.dimension.name, _values(one, values), different, True)
            for one, (values, different) in zip(faced, counts, strict=True)
        ]
    statement = counting(selection, faced, limit, of_traces, beginning, exact, fewer)
    answer = await store.fetch(statement.text, statement.parameters, limits=limits, purpose="facets")
    rows_ = answer.dicts()
    found = []
    for n, one in enumerate(faced):
        # `grouping` has a bit for each column, the first one highest, and 0 for what is grouped by.
        mark = (1 << len(faced)) - 1 - (1 << (len(faced) - 1 - n))
        mine = [row for row in rows_ if row["mark"] == mark]
        different = int(mine[0]["different"]) if mine else 0
        found.append(Facet(one.dimension.name, _values(one, _counts(n, mine)), different, exact))
    return found


def _counts(n: int, mine: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How often there are the values of one facet; what is NULL and what is empty are both not set."""
    counts: dict[str, int] = {}
    for row in mine:
        text = "" if row[f"d{n}"] is None else str(row[f"d{n}"])
        counts[text] = counts.get(text, 0) + int(row["found"])
    return counts


def _values(one: _Faced, counts: Mapping[str, int]) -> tuple[FacetValue, ...]:
    """The values of one facet; ranges stand in their own order."""
    holds = one.dimension.holds
    values = tuple(FacetValue(text, count, spell(holds(text))) for text, count in counts.items())
    if not one.bands.names:
        return values
    order = {name: at for at, name in enumerate(one.bands.names)}
    return tuple(sorted(values, key=lambda value: order.get(value.text, -1)))


def _source(selection: Selection, sql: Sql, of_traces: bool) -> str:
    """FROM of the rows that are counted: the listed spans; on traces their heads or the matching spans."""
    if selection.target is Target.SPANS or of_traces:
        return rows(selection, sql)
    listed = indented(f"SELECT s.trace_id\n{rows(selection, sql)}")
    return sql.near_spans(_of_spans(selection.predicate), f"s.trace_id IN (\n{listed}\n)")


def _of_spans(predicate: Predicate) -> Predicate:
    parts = predicate.parts if isinstance(predicate, AllOf) else (predicate,)
    return AllOf(tuple(part for part in parts if not of_trace(part)))


def _found(selection: Selection, of_traces: bool, exact: bool) -> str:
    """How many spans or traces have a value, as often as they stand for."""
    by_trace = selection.target is Target.TRACES and not of_traces
    if not selection.weighted:
        if by_trace:
            # By a hash of 64 bits: half the time, and of a million traces it errs by one once in 37 million.
            return f"uniqExact({TRACE_KEY})" if exact else f"uniqCombined64(14)({TRACE_KEY})"
        return "count()"
    if not by_trace:
        return f"toUInt64(round(sum({OF_HEAD if of_traces else OF_SPAN})))"
    if exact:
        # Each trace once, with its weight.
        return f"toUInt64(round(arraySum(x -> x.2, groupUniqArray((sipHash64(s.trace_id), {OF_SPAN})))))"
    return f"toUInt64(round(uniqCombined64(14)(s.trace_id) * avg({OF_SPAN})))"


def counting(
    selection: Selection,
    faced: Sequence[_Faced],
    limit: int,
    of_traces: bool,
    beginning: str,
    exact: bool,
    fewer: bool = False,
) -> Statement:
    """The statement that counts values: `d0`, `d1`, … of each facet, told apart by `mark`.

    `fewer`: there are fewer spans than scores.
    """
    sql = Sql(selection.window)
    near = f"SELECT {TRACE_KEY}\n{sql.spans(Always())}" if fewer else ""
    source = joined(_source(selection, sql, of_traces), [one.dimension.score for one in faced], sql, near)
    found = _found(selection, of_traces, exact)
    if faced[0].is_list:
        # Spans without elements keep one row, so that what is not set is counted, too.
        source = source.replace("PREWHERE", f"LEFT ARRAY JOIN {faced[0].sql} AS element\nPREWHERE", 1)
    counted = ["element" if one.is_list else one.sql for one in faced]
    if beginning:
        source += f"\nWHERE {counted[0]} ILIKE {sql.parameters.value('String', like([beginning, '']))}"
    columns = [f"d{n}" for n in range(len(faced))]
    chosen = [f"{expression} AS {column}" for expression, column in zip(counted, columns, strict=True)]
    chosen += [
        f"grouping({', '.join(columns)}) AS mark",
        f"{found} AS found",
        "count() OVER (PARTITION BY mark) AS different",
    ]
    lines = ",\n".join(chosen)
    sets = "), (".join(columns)
    return sql.statement(
        f"SELECT\n{indented(lines)}\n{source}\nGROUP BY GROUPING SETS (({sets}))\n"
        f"ORDER BY mark, found DESC, {', '.join(columns)}\n"
        f"LIMIT {sql.parameters.value('UInt32', limit)} BY mark"
    )
