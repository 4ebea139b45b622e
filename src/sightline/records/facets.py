"""Values of fields with how often they occur, and what could be typed next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a field ('' is not set), how many spans or traces have it, and the filter for it alone."""

    text: str
    count: int
    filter: str


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of a field in a list, counted without the list's own conditions on that field.

    `values` counts all different ones, also those that are not in `top`. `exact`: counts are not estimates.
    """

    name: str
    top: tuple[FacetValue, ...]
    values: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Facets:
    """Facets of a list. `since` (ns) is where counting began: later than asked where rows are too many."""

    facets: tuple[Facet, ...]
    since: int


@dataclass(frozen=True, slots=True)
class Used:
    """A field or attribute that spans have: its name in filters, and how many of those looked at have it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class InUse:
    """Which fields and attributes the latest `spans` spans of a list have, most frequent first."""

    spans: int
    fields: tuple[Used, ...]
    attributes: tuple[Used, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What could stand at the cursor: `text` replaces `length` characters from `offset` on.

    `says` explains it; `count` is how many spans or traces have the value, None where nothing was counted.
    """

    text: str
    offset: int
    length: int
    says: str
    count: int | None = None
