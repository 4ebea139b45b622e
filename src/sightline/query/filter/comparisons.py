"""Tests of a field, an attribute or a measure as SQL expressions over a span `s`.

An expression is NULL where the field is unknown; whoever negates it takes that for false.
"""

from __future__ import annotations

from collections.abc import Sequence

from sightline.query.filter import paths
from sightline.query.filter.fields import Field, Type
from sightline.query.filter.parameters import Parameters
from sightline.query.filter.paths import Path
from sightline.query.filter.predicates import Among, Between, Is, Like, Test


def either(conditions: Sequence[str]) -> str:
    """At least one of some conditions."""
    return conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"


def like(segments: Sequence[str]) -> str:
    """The pattern of LIKE for literal pieces between wildcards."""
    return "%".join(s.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for s in segments)


def known(target: Field | Path) -> str:
    """Whether a field or attribute is known; an empty text says nothing."""
    if isinstance(target, Path):
        return f"{paths.text(target)} != ''"
    if target.type in (Type.TEXT, Type.WORD, Type.CONTENT):
        return f"{target.sql} != ''"
    return f"notEmpty({target.sql})" if target.type is Type.LIST else f"{target.sql} IS NOT NULL"


def passes(parameters: Parameters, target: Field | Path, tests: Sequence[Test]) -> str:
    """Whether a field or attribute passes one of some tests."""
    return either([_test(parameters, target, test) for test in tests])


def _test(parameters: Parameters, target: Field | Path, test: Test) -> str:
    if isinstance(test, Like) and not any(test.segments):
        return known(target)
    if isinstance(target, Path):
        if isinstance(test, Between):
            return between(parameters, paths.number(target), test)
        return either(
            [_compared(parameters, paths.text(target), test), _in_list(parameters, paths.texts(target), test)]
        )
    if target.type is Type.LIST:
        return _in_list(parameters, target.sql, test)
    return _compared(parameters, target.sql, test)


def _compared(parameters: Parameters, sql: str, test: Test) -> str:
    match test:
        case Among(texts):
            if len(texts) == 1:
                return f"{sql} = {parameters.value('String', texts[0])}"
            return f"{sql} IN {parameters.texts(texts)}"
        case Like(segments):
            return f"{sql} LIKE {parameters.value('String', like(segments))}"
        case Is(value):
            return f"{sql} = {str(value).lower()}"
        case Between():
            return between(parameters, sql, test)


def _in_list(parameters: Parameters, sql: str, test: Test) -> str:
    if isinstance(test, Among):
        return f"hasAny({sql}, {parameters.texts(test.texts)})"
    return f"arrayExists(x -> {_compared(parameters, 'x', test)}, {sql})"


def between(parameters: Parameters, sql: str, test: Test) -> str:
    """Whether an expression is within limits."""
    if not isinstance(test, Between):
        raise TypeError(f"{test} is no test of what has an order")
    low, high = test.low, test.high
    if low is not None and low == high and not (test.low_open or test.high_open):
        return f"{sql} = {_number(parameters, low)}"
    limits = []
    if low is not None:
        limits.append(f"{sql} {'>' if test.low_open else '>='} {_number(parameters, low)}")
    if high is not None:
        limits.append(f"{sql} {'<' if test.high_open else '<='} {_number(parameters, high)}")
    return limits[0] if len(limits) == 1 else f"({' AND '.join(limits)})"


def _number(parameters: Parameters, value: int | float) -> str:
    return parameters.value("Int64" if isinstance(value, int) else "Float64", value)
