"""What figures can be broken down by: a field or an attribute, as text; empty where it is not set."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.query.filter import paths
from sightline.query.filter.errors import FilterError, nearest
from sightline.query.filter.fields import Field, Type, fields, find
from sightline.query.filter.nodes import Condition, Has, Name, Node, Not, Operator, Value
from sightline.query.filter.parser import parse
from sightline.query.filter.spelling import spell_name, value_of
from sightline.query.score_columns import ScoreColumn

_GROUPED = frozenset({Type.TEXT, Type.WORD, Type.BOOL, Type.INTEGER})


class NoDimension(ValueError):
    """A name by which nothing can be grouped."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A field or attribute to group by. `sql` is its text over a span `s`, '' where it is not set.

    `type` tells how its values are written in a filter.
    """

    name: str
    sql: str
    type: Type = Type.TEXT
    score: ScoreColumn | None = None
    """What is joined to the rows for it."""

    def holds(self, text: str) -> Node:
        """The condition on spans in the group of this text; '' is not set."""
        name = Name(self.name)
        if not text:
            return Not(Has(name))
        value = value_of(text)
        if self.type is Type.TEXT and self.name.startswith(tuple(paths.COLUMNS)):
            # Bare, a number would also mean other spellings of it.
            value = Value((text,), True)
        return Condition(name, Operator.IS, (value,))


def dimension(name: str, traces: bool = False) -> Dimension:
    """What a name groups by. On traces only what counts for the whole trace. Raises NoDimension."""
    field = find(name)
    if traces and not (field and field.whole_trace and field.type in _GROUPED):
        known = ", ".join(f.names[0] for f in fields() if f.whole_trace and f.type in _GROUPED)
        raise NoDimension(f"traces cannot be grouped by {name[:60]}, their spans can; one of {known}")
    if field is None:
        return _attribute(name)
    if field.type is Type.LIST:
        raise NoDimension(
            f"{name[:60]} is a list: a span would be in several groups; filter by one of its values"
        )
    if field.type not in _GROUPED:
        raise NoDimension(f"{name[:60]} is {field.type}: group by what has few values, measure what has many")
    return Dimension(field.names[0], text_of(field), field.type)


def text_of(field: Field) -> str:
    """A field as text, '' where it is unknown."""
    if field.type in (Type.TEXT, Type.WORD):
        return field.sql if field.empty else f"ifNull({field.sql}, '')"
    return f"ifNull(toString({field.sql}), '')"


def _attribute(name: str) -> Dimension:
    try:
        read = parse(f"has:{name}")
    except FilterError as error:
        raise NoDimension(f"{name[:60]!r} is no field: {error}") from error
    plain = read.name.text if isinstance(read, Has) else ""
    head = next((h for h in paths.COLUMNS if plain.startswith(h)), "")
    if not head and "." not in plain.strip("."):
        close = nearest(name, [n for f in fields() if f.type in _GROUPED for n in f.names], 0.7)
        hint = f'; did you mean "{close}"?' if close else f"; attributes are called attr.{name[:60]}"
        raise NoDimension(f"there is no field {name[:60]!r}{hint}")
    key = plain[len(head) :]
    try:
        path = paths.read_path(paths.COLUMNS[head or "attr."], key)
        text = paths.text(path)
    except ValueError as error:
        raise NoDimension(str(error)) from error
    field = find(path.field) if path.field else None
    beside = f", {text_of(field)}" if field and field.type in _GROUPED else ", ''"
    return Dimension(spell_name((head or "attr.") + key), f"ifNull({text}{beside})")
