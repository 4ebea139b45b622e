"""Measures and dimensions that are scores: `score.helpful`, `score.helpful.p50`, `score.verdict:wrong`."""

from __future__ import annotations

from dataclasses import replace

from sightline.query.dimensions import Dimension, NoDimension, dimension
from sightline.query.filter.errors import FilterError
from sightline.query.filter.fields import Type
from sightline.query.filter.nodes import Condition, Has, Operator, Whole
from sightline.query.filter.parser import parse
from sightline.query.filter.scored import VALUE, score_field
from sightline.query.filter.spelling import spell_name
from sightline.query.measures import Measure, Unit, UnknownMeasure, measure
from sightline.query.score_columns import ScoreColumn

_COUNT, _MEDIAN = ".count", ".p50"
SUFFIXES = (_COUNT, _MEDIAN)
"""What makes another measure of a score's name."""


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
        return _made(
            name, Unit.RATIO, f"share of {called} that is {column.label}", "avg({hit})", "hit", column
        )
    if kind == _COUNT:
        # What is known of this one is known of every row.
        counted = _made(
            name, Unit.COUNT, f"how many have a {called}", "countIf({text} != '')", "text", column
        )
        return replace(counted, unknown=("0", "0"), none=0)
    if kind == _MEDIAN:
        return _made(name, Unit.SCORE, f"p50 of {called}", "quantileExact(0.5)({value})", "value", column)
    return _made(name, Unit.SCORE, f"mean of {called}", "avg({value})", "value", column)


def _made(name: str, unit: Unit, says: str, sql: str, part: str, column: ScoreColumn) -> Measure:
    """A measure over spans, whose expression is written out, and over traces, whose rows have a column."""
    spans, traces = getattr(column, part), f"s.{column.name}_{part}"
    unknown = tuple(f"countIf({value} IS NULL)" for value in (spans, traces))
    return Measure(
        name, unit, says, sql.format(**{part: spans}), sql.format(**{part: traces}),
        (unknown[0], unknown[1]), None, column,
    )  # fmt: skip
