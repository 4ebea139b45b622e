"""Tool calls and their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.json_text import dumps
from sightline.content.reader import Reader
from sightline.records.conversation import Image, Part, ResultPart, Text, ToolCall, ToolResult

_CALL_IDS = ("call_id", "toolCallId", "tool_call_id", "toolUseId", "tool_use_id", "callId", "id")
_NAMES = ("name", "toolName", "tool_name", "function_name", "tool")
_ARGUMENTS = ("arguments", "input", "args", "tool_kwargs", "parameters", "partial_json", "arguments_json")
_RESULTS = ("response", "result", "content", "output", "outputs", "value", "results", "data")

# The result of a tool of an MCP server: its content is what counts, the structure says it again.
_MCP = {"content", "isError", "is_error", "structuredContent", "_meta", "meta"}


def call_id(fields: Fields) -> str:
    """The id that ties a call to its result; the item's own id is another one."""
    found = fields.text(*_CALL_IDS)
    fields.drop("id")
    return found


def arguments(value: Any) -> str:
    """Arguments as text: what is JSON inside JSON already stays as it was sent."""
    return value if isinstance(value, str) else "" if value is None else dumps(value)


def call(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """A tool call of any family: `function {name, arguments}`, `name` and `input`, `toolName` and `args`."""
    inner = fields.object("function", "tool_call", "functionCall", "function_call", "toolUse")
    at = inner or fields
    name = at.text(*_NAMES) or fields.text(*_NAMES)
    plugin = at.text("plugin_name")
    value = at.take(*_ARGUMENTS)
    if not name and value is None:
        return None
    found = call_id(at) or call_id(fields)
    fields.drop("status", "id")
    if inner is not None:
        fields.leave("function", inner)
    if plugin:  # Semantic Kernel: the name has both already
        fields.drop("function_name")
    if plugin and not name.startswith(plugin):
        name = f"{plugin}-{name}"
    return [ToolCall(name, arguments(value), found)]


def provider_call(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """A tool that the provider runs itself: Anthropic's `server_tool_use`, OpenTelemetry's server calls."""
    inner = fields.peek("server_tool_call")
    found = call(fields, reader)
    if found is None:
        return None
    if isinstance(inner, dict) and isinstance(found[0], ToolCall) and not found[0].arguments:
        fields.drop("server_tool_call")
        said = {k: v for k, v in inner.items() if k != "type"}
        return [ToolCall(found[0].name, dumps(said) if said else "", found[0].id, provider=True)]
    return [ToolCall(p.name, p.arguments, p.id, provider=True) for p in found if isinstance(p, ToolCall)]


def result(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """A tool's result of any family; its value may be text, JSON or a list of parts."""
    inner = fields.object("functionResponse", "function_response", "toolResult", "tool_call_result")
    at = inner or fields
    key = next((k for k in (*_RESULTS, "server_tool_call_response") if k in at), None)
    id_ = call_id(at) or call_id(fields)
    name = at.text(*_NAMES) or fields.text(*_NAMES)
    if key is None and not id_:
        return None
    failed = _failed(at)
    value = at.take(key) if key else None
    said = at.take("error", "errorText")
    if isinstance(value, dict) and _wrapped(value):
        content, failed = _ai_sdk(value, reader), failed or str(value["type"]).startswith("error")
    else:
        content = answer(value, reader)
    if isinstance(said, str | dict):
        content, failed = (*content, *reader.result(said)), True
    origin = at.object("origin")  # Haystack: the call itself, again
    if origin is not None:
        name, id_ = name or origin.text(*_NAMES), id_ or call_id(origin)
        origin.drop("arguments")
        at.leave("origin", origin)
    if inner is not None:
        fields.leave("result", inner)
    return [ToolResult(content, id_, name, failed or said is True)]


def _failed(fields: Fields) -> bool:
    flags = [fields.take("is_error", "isError", "is_failure"), fields.take("status", "outcome", "state")]
    return flags[0] is True or str(flags[1]).lower() in ("error", "failed", "failure", "output-error")


def _wrapped(value: dict[str, Any]) -> bool:
    """Whether a result is in the AI SDK's own wrapping."""
    return isinstance(value.get("type"), str) and value.keys() <= {
        "type",
        "value",
        "providerOptions",
        "reason",
    }


def answer(value: Any, reader: Reader) -> tuple[ResultPart, ...]:
    """The content of a result: an MCP server's is opened."""
    if isinstance(value, dict) and isinstance(value.get("content"), list) and value.keys() <= _MCP:
        return reader.result(value["content"])
    return reader.result(value)


def _ai_sdk(value: dict[str, Any], reader: Reader) -> tuple[ResultPart, ...]:
    """`{type: text | json | error-text | error-json | content | execution-denied, value}`."""
    if "value" in value:
        return reader.result(value["value"])
    return (Text(str(value.get("reason") or value["type"])),)


def provider_item(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """Responses' own tools (`web_search_call`, `mcp_call`, …): the call and what came of it."""
    kind = fields.text("type")
    name = fields.text("name") or kind.removesuffix("_call")
    server = fields.text("server_label")
    value = fields.take("arguments", "action", "actions", "code", "queries", "input", "operation")
    found = call_id(fields)
    fields.drop("status")
    asked = ToolCall(f"{server}.{name}" if server else name, arguments(value), found, provider=True)
    picture = fields.peek("result")
    if kind == "image_generation_call" and isinstance(picture, str):
        fields.drop("result")
        form = fields.text("output_format") or "png"
        return [asked, ToolResult((Image(mime=f"image/{form}", data=picture),), found, name)]
    answer = fields.take("output", "outputs", "results", "result")
    said = fields.take("error")
    if answer is None and said is None:
        return [asked]
    content = (*reader.result(answer), *(reader.result(said)))
    return [asked, ToolResult(content, found, name, error=said is not None)]


def retry(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """Pydantic AI's request to try again: a failed result, or a plain remark when no tool was meant."""
    name = fields.text("tool_name")
    said = fields.take("content")
    content = reader.result(said)
    return [ToolResult(content, call_id(fields), name, error=True)] if name else list(content)
