"""What a definition allows: why a score does not fit it, as a sentence."""

from __future__ import annotations

from sightline.records.scores import DataType, Direction, ScoreDefinition

_SHOWN = 12


def misfit(
    definition: ScoreDefinition, value: float | None, label: str, comment: str, correction: str
) -> str:
    """Why a score is outside of its definition, with what was expected; empty when it fits."""
    kind, name = definition.data_type, definition.name
    if kind is DataType.COMMENT:
        return "" if comment else f"{name} is a comment; this score has none"
    if kind is DataType.CORRECTION:
        return "" if correction else f"{name} is a correction; this score has none"
    if kind is DataType.CATEGORICAL:
        if not label:
            return f"{name} is a label{_among(definition)}; this score has none"
        if definition.categories and label not in definition.categories:
            return f"{name} is {label[:60]!r}; expected{_among(definition, ' one of ')}"
        return ""
    if value is None:
        expected = "true or false" if kind is DataType.BOOLEAN else "a number"
        return f"{name} is {expected}; this score has no value"
    if kind is DataType.BOOLEAN:
        return "" if value in (0.0, 1.0) else f"{name} is {value:g}; expected true (1) or false (0)"
    if definition.low is not None and value < definition.low:
        return f"{name} is {value:g}; expected at least {definition.low:g}"
    if definition.high is not None and value > definition.high:
        return f"{name} is {value:g}; expected at most {definition.high:g}"
    return ""


def goodness(definition: ScoreDefinition | None, value: float | None) -> float | None:
    """How good a value is, from 0 to 1; None where nothing says which values are good.

    That takes a direction, and two limits (those of a boolean are 0 and 1).
    """
    if definition is None or value is None or definition.direction is Direction.NONE:
        return None
    low, high = definition.low, definition.high
    if definition.data_type is DataType.BOOLEAN:
        low, high = 0.0, 1.0
    if low is None or high is None or high <= low:
        return None
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return share if definition.direction is Direction.HIGHER else 1.0 - share


def _among(definition: ScoreDefinition, words: str = ", one of ") -> str:
    """The labels there are, as the end of a sentence."""
    known = definition.categories
    if not known:
        return ""
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"{words}{', '.join(known[:_SHOWN])}{more}"
