"""A filter as a tree, as it was written: names and values are still words.

Nodes are equal when they say the same; where they stand in the text does not count. Trees that the parser
makes are in one form: no `And` directly in an `And`, no `Or` directly in an `Or`, at least two parts in each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the filter's text: characters from 0."""

    offset: int
    length: int


NOWHERE = Place(0, 0)


class Operator(StrEnum):
    """How a condition compares."""

    IS = ":"
    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    TO = "<="


class Relation(StrEnum):
    """Where a span stands in its trace, seen from another span."""

    UNDER = "under"
    """Somewhere below a span that matches."""
    CHILD = "child of"
    """Directly below a span that matches."""
    ABOVE = "above"
    """Somewhere above a span that matches."""
    PARENT = "parent of"
    """Directly above a span that matches."""


class Quantifier(StrEnum):
    """How many spans of a trace or session must match."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


class Whole(StrEnum):
    """What a group of spans is."""

    TRACE = "trace"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Name:
    """A field as written: `model`, `tokens.input`, `attr.app.region`."""

    text: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Value:
    """A value as written: literal pieces between wildcards, one piece when there is none.

    `quoted`: some of it stood in quotes, so it is text and nothing else.
    """

    segments: tuple[str, ...]
    quoted: bool = False
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The text, with `*` for its wildcards."""
        return "*".join(self.segments)

    @property
    def wild(self) -> bool:
        """Whether it has wildcards."""
        return len(self.segments) > 1


@dataclass(frozen=True, slots=True)
class Everything:
    """The empty filter."""


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold for the same span."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """A field compared with values. Several values, with `:` only: one of them."""

    name: Name
    operator: Operator
    values: tuple[Value, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Has:
    """The field is known."""

    name: Name
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """Words that stand next to each other in what the span says; a `*` between segments continues a word."""

    segments: tuple[str, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Related:
    """The span stands in this relation to another span of its trace for which the part holds."""

    relation: Relation
    part: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Of:
    """The part holds for the span's trace or session; it is made of `Quantified` and of measures."""

    whole: Whole
    part: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Quantified:
    """Any, all or none of the spans of a trace or session are such that the part holds."""

    quantifier: Quantifier
    part: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


Node = Everything | And | Or | Not | Condition | Has | Text | Related | Of | Quantified


def joined(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    """The parts as one node in the form that trees have: flat, and no list of one."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return flat[0] if len(flat) == 1 else kind(tuple(flat))
