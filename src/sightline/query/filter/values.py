"""Values of a condition as tests of their field's type. Raises FilterError where a value does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sightline.query.filter import literals
from sightline.query.filter.errors import FilterError, nearest, shown
from sightline.query.filter.fields import ORDERED, Field, Type
from sightline.query.filter.nodes import Condition, Operator, Place, Value
from sightline.query.filter.predicates import Among, Between, Is, Like, Test
from sightline.query.filter.words import SEVERITIES, SEVERITY_WORDS

# Columns that hold lower-case hex.
_LOWER = ("s.trace_id", "s.span_id", "s.parent_span_id", "s.links.trace_id")
_WANTED = {
    Type.INTEGER: "a number, as in 500 or 10k",
    Type.NUMBER: "a number, as in 0.7",
    Type.MONEY: "an amount, as in 0.01 or $0.01",
    Type.DURATION: "a duration with its unit, as in 2s, 500ms or 1h30m",
    Type.TIME: "a time, as in 2026-11-20, 2026-11-20T14:00Z or -2h",
    Type.SIZE: "a size, as in 512 or 10kb",
}
_READERS: dict[Type, Callable[[str], int | float | None]] = {
    Type.DURATION: literals.duration,
    Type.MONEY: literals.money,
    Type.SIZE: literals.size,
}
_T = TypeVar("_T")
_YES, _NO = ("true", "yes"), ("false", "no")


class Values:
    """Reads the values of conditions at a moment `now` (nanoseconds), which relative times count from."""

    def __init__(self, now: int) -> None:
        self._now = now

    def of_field(self, node: Condition, field: Field) -> tuple[Test, ...]:
        """The tests on a field that is neither a content nor a log."""
        if field.type is Type.SEVERITY:
            return self._severities(node)
        if field.type in ORDERED:
            return self.ordered(node, field.type, field.nanoseconds)
        if node.operator is not Operator.IS:
            raise FilterError(
                f"{shown(node.name.text)} is {field.type}, it has no order",
                node.place.offset,
                node.place.length,
                expected=f"{shown(node.name.text)}: and a value",
            )
        if field.type is Type.BOOL:
            return tuple(
                Is(self._read(v, literals.boolean, "true or false", ("true", "false"))) for v in node.values
            )
        if field.type is Type.WORD:
            return _texts([self._one_of(v, field) for v in node.values])
        if field.sql in _LOWER:
            return _texts([Value(tuple(s.lower() for s in v.segments), v.quoted) for v in node.values])
        return _texts(node.values)

    def _severities(self, node: Condition) -> tuple[Test, ...]:
        """A name is the whole of its numbers: `>=warn` begins with them, `>warn` behind them."""
        if node.operator is Operator.IS:
            return tuple(self._severity_range(value) for value in node.values)
        first, last = self._severity(node.values[0])
        match node.operator:
            case Operator.ABOVE:
                return (Between(last, None, low_open=True),)
            case Operator.FROM:
                return (Between(first, None),)
            case Operator.BELOW:
                return (Between(None, first, high_open=True),)
            case _:
                return (Between(None, last),)

    def _severity_range(self, value: Value) -> Between:
        low, dots, high = value.text.partition("..")
        if not dots or value.quoted:
            return Between(*self._severity(value))
        below = Value((low,), False, Place(value.place.offset, len(low)))
        above = Value((high,), False, Place(value.place.offset + len(low) + 2, len(high)))
        return Between(self._severity(below)[0] if low else None, self._severity(above)[1] if high else None)

    def _severity(self, value: Value) -> tuple[int, int]:
        wanted = f"one of {', '.join(SEVERITIES)}, or a number from 1 to 24"
        return self._read(value, literals.severity, wanted, tuple(SEVERITY_WORDS))

    def _one_of(self, value: Value, field: Field) -> Value:
        word = value.text.lower()
        if value.wild and not value.quoted:
            return Value(tuple(s.lower() for s in value.segments))
        if word not in field.words:
            raise FilterError(
                f"{shown(value.text)} is not a {field.names[0]}",
                value.place.offset,
                value.place.length,
                expected=f"one of {', '.join(field.words)}",
                proposal=nearest(word, field.words),
            )
        return Value((word,))

    def ordered(self, node: Condition, type_: Type, unit: int = 1) -> tuple[Test, ...]:
        """The tests on what has an order; `unit` is how many nanoseconds one of the column's units is."""
        if node.operator is Operator.IS:
            return tuple(self._stretch(v, type_, unit) for v in node.values)
        first, _ = self._ends(node.values[0], type_, unit)
        match node.operator:
            case Operator.ABOVE:
                return (Between(first, None, low_open=True),)
            case Operator.FROM:
                return (Between(first, None),)
            case Operator.BELOW:
                return (Between(None, first, high_open=True),)
            case _:
                return (Between(None, first),)

    def _stretch(self, value: Value, type_: Type, unit: int) -> Between:
        """What stands behind a colon: one value, or `a..b` with both ends included."""
        low, dots, high = value.text.partition("..")
        if not dots or value.quoted:
            return Between(*self._ends(value, type_, unit))
        at = value.place.offset + len(low) + 2
        # `a..<b`: up to b, without it.
        without_high = high.startswith("<")
        high, at = (high[1:], at + 1) if without_high else (high, at)
        if not low and not high:
            raise self._wrong(value, "a value on at least one side of ..")
        below = Value((low,), False, Place(value.place.offset, len(low)))
        above = Value((high,), False, Place(at, len(high)))
        first = self._ends(below, type_, unit)[0] if low else None
        last = self._ends(above, type_, unit)[0 if without_high else 1] if high else None
        if first is not None and last is not None and first > last:
            raise self._wrong(value, "the smaller value first")
        return Between(first, last, high_open=without_high and last is not None)

    def _ends(self, value: Value, type_: Type, unit: int) -> tuple[int | float, int | float]:
        """The first and last value that a word means, in the column's unit; a day has two, a number one."""
        wanted = _WANTED[type_]
        if type_ is Type.TIME:
            found = self._read(value, lambda text: literals.time(text, self._now), wanted)
            return found.first, found.last
        one = self._read(value, _READERS.get(type_, literals.number), wanted)
        if unit != 1:
            one /= unit
        return one, one

    def _read(
        self, value: Value, reader: Callable[[str], _T | None], wanted: str, words: tuple[str, ...] = ()
    ) -> _T:
        found = None if value.wild else reader(value.text.strip())
        if found is None:
            raise self._wrong(value, wanted, words)
        return found

    def _wrong(self, value: Value, wanted: str, words: tuple[str, ...] = ()) -> FilterError:
        proposal = nearest(value.text, words)
        if wanted is _WANTED[Type.DURATION] and literals.number(value.text) is not None:
            proposal = f"{value.text}s"
        return FilterError(
            f"{shown(value.text) or 'this'} does not fit here",
            value.place.offset,
            value.place.length,
            expected=wanted,
            proposal=proposal,
        )

    def of_score(self, node: Condition) -> tuple[Test, ...]:
        """The tests on a score: as label, and as number or truth where the word is one."""
        tests = self.of_attribute(node)
        if node.operator is not Operator.IS:
            return tests
        bare = (v.text.lower() for v in node.values if not v.quoted)
        return (*tests, *(Is(word in _YES) for word in bare if word in (*_YES, *_NO)))

    def of_attribute(self, node: Condition) -> tuple[Test, ...]:
        """The tests on an attribute, whose type only the data knows: as text, and as number if it is one."""
        if node.operator is not Operator.IS:
            return self.ordered(node, Type.NUMBER)
        words: list[Value] = []
        numbers: list[Test] = []
        for value in node.values:
            low, dots, high = value.text.partition("..")
            ends = [literals.exact_number(x) for x in (low, high.removeprefix("<")) if x]
            if dots and not value.quoted and ends and None not in ends:
                numbers.append(self._stretch(value, Type.NUMBER, 1))
                continue
            words.append(value)
            exact = None if value.quoted else literals.exact_number(value.text)
            if exact is not None:
                numbers.append(Between(exact, exact))
        return (*_texts(words), *numbers)


def _texts(values: Sequence[Value]) -> tuple[Test, ...]:
    """Tests on texts: one for all that are whole, one for each with wildcards."""
    whole = tuple(dict.fromkeys(v.segments[0] for v in values if not v.wild))
    tests: list[Test] = [Among(whole)] if whole else []
    return (*tests, *(Like(v.segments) for v in values if v.wild))
