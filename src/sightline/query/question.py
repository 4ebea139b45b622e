"""What to measure of a selection, by what, over which buckets; and the filter that opens each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.query.buckets import Buckets, buckets
from sightline.query.dimensions import Dimension
from sightline.query.filter.nodes import (
    And,
    Condition,
    Everything,
    Has,
    Name,
    Node,
    Not,
    Operator,
    joined,
)
from sightline.query.filter.spelling import spell
from sightline.query.measures import Measure
from sightline.query.score_measures import dimension_named, measure_named
from sightline.query.selection import Selection, Target
from sightline.query.weights import OF_SPAN, OF_TRACE, weighted

MAX_BY = 3
MAX_TOP = 100
MAX_MEASURES = 12


class BadQuestion(ValueError):
    """Measures or dimensions that cannot be asked for together."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to measure of a selection, by what, and over which buckets.

    `top` groups get a row of their own, ranked by `order`, largest first or, with `ascending`, smallest.
    """

    selection: Selection
    measures: tuple[Measure, ...]
    by: tuple[Dimension, ...]
    top: int
    order: Measure
    ascending: bool
    buckets: Buckets

    @property
    def traces(self) -> bool:
        """Whether traces are measured, not spans."""
        return self.selection.target is Target.TRACES

    def sql(self, one: Measure, exact: bool = True) -> str:
        """A measure's expression over the rows of this question, by their weights where they have such."""
        if not self.selection.weighted:
            return one.sql(self.traces, exact)
        if one.by_target and not self.traces:
            return one.by_target.sql
        text = one.traces if self.traces else one.spans
        return weighted(text, OF_TRACE if self.traces else OF_SPAN, exact)

    def beside_sql(self, one: Measure) -> str:
        """What is counted beside a measure: what it leaves out, or of a score how many were rated."""
        if self.selection.weighted and one.by_target and not self.traces:
            return one.by_target.rated
        return one.unknown_sql(self.traces)


def ask(
    selection: Selection,
    measures: Sequence[str],
    by: Sequence[str] = (),
    *,
    top: int = 10,
    order: str = "",
    ascending: bool = False,
    step: int | None = None,
    zone: str = "UTC",
) -> Question:
    """A question from names. Raises UnknownMeasure, NoDimension, NoBuckets or BadQuestion."""
    traces = selection.target is Target.TRACES
    if not 1 <= len(measures) <= MAX_MEASURES:
        raise BadQuestion(f"{len(measures)} measures were asked for; expected 1 to {MAX_MEASURES}")
    if len(by) > MAX_BY or len(set(by)) < len(by):
        raise BadQuestion(
            f"figures can be broken down by up to {MAX_BY} different fields, not by {', '.join(by)[:80]}"
        )
    if not 1 <= top <= MAX_TOP:
        raise BadQuestion(f"top {top} is out of range; expected 1 to {MAX_TOP}")
    return Question(
        selection=selection,
        measures=tuple(measure_named(name, traces) for name in measures),
        by=tuple(dimension_named(name, traces) for name in by),
        top=top,
        order=measure_named(order or measures[0], traces),
        ascending=ascending,
        buckets=buckets(selection.window, step=step, zone=zone),
    )


def opening(question: Question, groups: Sequence[tuple[str, ...]], *, other: bool = False) -> str:
    """The filter behind a group, or behind all groups but these."""
    conditions: list[Node] = []
    if other and len(question.by) == 1:
        conditions = _single_other(question.by[0], [values[0] for values in groups])
    else:
        for values in groups:
            holds = joined(And, [d.holds(v) for d, v in zip(question.by, values, strict=True)])
            conditions.append(Not(holds) if other else holds)
    base = question.selection.node
    return spell(joined(And, conditions if isinstance(base, Everything) else [base, *conditions]))


def _single_other(by: Dimension, values: Sequence[str]) -> list[Node]:
    """None of these values; and known, when what is not set has a row of its own."""
    named = [by.holds(value) for value in values if value]
    known: list[Node] = [Has(Name(by.name))] if "" in values else []
    listed = tuple(value for c in named if isinstance(c, Condition) for value in c.values)
    if not listed:
        return known
    return [*known, Not(Condition(Name(by.name), Operator.IS, listed))]
