"""What a filter means: conditions with known fields and typed values, ready to become SQL.

Each condition is true or false for every span. What is unknown is equal to nothing and on no side of a limit,
so the condition is false there, and its negation true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sightline.query.filter.fields import Field
from sightline.query.filter.nodes import Quantifier, Relation, Whole
from sightline.query.filter.paths import Path
from sightline.query.filter.scored import ScoreField
from sightline.query.phrases import Phrase


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a whole trace or session; `name` is a key of `wholes.MEASURES`."""

    whole: Whole
    name: str


@dataclass(frozen=True, slots=True)
class Among:
    """Equal to one of these texts."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """Like a text with wildcards, given as the literal pieces between them."""

    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Within limits, each included unless it is `open`; None: no limit. In the unit of the column."""

    low: int | float | None
    high: int | float | None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Is:
    """Equal to a truth value."""

    value: bool


Test = Among | Like | Between | Is


@dataclass(frozen=True, slots=True)
class Always:
    """True for every span."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts are true."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part is true."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """The part is false."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Compared:
    """A field or attribute passes at least one test."""

    target: Field | Path
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A field or attribute is known."""

    target: Field | Path


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of the span's trace or session passes at least one test; no tests: it is known."""

    measure: Measure
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked of the stored texts before their spans are: it makes a statement quicker, no different.

    `flat`: no text of the project is kept in parts. `hashes`: all texts with the phrase in hexadecimal; None:
    too many to name. `near`: only what spans of the statement's time say is looked through.
    """

    flat: bool = False
    hashes: tuple[str, ...] | None = None
    near: bool = False


@dataclass(frozen=True, slots=True)
class Says:
    """A phrase stands in a content of the span under one of these columns; none: in anything it says."""

    phrase: Phrase
    columns: tuple[str, ...] = ()
    found: Found = Found()


@dataclass(frozen=True, slots=True)
class Contains:
    """A phrase stands in a column of the row itself, given as its expression."""

    phrase: Phrase
    sql: str


@dataclass(frozen=True, slots=True)
class Sized:
    """The span has a content under one of these columns (none: any), of this size in bytes if it is given."""

    columns: tuple[str, ...]
    size: Between | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A log record of the span has the phrase in its text; no phrase: there is a log record."""

    phrase: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A score of the span, its trace or its session passes at least one test; None: there is one."""

    field: ScoreField
    tests: tuple[Test, ...] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The span stands in this relation to a span of its trace for which the part is true."""

    relation: Relation
    part: Predicate


@dataclass(frozen=True, slots=True)
class Counted:
    """Any, all or none of the spans of the span's trace or session make the part true."""

    whole: Whole
    quantifier: Quantifier
    part: Predicate


Predicate = (
    Always
    | AllOf
    | AnyOf
    | Negated
    | Compared
    | Known
    | Measured
    | Says
    | Contains
    | Sized
    | Logged
    | Scored
    | Standing
    | Counted
)


def children(predicate: Predicate) -> tuple[Predicate, ...]:
    """The predicates directly inside one."""
    match predicate:
        case AllOf(parts) | AnyOf(parts):
            return parts
        case Negated(part) | Standing(_, part) | Counted(_, _, part):
            return (part,)
        case _:
            return ()


def with_found(predicate: Predicate, found: Callable[[Says], Found]) -> Predicate:
    """The same predicate with what was found of each phrase in contents."""
    match predicate:
        case Says():
            return replace(predicate, found=found(predicate))
        case AllOf(parts) | AnyOf(parts):
            return replace(predicate, parts=tuple(with_found(part, found) for part in parts))
        case Negated(part) | Standing(_, part) | Counted(_, _, part):
            return replace(predicate, part=with_found(part, found))
        case _:
            return predicate


def within(predicate: Predicate) -> Iterator[Predicate]:
    """A predicate and all inside of it."""
    yield predicate
    for part in children(predicate):
        yield from within(part)


def of_trace(predicate: Predicate) -> bool:
    """Whether a predicate says the same of all spans of a trace, so that any one of them can be asked."""
    match predicate:
        case Always():
            return True
        case Counted(whole, _, _):
            return whole is Whole.TRACE
        case Measured(measure):
            return measure.whole is Whole.TRACE
        case Scored(field):
            return field.whole is not None
        case Compared(target) | Known(target):
            return isinstance(target, Field) and target.whole_trace
        case AllOf() | AnyOf() | Negated():
            return all(map(of_trace, children(predicate)))
        case _:
            return False
