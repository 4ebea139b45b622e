"""Bodies of requests: read with limits, checked against the same JSON Schema that the documentation shows.

Only the part of JSON Schema that the API uses: type, required, properties, additionalProperties, items, enum,
pattern, minimum, maximum, minLength, maxLength.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from sightline.api.problems import Problem

MAX_BODY = 1 * 2**20
_MAX_DEPTH = 64
Schema = Mapping[str, Any]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


async def read_json(request: Request) -> Any:
    """The body as JSON. Raises Problem: 415 for another content type, 413 when too long, 400 when no JSON."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        # Also what keeps forms of other sites out: they cannot send this type.
        named = content_type[:80] or "none"
        raise Problem(415, f"The content type is {named}; send application/json.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise Problem(413, f"The body is longer than {MAX_BODY // 2**20} MiB.")
    except ClientDisconnect as error:
        raise Problem(400, "The client left before the body was complete.") from error
    try:
        return orjson.loads(bytes(body))
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"The body is not JSON: {error}.") from error


def check(value: Any, schema: Schema) -> None:
    """Compare a value with a schema. Raises Problem 422 with every difference and where it is."""
    errors = [
        {"pointer": pointer or "/", "detail": detail} for pointer, detail in _errors(value, schema, "", 0)
    ]
    if errors:
        first = errors[0]
        where = "the body" if first["pointer"] == "/" else first["pointer"].lstrip("/").replace("/", ".")
        raise Problem(422, f"{where}: {first['detail']}", errors=errors[:20])


def _errors(value: Any, schema: Schema, pointer: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MAX_DEPTH:
        yield pointer, "nested too deeply."
        return
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if names and not any(_is(value, name) for name in names):
        yield pointer, f"expected {' or '.join(names)}, got {_name(value)}."
        return
    if "enum" in schema and value not in schema["enum"]:
        yield pointer, f"expected one of {', '.join(map(str, schema['enum']))}."
    if isinstance(value, str):
        yield from _text_errors(value, schema, pointer)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            yield pointer, f"expected at least {schema['minimum']}."
        if "maximum" in schema and value > schema["maximum"]:
            yield pointer, f"expected at most {schema['maximum']}."
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _errors(item, schema["items"], f"{pointer}/{index}", depth + 1)
    elif isinstance(value, dict):
        yield from _object_errors(value, schema, pointer, depth)


def _text_errors(value: str, schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if len(value) < schema.get("minLength", 0):
        yield pointer, "must not be empty."
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield pointer, f"longer than {schema['maxLength']} characters."
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield pointer, f"expected text like {schema['pattern']}."


def _object_errors(
    value: dict[str, Any], schema: Schema, pointer: str, depth: int
) -> Iterator[tuple[str, str]]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{pointer}/{name}", "is missing."
    for name, item in value.items():
        if name in properties:
            yield from _errors(item, properties[name], f"{pointer}/{name}", depth + 1)
        elif schema.get("additionalProperties") is False:
            yield f"{pointer}/{name[:80]}", f"is not known; known are {', '.join(properties)}."


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _name(value: Any) -> str:
    return next(name for name in _TYPES if _is(value, name))
