"""Tools that were offered to a model, from any SDK's list of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.json_text import dumps, parse
from sightline.content.shapes.indexed import nested, numbered
from sightline.records.conversation import ToolDefinition

MAX_TOOLS = 1_000
_INNER = ("function", "tool", "toolSpec", "tool_spec", "definition")
_LISTS = ("function_declarations", "functionDeclarations", "tools", "functions", "function_tools")
_SCHEMAS = (
    "parameters", "input_schema", "inputSchema", "parameters_json_schema", "parametersJsonSchema",
    "json_schema", "parameter_definitions", "args_schema", "schema",
)  # fmt: skip
# Serialised clients of MCP servers carry credentials in these.
_CREDENTIALS = ("headers", "authorization", "authorization_token", "api_key", "http_headers")


def definitions(text: str) -> tuple[ToolDefinition, ...] | None:
    """The tools of a stored text; None when it is no list of tools."""
    found = parse(text)
    return None if found is None else of_value(found.value)


def of_value(value: Any) -> tuple[ToolDefinition, ...] | None:
    """The same of a parsed value: a list, an object that holds one, or numbered keys."""
    if isinstance(value, dict):
        tree = nested(value)
        indexed = numbered(tree, "llm.tools") or numbered(tree, "llm.request.functions")
        for key in _LISTS:
            if indexed is None and isinstance(value.get(key), list):
                return of_value(value[key])
        if indexed is None and not value.keys() & {"name", *_INNER}:
            return None
        value = [value] if indexed is None else indexed
    if not isinstance(value, list):
        return None
    out: list[ToolDefinition] = []
    for one in value[:MAX_TOOLS]:
        made = _tools(one)
        if made is None:
            return None
        out += made
    return tuple(out)


def _tools(one: Any) -> Sequence[ToolDefinition] | None:
    if isinstance(one, str):
        found = parse(one) if one[:1] == "{" else None
        return _tools(found.value) if found else [ToolDefinition(one)] if 0 < len(one) < 300 else None
    if not isinstance(one, dict):
        return None
    for key in ("function_declarations", "functionDeclarations"):
        if isinstance(one.get(key), list):
            return of_value(one[key])
    schema = one.get("tool", one) if isinstance(one.get("tool", one), dict) else one
    if isinstance(schema.get("json_schema"), str):  # OpenInference: the whole tool as JSON text
        inner = parse(schema["json_schema"])
        if inner and isinstance(inner.value, dict) and inner.value.keys() & {"name", "function", "toolSpec"}:
            return _tools(inner.value)
    fields = Fields(one)
    inner_fields = fields.object(*_INNER)
    at = inner_fields or fields
    name = at.text("name") or fields.text("name", "server_label", "type")
    if not name:
        return None
    fields.drop("type")
    description = at.text("description") or fields.text("description")
    parameters = _schema(at) or _schema(fields)
    left = (inner_fields.left() if inner_fields else {}) | fields.left()
    hidden = [key for key in _CREDENTIALS if left.pop(key, None)]
    if hidden:
        left["not shown"] = hidden
    return [ToolDefinition(name, description, parameters, dumps(left) if left else "")]


def _schema(fields: Fields) -> str:
    value = fields.take(*_SCHEMAS)
    if isinstance(value, dict) and value.keys() == {"json"}:  # Bedrock
        value = value["json"]
    return value if isinstance(value, str) else "" if value is None else dumps(value)
