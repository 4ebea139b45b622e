"""A tree as its canonical text. Read again, the text gives the same tree."""

from __future__ import annotations

from sightline.query.filter.nodes import (
    And,
    Condition,
    Everything,
    Has,
    Name,
    Node,
    Not,
    Of,
    Operator,
    Or,
    Quantified,
    Related,
    Text,
    Value,
)
from sightline.query.filter.tokens import PATHS

_UNSAFE_IN_NAMES = frozenset('()":<>=')
_UNSAFE_IN_VALUES = frozenset('(),"*')


def spell(node: Node) -> str:
    """The canonical text of a filter: short words, one spelling for each thing."""
    return _or(node, grouped=False)


def quotes(text: str) -> str:
    """A text in quotes, as the tokenizer reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spell_name(name: str) -> str:
    """A field's name, with quotes around a path that needs them."""
    head = next((p for p in PATHS if name.startswith(p)), "")
    path = name[len(head) :]
    plain = not any(c.isspace() or c in _UNSAFE_IN_NAMES for c in path) and "!=" not in path
    return name if plain or not head else head + quotes(path)


def spell_value(value: Value) -> str:
    """A value, bare where it may be."""
    if value.quoted:
        if not value.wild:
            return quotes(value.segments[0])
        some = any(value.segments)
        return "*".join(
            quotes(s) if s or (not some and at == 0) else "" for at, s in enumerate(value.segments)
        )
    return value.text


def value_of(text: str) -> Value:
    """The value that means exactly this text: in quotes where it would mean something else without."""
    plain = (
        bool(text) and text[0] not in "<>=" and not any(c.isspace() or c in _UNSAFE_IN_VALUES for c in text)
    )
    return Value((text,), not plain)


def _or(node: Node, grouped: bool) -> str:
    if isinstance(node, Or):
        return " or ".join(_and(part, grouped) for part in node.parts)
    return _and(node, grouped)


def _and(node: Node, grouped: bool) -> str:
    # Between statements on a group `and` is spelled out: beside each other would be one run.
    if isinstance(node, And):
        return (" and " if grouped else " ").join(_unary(part, grouped) for part in node.parts)
    return _unary(node, grouped)


def _unary(node: Node, grouped: bool) -> str:
    match node:
        case Everything():
            return ""
        case And() | Or():
            return f"({_or(node, grouped)})"
        case Not(part):
            simple = isinstance(part, Condition | Has | Text | Related | Of)
            return f"-{_unary(part, grouped)}" if simple else f"-({_or(part, grouped).strip()})"
        case Condition(name, operator, values):
            return spell_name(name.text) + operator.value + ",".join(map(spell_value, values))
        case Has(name):
            return f"has:{spell_name(name.text)}"
        case Text(segments):
            return quotes(segments[0]) if len(segments) == 1 else "*".join(segments)
        case Related(relation, part):
            return f"{relation.value} {_unary(part, grouped=False)}"
        case Of(whole, part):
            return f"{whole.value}:({_or(part, grouped=True)})"
        case Quantified(quantifier, part):
            run = _and(part, grouped=False) if isinstance(part, And) else _unary(part, grouped=False)
            return f"{quantifier.value} {run}"


def condition(name: str, *texts: str) -> str:
    """The filter for a field with one of these texts as its value: how a figure opens what is behind it."""
    return spell(Condition(Name(name), Operator.IS, tuple(map(value_of, texts))))
