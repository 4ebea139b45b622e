"""Measures of a selection by up to three dimensions over time: top groups, all others together, the whole.

One pass over the rows ranks the groups and measures them, the rest as `other`, and everything together, over
the whole time and for each bucket (`one_scan.py`). Where that is too much to hold, there is a pass that ranks
and one that measures. All of it reads the rows that the selection's list shows.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sightline.query.buckets import buckets
from sightline.query.figures_sql import Ranked, even, measuring, ranking
from sightline.query.filter.predicates import Always
from sightline.query.margins import margin_of, margins, numbers_of
from sightline.query.measures import EXACT_UP_TO, Unit
from sightline.query.one_scan import BOUNDS, ranked_of, scanning
from sightline.query.question import BadQuestion, Question, opening
from sightline.query.said import looked_up
from sightline.query.selection import Target, count
from sightline.query.weights import corrected, weighed
from sightline.query.window import Window
from sightline.records.figures import Breakdown, Figure, Group, Series
from sightline.store.rows import QueryTooLarge, Rows
from sightline.store.store import Store

# Without groups the values of these many spans, or of their traces, can be held: no pass has to count first.
# Percentiles of sampled rows are estimates anyway, and exact ones by weight hold every value there is.
EXACT_WEIGHTED = 50_000
EXACT_WITHIN = {Target.SPANS: 2 * EXACT_UP_TO, Target.TRACES: 16 * EXACT_UP_TO}


async def breakdown(store: Store, question: Question, ranked: Ranked | None = None) -> Breakdown:
    """Ask a question; `ranked` gives the groups instead of ranking them. Errors of the store pass through."""
    return (await _answered(store, question, ranked))[0]


async def _answered(
    store: Store, question: Question, ranked: Ranked | None = None
) -> tuple[Breakdown, Ranked]:
    if ranked is None:
        question = await _told(store, question)
        exact = not _estimable(question) or await _few(store, question)
        if question.by:
            with contextlib.suppress(QueryTooLarge):
                return await _at_once(store, question, exact)
            ranked = await rank(store, question)
        else:
            ranked = Ranked(rows=0 if exact else EXACT_UP_TO + 1)
    exact = _exactly(question, ranked)
    statement = measuring(question, ranked, exact)
    answer = await store.fetch(statement.text, statement.parameters, purpose="figures")
    return await _with_margins(store, question, ranked, _read(question, ranked, answer, exact)), ranked


async def _with_margins(store: Store, question: Question, ranked: Ranked, found: Breakdown) -> Breakdown:
    """Estimates with how far they may be off."""
    if not question.selection.weighted:
        return found
    rows = next((one.stored for one in found.whole.total if one.stored), 0)
    apart = await margins(store, question, ranked, rows)

    def widened(series: Series, number: int | None) -> Series:
        relative = apart.get(number, (None,) * len(series.total))
        total = (
            replace(one, margin=margin_of(one.value, share))
            for one, share in zip(series.total, relative, strict=True)
        )
        return replace(series, total=tuple(total))

    numbers = [*numbers_of(ranked)[: len(ranked.values)], 0]
    lines = (widened(series, n) for series, n in zip(found.rows, numbers, strict=False))
    return replace(found, rows=tuple(lines), whole=widened(found.whole, None))


async def _at_once(store: Store, question: Question, exact: bool) -> tuple[Breakdown, Ranked]:
    statement = scanning(question, exact)
    answer = await store.fetch(statement.text, statement.parameters, settings=BOUNDS, purpose="figures")
    ranked = ranked_of(question, answer)
    found = _read(question, ranked, answer, exact or _exactly(question, ranked))
    return await _with_margins(store, question, ranked, found), ranked


def _exactly(question: Question, ranked: Ranked) -> bool:
    """Whether percentiles of the rows that were ranked are exact."""
    return ranked.rows <= (EXACT_WEIGHTED if question.selection.weighted else EXACT_UP_TO)


def _estimable(question: Question) -> bool:
    return any("{quantile}" in f"{one.spans} {one.traces}" for one in (*question.measures, question.order))


async def _few(store: Store, question: Question) -> bool:
    """Whether percentiles of so many rows are exact. How many spans a window has costs next to nothing; how
    many rows match takes a pass."""
    selection = question.selection
    spans = await count(store, replace(selection, predicate=Always(), target=Target.SPANS))
    if selection.weighted:
        return spans <= EXACT_WEIGHTED
    if spans <= (EXACT_UP_TO if question.by else EXACT_WITHIN[selection.target]):
        return True
    everything = selection.predicate == Always() and not question.traces
    return not everything and await count(store, selection) <= EXACT_UP_TO


async def compared(store: Store, question: Question, earlier: Window) -> tuple[Breakdown, Breakdown]:
    """The answer, and the same groups in an earlier window of the same length, bucket by bucket.

    Buckets of both begin equally far from the beginnings of their windows where the distance is a multiple of
    the step. Raises BadQuestion when the windows differ in length.
    """
    window = question.selection.window
    if earlier.length != window.length or earlier.project != window.project:
        raise BadQuestion("the earlier window is not of the same length and project")
    question = await _told(store, question)
    then = await weighed(store, replace(question.selection, window=earlier, weighted=None))
    before = replace(
        question,
        selection=then,
        buckets=buckets(earlier, step=question.buckets.step),
    )
    answer, ranked = await _answered(store, question)
    return answer, await breakdown(store, before, ranked)


async def _told(store: Store, question: Question) -> Question:
    """The question with the texts of its phrases, and by weights where there are such: each of its statements
    looks at all rows."""
    told = await looked_up(store, question.selection, every=True)
    return replace(question, selection=await weighed(store, told))


async def rank(store: Store, question: Question) -> Ranked:
    """The groups with rows of their own."""
    if not question.by and not any("{quantile}" in one.spans for one in question.measures):
        # How many rows there are decides about percentiles alone.
        return Ranked()
    statement = ranking(question)
    answer = (await store.fetch(statement.text, statement.parameters, purpose="figures")).rows
    if not answer:
        return Ranked(groups=0)
    width = len(question.by)
    if not width:
        return Ranked(rows=int(answer[0][0]))
    if width == 1 and answer[0][0]:
        answer = answer[: question.top]  # one more was asked for, for what is not set: there is none
    values = tuple(tuple(str(value) for value in row[:width]) for row in answer)
    keys = tuple(int(row[width]) for row in answer)
    order = sorted(range(len(values)), key=lambda n: width == 1 and values[n] == ("",))
    return Ranked(
        tuple(values[n] for n in order), tuple(keys[n] for n in order), int(answer[0][-2]), int(answer[0][-1])
    )


def _read(question: Question, ranked: Ranked, answer: Rows, exact: bool) -> Breakdown:
    """The answer of `measuring` as records; what has no rows is filled with what nothing measures."""
    found = question.buckets
    nothing = tuple(Figure(one.none) for one in question.measures)
    places = {start: n for n, start in enumerate(found.starts)}
    # By number of the group (None: everything) and of the bucket (None: the whole time).
    figures: dict[tuple[int | None, int | None], tuple[Figure, ...]] = {}
    for row in answer.dicts():
        group = None if row.get("no_group", 1) else int(row["chosen"])
        bucket = None
        if not row["no_bucket"]:
            bucket = int(row["bucket"]) if even(found) else places[int(row["bucket"])]
        # The engine sums nothing to NULL where all values may be unknown; without rows it is 0.
        if not row["found"]:
            continue
        figures[group, bucket] = tuple(_figure(question, row, n) for n in range(len(question.measures)))

    def series(number: int | None, group: Group) -> Series:
        points = tuple(figures.get((number, n), nothing) for n in range(len(found.starts)))
        return Series(group, figures.get((number, None), nothing), points)

    numbers = ranked.numbers or range(1, len(ranked.values) + 1)
    lines = [
        series(n, Group(values, False, opening(question, [values])))
        for n, values in zip(numbers, ranked.values, strict=True)
    ]
    if question.by and ranked.groups > len(ranked.values):
        lines.append(series(0, Group((), True, opening(question, ranked.values, other=True))))
    return Breakdown(
        measures=tuple(one.name for one in question.measures),
        by=tuple(one.name for one in question.by),
        starts=found.starts,
        end=found.end,
        step=found.step,
        rows=tuple(lines),
        whole=series(None, Group((), False, question.selection.text)),
        groups=ranked.groups,
        exact=exact,
        weighted=bool(question.selection.weighted),
    )


def _figure(question: Question, row: Mapping[str, Any], n: int) -> Figure:
    """A measure of a row, as an estimate where rows stand for several."""
    one, value, beside = question.measures[n], _plain(row[f"m{n}"]), int(row[f"u{n}"])
    found = Figure(value, rated=beside) if one.score else Figure(value, beside)
    if not question.selection.weighted:
        return found
    if value is not None and one.unit in (Unit.COUNT, Unit.TOKENS):
        value = round(value)
    stored = beside if one.score else int(row["found"])
    return replace(found, value=value, stored=stored, at_least=not corrected(one, question.traces))


def _plain(value: Any) -> int | float | None:
    """A number as the store gives it; a quotient by nothing is none."""
    return None if value is None or math.isnan(value) else value
