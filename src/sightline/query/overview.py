"""A project's requests at a glance, in one pass: in all, over time, by feature, team and environment.

A request is a trace. What the pass cannot tell, percentiles of all groups that get no row of their own, is
asked for only where there are so many groups.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sightline.query.breakdown import breakdown, figure
from sightline.query.buckets import MOST
from sightline.query.figures_sql import even, surveying
from sightline.query.filter.compiler import Sql
from sightline.query.filter.predicates import AllOf
from sightline.query.measures import EXACT_UP_TO
from sightline.query.question import Question, ask, opening
from sightline.query.selection import Selection
from sightline.query.window import Window
from sightline.records.figures import Figure, Group, Series
from sightline.records.overview import Overview, Parts
from sightline.store.rows import Rows
from sightline.store.store import Store

MEASURES = (
    "count", "errors", "error_rate", "duration.p50", "duration.p95", "tokens", "input_tokens",
    "output_tokens", "cost", "users", "sessions",
)  # fmt: skip
BY = ("feature", "team", "env")
# How many groups of a dimension get a row of their own; more are asked about once more.
SHOWN = 6
ENDS = 5


async def overview(
    store: Store, selection: Selection, zone: str = "UTC", by: tuple[str, ...] = BY
) -> Overview:
    """The requests of a selection of traces. Raises NoBuckets; errors of the store pass through."""
    question = ask(selection, MEASURES, by, zone=zone)
    exact = await spans(store, selection.window) <= EXACT_UP_TO
    statement = surveying(question, exact, MOST + 2, ENDS)
    answer = await store.fetch(statement.text, statement.parameters, purpose="figures")
    found = _read(question, answer)
    parts = [await _complete(store, question, one) for one in found.parts]
    return replace(found, parts=tuple(parts))


async def spans(store: Store, window: Window) -> int:
    """How many spans of a project start in a stretch of time."""
    sql = Sql(window)
    statement = sql.statement(f"SELECT count() AS found\n{sql.spans(AllOf(()))}")
    answer = await store.fetch(statement.text, statement.parameters, purpose="figures")
    return int(answer.scalar() or 0)


async def _complete(store: Store, question: Question, part: Parts) -> Parts:
    """The groups of a dimension with all others measured, where there are more than are shown."""
    if part.groups <= SHOWN + 1:
        return part
    one = ask(question.selection, MEASURES, [part.by], top=SHOWN)
    answer = await breakdown(store, one)
    return Parts(part.by, tuple(replace(row, points=()) for row in answer.rows), answer.groups)


def _read(question: Question, answer: Rows) -> Overview:
    bits = len(question.by) + 1
    everything = (1 << bits) - 1
    nothing = tuple(Figure(one.none) for one in question.measures)
    found = question.buckets
    places = {start: n for n, start in enumerate(found.starts)}
    total = nothing
    ends: tuple[tuple[str, ...], ...] = ((), (), ())
    points: dict[int, tuple[Figure, ...]] = {}
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in answer.dicts():
        mark = int(row["mark"])
        figures = tuple(figure(row, n) for n in range(len(question.measures)))
        if mark == everything:
            if row["found"]:
                total = figures
            ends = tuple(
                tuple(str(pair[1]) for pair in row[name]) for name in ("slowest", "dearest", "failed")
            )
        elif mark == everything - (1 << (bits - 1)):
            points[int(row["bucket"]) if even(found) else places[int(row["bucket"])]] = figures
        else:
            groups.setdefault(mark, []).append(row)
    parts = []
    for n, one in enumerate(question.by):
        rows = groups.get(everything - (1 << (bits - 2 - n)), [])
        alone = replace(question, by=(one,))
        series = [
            Series(
                Group((value,), False, opening(alone, [(value,)])),
                tuple(figure(row, m) for m in range(len(question.measures))),
                (),
            )
            for row in rows
            for value in [str(row[f"d{n}"])]
        ]
        # What is not set is a row of its own after all others.
        series.sort(key=lambda row: row.group.values == ("",))
        parts.append(Parts(one.name, tuple(series), int(rows[0]["groups"]) if rows else 0))
    whole = Series(
        Group((), False, question.selection.text),
        total,
        tuple(points.get(n, nothing) for n in range(len(found.starts))),
    )
    return Overview(MEASURES, found.starts, found.end, found.step, whole, tuple(parts), *ends)
