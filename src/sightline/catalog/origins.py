"""Where a canonical column may have come from: the attributes the catalog reads it from, in order. Pure.

The store keeps what was understood under its canonical name only, so of several possible attributes it cannot
be told any more which one it was; where there is one alone, it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sightline.catalog.conventions import Catalog, conventions
from sightline.catalog.vocabulary import Scope


@dataclass(frozen=True, slots=True)
class Origin:
    """An attribute (or another place of a span) that a column is read from, and whose convention that is."""

    attribute: str
    convention: str
    scope: str


@cache
def _by_column() -> dict[str, tuple[Origin, ...]]:
    return origins_of(conventions())


def origins(column: str) -> tuple[Origin, ...]:
    """Where a column of the shipped catalog may come from; empty for what Sightline itself works out."""
    return _by_column().get(column, ())


def origins_of(catalog: Catalog) -> dict[str, tuple[Origin, ...]]:
    """The origins of every column of a catalog."""
    found: dict[str, tuple[Origin, ...]] = {}
    for field in catalog.span_fields:
        given = tuple(
            dict.fromkeys(
                Origin(
                    source.attribute,
                    source.convention,
                    "" if source.scope is Scope.ATTRIBUTE else source.scope,
                )
                for source in field.applicable
            )
        )
        for column in filter(None, (field.column, field.first)):
            found[column] = given
    return found
