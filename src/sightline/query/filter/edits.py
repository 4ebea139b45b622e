"""A filter changed by one value of a field: with it, without it, or anything but it. Pure.

Only conditions that stand beside others are changed, not those inside of alternatives: these are part of what
was asked. It is what `facets` leaves out when it counts a field's values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sightline.query.filter.fields import find
from sightline.query.filter.nodes import (
    And,
    Condition,
    Everything,
    Has,
    Name,
    Node,
    Not,
    Operator,
    Value,
    joined,
)
from sightline.query.filter.spelling import spell_name


def parts_of(node: Node) -> list[Node]:
    """The conditions of a filter that stand beside each other."""
    if isinstance(node, Everything):
        return []
    return list(node.parts) if isinstance(node, And) else [node]


def all_of(parts: Sequence[Node]) -> Node:
    """Conditions as one filter; none is everything."""
    return joined(And, list(parts)) if parts else Everything()


def about(node: Node, name: str) -> bool:
    """Whether a node is a condition on this field, or the negation of one."""
    if isinstance(node, Not):
        return about(node.part, name)
    if not isinstance(node, Condition | Has):
        return False
    field, other = find(node.name.text), find(name)
    if field or other:
        return field is other
    return spell_name(node.name.text) in (name, name.removeprefix("attr."))


def asked(node: Node, name: str) -> list[str]:
    """The values of a field that the filter names, chosen or excluded, beside its other conditions."""
    found = []
    for part in parts_of(node):
        inner = part.part if isinstance(part, Not) else part
        if about(part, name) and isinstance(inner, Condition) and inner.operator is Operator.IS:
            found += [value.segments[0] for value in inner.values if not value.wild]
    return list(dict.fromkeys(found))


def chosen(node: Node, name: str, text: str) -> bool:
    """Whether a value of a field ('' is not set) is what the filter asks for, beside its other conditions."""
    return any(_asks(part, text) for part in parts_of(node) if about(part, name))


def excluded(node: Node, name: str, text: str) -> bool:
    """Whether the filter excludes a value of a field ('' is not set)."""
    for part in parts_of(node):
        if not about(part, name):
            continue
        if text and isinstance(part, Not) and _asks(part.part, text):
            return True
        if not text and isinstance(part, Has):
            return True
    return False


def _asks(node: Node, text: str) -> bool:
    if isinstance(node, Not):
        return not text and isinstance(node.part, Has)
    return (
        isinstance(node, Condition)
        and node.operator is Operator.IS
        and any(_means(value, text) for value in node.values)
    )


def _means(value: Value, text: str) -> bool:
    if value.wild:
        return bool(re.fullmatch(".*".join(map(re.escape, value.segments)), text, re.DOTALL))
    return value.segments[0] == text


def toggled(node: Node, name: str, holds: Node, text: str) -> Node:
    """The filter with a value chosen, or no longer chosen or excluded. `holds` is the condition for it alone.

    Values of one field that are chosen are alternatives. What cannot be one, such as what is not set, stands
    alone.
    """
    parts = parts_of(node)
    own = [part for part in parts if about(part, name)]
    rest = [part for part in parts if not about(part, name)]
    if excluded(node, name, text) or (chosen(node, name, text) and not _wild(own, text)):
        return all_of([*rest, *_without(own, text)])
    listed = [p for p in own if isinstance(p, Condition) and p.operator is Operator.IS]
    if len(own) == len(listed) == 1 and isinstance(holds, Condition) and not _wild(own, text):
        first = listed[0]
        return all_of([*rest, Condition(first.name, Operator.IS, (*first.values, *holds.values))])
    # A pattern is narrowed to the one value; a condition on a limit is no list of values.
    kept = [p for p in own if not _lists(p)]
    return all_of([*rest, *kept, holds])


def without(node: Node, name: str, holds: Node, text: str) -> Node:
    """The filter with a value excluded."""
    parts = [part for part in parts_of(node) if not about(part, name)]
    own = _without([part for part in parts_of(node) if about(part, name)], text)
    if not isinstance(holds, Condition):
        return all_of([*parts, *own, Has(Name(name))])
    excluding = [p for p in own if isinstance(p, Not) and isinstance(p.part, Condition)]
    if len(excluding) == 1 and isinstance(inner := excluding[0].part, Condition):
        own.remove(excluding[0])
        holds = Condition(inner.name, Operator.IS, (*inner.values, *holds.values))
    return all_of([*parts, *own, Not(holds)])


def _lists(node: Node) -> bool:
    """Whether a condition names values, or that there are none."""
    inner = node.part if isinstance(node, Not) else node
    return isinstance(inner, Has) or (isinstance(inner, Condition) and inner.operator is Operator.IS)


def _wild(own: Sequence[Node], text: str) -> bool:
    values = [v for part in own if isinstance(part, Condition) for v in part.values]
    return any(v.wild and _means(v, text) for v in values)


def _without(own: Sequence[Node], text: str) -> list[Node]:
    """Conditions on a field that no longer name a value, chosen or excluded."""
    kept: list[Node] = []
    for part in own:
        inner = part.part if isinstance(part, Not) else part
        if isinstance(inner, Has):
            if text:
                kept.append(part)
            continue
        if not isinstance(inner, Condition) or inner.operator is not Operator.IS:
            kept.append(part)
            continue
        values = tuple(value for value in inner.values if not _means(value, text))
        if values:
            left = Condition(inner.name, inner.operator, values)
            kept.append(Not(left) if isinstance(part, Not) else left)
    return kept
