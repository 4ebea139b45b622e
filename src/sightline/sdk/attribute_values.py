"""Values as attributes of spans carry them: strings, booleans, numbers and lists of one of those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sightline.sdk.capture import cut, text_of
from sightline.sdk.capture_types import Again, described

Attribute = str | bool | int | float | list[str] | list[bool] | list[int] | list[float]

_LARGEST: Final = 2**63
_MAX_ITEMS: Final = 1_000


def attribute(value: object, limit: int) -> Attribute | None:
    """One attribute's value; None for None, which is left out, since unknown is not a value.

    What attributes can't carry becomes JSON text.

    >>> attribute(3, 500), attribute(["a", "b"], 500), attribute({"a": 1}, 500), attribute(None, 500)
    (3, ['a', 'b'], '{"a": 1}', None)
    """
    kind = type(value)
    if kind is str:
        return cut(value, limit)  # type: ignore[arg-type]
    if kind is bool or kind is float:
        return value  # type: ignore[return-value]
    if kind is int:
        return value if -_LARGEST <= value < _LARGEST else text_of(value, limit)  # type: ignore[operator, return-value]
    if value is None:
        return None
    if kind is list or kind is tuple:
        listed = _of_one_type(value, limit)  # type: ignore[arg-type]
        if listed is not None:
            return listed
    if value is not None and not issubclass(kind, str):
        plain = described(value)  # IntEnum, numpy's numbers
        if isinstance(plain, Again) and type(plain.value) in (bool, int, float):
            return attribute(plain.value, limit)
    return text_of(value, limit)


def word(value: object, limit: int = 500) -> str:
    """A name: a text as it is, anything else as JSON or its type, cut to `limit` characters.

    >>> word("chat"), word(7), word(object())
    ('chat', '7', '"<object>"')
    """
    return cut(value, limit) if type(value) is str else text_of(value, limit)


def _of_one_type(values: list[Any] | tuple[Any, ...], limit: int) -> Attribute | None:
    if not values or len(values) > _MAX_ITEMS:
        return None
    kind = type(values[0])
    if kind not in (str, bool, int, float) or any(type(value) is not kind for value in values):
        return None
    if kind is str:
        return [cut(value, limit) for value in values]
    if kind is int and not all(-_LARGEST <= value < _LARGEST for value in values):
        return None
    return list(values)


def attributes(values: Mapping[str, object], limit: int) -> dict[str, Any]:
    """Several, without those that are None and those whose name is no text."""
    made = {}
    for key, value in values.items():
        ready = attribute(value, limit)
        if ready is not None and type(key) is str and key:
            made[key] = ready
    return made
