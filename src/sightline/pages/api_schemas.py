"""JSON Schemas as people read them: line by line, and as an example. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DEEPEST = 6
_ONE = frozenset({"object", "string", "integer", "number", "time"})


@dataclass(frozen=True, slots=True)
class Shape:
    """A line of a JSON Schema: how deep it stands, what it is called and is."""

    depth: int
    name: str
    kind: str
    says: str
    sometimes: bool


def example(schema: Mapping[str, Any]) -> Any:
    """A value that a schema allows: its own example, else the shortest with everything that is required."""
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            wanted = schema.get("required") or list(schema.get("properties", {}))[:1]
            return {name: example(schema["properties"][name]) for name in wanted}
        case "array":
            return [example(schema["items"])]
        case "integer" | "number":
            return schema.get("default", schema.get("minimum", 1))
        case "boolean":
            return True
        case _:
            return schema.get("description", "text")


def shapes(schema: Mapping[str, Any], depth: int = 0) -> Iterator[Shape]:
    """The properties of a schema, line by line, what is inside of them deeper."""
    if depth > _DEEPEST:
        return
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        yield Shape(depth, name, _kind(inner), str(inner.get("description", "")), name not in required)
        yield from shapes(_inside(inner), depth + 1)


def _inside(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the elements of a list, or the values of an object with any names, are."""
    while True:
        if "items" in schema:
            schema = schema["items"]
        elif isinstance(schema.get("additionalProperties"), Mapping):
            schema = schema["additionalProperties"]
        else:
            return schema


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "anything")
    names = [kind] if isinstance(kind, str) else list(kind)
    words = " or ".join(names)
    if "items" in schema:
        return words.replace("array", f"list of {_several(_kind(schema['items']))}")
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"{words} of {_several(_kind(schema['additionalProperties']))} by name"
    if schema.get("format") == "date-time":
        return words.replace("string", "time")
    return words


def _several(kind: str) -> str:
    return f"{kind}s" if kind in _ONE else kind
