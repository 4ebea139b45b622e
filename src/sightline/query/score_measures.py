"""Measures and dimensions that are scores: `score.helpful`, `score.helpful.p50`, `score.verdict:wrong`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from sightline.query import score_targets
from sightline.query.dimensions import Dimension, NoDimension, dimension
from sightline.query.filter.errors import FilterError
from sightline.query.filter.fields import Type
from sightline.query.filter.nodes import Condition, Has, Operator, Whole
from sightline.query.filter.parser import parse
from sightline.query.filter.scored import VALUE, score_field
from sightline.query.filter.spelling import spell_name
from sightline.query.measures import Measure, Unit, UnknownMeasure, measure
from sightline.query.score_columns import ScoreColumn
from sightline.query.score_targets import ByTarget
from sightline.query.weights import OF_SPAN

_COUNT, _MEDIAN = ".count", ".p50"
SUFFIXES = (_COUNT, _MEDIAN)
"""What makes another measure of a score's name."""


@lru_cache(maxsize=4096)
def askable(name: str) -> bool:
    """Whether `score.NAME` means the value of the score of this name, in filters and as a measure.

    Anybody names scores: `verdict.by` asks who gave a verdict, `stars.count` how many did.
    """
    field = score_field(f"score.{name}")
    if field is None or field.name != name or field.aspect != VALUE or name.endswith(SUFFIXES):
        return False
    try:
        measure_named(spell_name(f"score.{name}"), traces=True)
    except UnknownMeasure:
        return False
    return True


def measure_named(name: str, traces: bool = False) -> Measure:
    """A measure by its name, a score's too. Raises UnknownMeasure."""
    return _score_measure(name, traces) or measure(name, traces)


def dimension_named(name: str, traces: bool = False) -> Dimension:
    """What a name groups by, a score's too. Raises NoDimension."""
    column = score_column(name, traces)
    if column is None:
        return dimension(name, traces)
    if column.label:
        raise NoDimension(f"{name[:60]} is one label of a score; its name alone groups by all of them")
    return Dimension(spell_name(column.field.called), column.text, Type.TEXT, column)


def score_column(name: str, traces: bool = False) -> ScoreColumn | None:
    """The score that a name means over spans or traces; None when it means none.

    Raises NoDimension for a session's score, and for what of a score is no value.
    """
    if not name.lower().startswith(("score.", "trace.score.", "session.score.")):
        return None
    label = ""
    try:
        node = parse(f"has:{name}")
    except FilterError:
        try:
            node = parse(name)
        except FilterError as error:
            raise NoDimension(f"{name[:60]!r} is no score: {error}") from error
    one = isinstance(node, Condition) and node.operator is Operator.IS and len(node.values) == 1
    if isinstance(node, Condition) and one and not node.values[0].wild:
        label = node.values[0].text
    elif not isinstance(node, Has):
        raise NoDimension(f"{name[:60]!r} is no score; expected its name, as in score.helpful")
    field = score_field(node.name.text)
    if field is None or not field.name or field.aspect != VALUE or field.whole is Whole.SESSION:
        raise NoDimension(f"{name[:60]!r} is no score of spans or traces; expected one as in score.helpful")
    return ScoreColumn(replace(field, whole=Whole.TRACE) if traces else field, label)


def _score_measure(name: str, traces: bool) -> Measure | None:
    plain, kind = name, ""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            plain, kind = name.removesuffix(suffix), suffix
    try:
        column = score_column(plain, traces)
    except NoDimension as error:
        raise UnknownMeasure(str(error)) from error
    if column is None:
        return None
    called = f"score {column.field.name}"
    if column.label:
        says = f"share of {called} that is {column.label}"
        return _made(name, Unit.RATIO, says, replace(column, counted="hit"), _MEAN)
    if kind == _COUNT:
        says = f"how many have a {called}"
        counted = _made(name, Unit.COUNT, says, replace(column, counted="text"), _RATED)
        return replace(counted, none=0)
    if kind == _MEDIAN:
        return _made(name, Unit.SCORE, f"p50 of {called}", replace(column, counted="value"), _MIDDLE)
    return _made(name, Unit.SCORE, f"mean of {called}", replace(column, counted="value"), _MEAN)


@dataclass(frozen=True, slots=True)
class _Form:
    """A figure of scores over the targets of spans, over these with weights, and over traces `{of}`."""

    spans: Callable[[str], str]
    weighted: Callable[[str], ByTarget]
    traces: str


_MEAN = _Form(score_targets.mean, score_targets.mean_by_weight, "avg({of})")
_MIDDLE = _Form(score_targets.median, score_targets.median_by_weight, "quantileExact(0.5)({of})")
_RATED = _Form(score_targets.rated, score_targets.rated_by_weight, "countIf({of} != '')")


def _made(name: str, unit: Unit, says: str, column: ScoreColumn, form: _Form) -> Measure:
    """A measure over the targets that spans bring, and over traces, whose rows have a column."""
    found = score_targets.targets(column.targets)
    of = f"s.{column.name}_{column.counted}"
    there = f"countIf({of} != '')" if column.counted == "text" else f"countIf({of} IS NOT NULL)"
    return Measure(
        name, unit, says, form.spans(found), form.traces.format(of=of), (score_targets.rated(found), there),
        None, column, form.weighted(score_targets.weighted_targets(column.targets, OF_SPAN)),
    )  # fmt: skip
