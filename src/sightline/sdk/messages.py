"""Messages in the shape of the GenAI conventions: `[{"role", "parts": [{"type": "text", "content"}]}]`.

They are read from that shape, from OpenAI's (chat and Responses), Anthropic's, Google's, and from plain
strings; dicts or objects.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any, Final

from sightline.sdk.capture import LEAST, cut, json_of
from sightline.sdk.usage import field

Part = dict[str, Any]
Message = dict[str, Any]
_MAX_MESSAGES: Final = 2_000
_MAX_PARTS: Final = 500
_MAX_ARGUMENTS: Final = 100_000
_ROLES: Final = frozenset({"system", "user", "assistant", "tool"})


def messages_of(said: object) -> list[Message]:
    """Messages from whatever a program has: one string, one message, or a list of them.

    >>> messages_of("hi")
    [{'role': 'user', 'parts': [{'type': 'text', 'content': 'hi'}]}]
    >>> messages_of([{"role": "tool", "tool_call_id": "c1", "content": "21 °C"}])
    [{'role': 'tool', 'parts': [{'type': 'tool_call_response', 'id': 'c1', 'response': '21 °C'}]}]
    """
    if said is None:
        return []
    if not isinstance(said, list | tuple):
        return [message_of(said)]
    if len(said) <= _MAX_MESSAGES:
        return [message_of(one) for one in said]
    head = [message_of(said[0]), _note(len(said) - _MAX_MESSAGES)]
    return [*head, *(message_of(one) for one in said[len(said) - _MAX_MESSAGES + 1 :])]


def message_of(said: object, role: str = "user") -> Message:
    """One message; `role` is what a plain string was said as."""
    if isinstance(said, str):
        return {"role": role, "parts": [_text(said)]}
    named = field(said, "role")
    role = named if isinstance(named, str) and named else _role_of(said) or role
    role = {"model": "assistant", "human": "user", "ai": "assistant", "developer": "system"}.get(role, role)
    return {"role": role, "parts": _parts(said, role)}


def text_of_messages(messages: list[Message], limit: int) -> str:
    """Messages as JSON within `limit` characters; the first and the latest are kept.

    >>> text_of_messages(messages_of("hi"), 1_000)
    '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]'
    """
    limit = max(limit, 4 * LEAST)
    if not messages:
        return "[]"
    first = _json(messages[0], limit // 2)
    left = limit - len(first) - 120  # the note on those left out
    kept: list[str] = []
    for message in reversed(messages[1:]):
        text = _json(message, max(left, LEAST) if not kept else limit)
        if len(text) + 2 > left:
            break
        kept.append(text)
        left -= len(text) + 2
    missing = len(messages) - 1 - len(kept)
    note = [json_of(_note(missing), 1_000)] if missing else []
    return f"[{', '.join([first, *note, *reversed(kept)])}]"


def _json(message: Message, limit: int) -> str:
    """A message as JSON; one of a single text, as nearly all are, without the long way."""
    parts = message["parts"]
    if len(parts) == 1 and len(parts[0]) == 2 and parts[0].get("type") == "text":
        text = parts[0].get("content")
        if type(text) is str and len(text) < limit and text.isascii():
            quoted = encode_basestring(text)
            made = f'{{"role": "{message["role"]}", "parts": [{{"type": "text", "content": {quoted}}}]}}'
            if len(made) <= limit and message["role"] in _ROLES and len(message) == 2:
                return made
    return json_of(message, limit)


def parts_of(content: object) -> list[Part]:
    """The parts of a message's content: a string, a part, or a list of parts of whichever provider."""
    if content is None:
        return []
    if isinstance(content, str):
        return [_text(content)]
    listed = content if isinstance(content, list | tuple) else [content]
    return [_part(one) for one in listed[:_MAX_PARTS] if one is not None]


def arguments_of(said: object) -> object:
    """A tool call's arguments: JSON text as what it says, where it is JSON."""
    if isinstance(said, str) and len(said) <= _MAX_ARGUMENTS:
        try:
            return json.loads(said)
        except (ValueError, RecursionError):
            return said
    return said


def _note(missing: int) -> Message:
    return {"role": "system", "parts": [_text(f"…[{missing} messages left out]")]}


def _text(content: str) -> Part:
    return {"type": "text", "content": content}


def _role_of(said: object) -> str | None:
    """The role of items that name none: OpenAI's Responses, LangChain's messages."""
    kind = field(said, "type")
    if kind in ("function_call", "reasoning"):
        return "assistant"
    if kind == "function_call_output":
        return "tool"
    return kind if kind in ("human", "ai", "system", "tool") else None


def _parts(said: object, role: str) -> list[Part]:
    kind = field(said, "type")
    if kind in ("function_call", "function_call_output", "reasoning"):
        return [_part(said)]
    parts = field(said, "parts")
    content = field(said, "content")
    if isinstance(parts, list | tuple):
        made = parts_of(parts)
    elif role == "tool" and field(said, "tool_call_id") is not None:
        made = [{"type": "tool_call_response", "id": field(said, "tool_call_id"), "response": content}]
    else:
        made = parts_of(content)
    reasoning = field(said, "reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        made.insert(0, {"type": "reasoning", "content": reasoning})
    refusal = field(said, "refusal")
    if isinstance(refusal, str) and refusal:
        made.append({"type": "refusal", "content": refusal})
    calls = field(said, "tool_calls")
    if isinstance(calls, list | tuple):
        made.extend(_tool_call(call) for call in calls[:_MAX_PARTS])
    return made


def _tool_call(call: object) -> Part:
    function = field(call, "function")
    inner = call if function is None else function
    arguments = field(inner, "arguments")
    return {
        "type": "tool_call",
        "id": field(call, "id"),
        "name": field(inner, "name"),
        "arguments": arguments_of(arguments if arguments is not None else field(inner, "args")),
    }


def _part(said: object) -> Part:
    """One part, by its type where it names one, else by its fields (Google's name none)."""
    if isinstance(said, str):
        return _text(said)
    kind = field(said, "type")
    made = _TYPED[kind](said) if isinstance(kind, str) and kind in _TYPED else _untyped(said)
    if made is not None:
        return made
    return said if isinstance(said, dict) else {"type": str(kind or "unknown"), "content": said}


def _untyped(said: object) -> Part | None:
    if isinstance(field(said, "type"), str):
        return None
    text = field(said, "text")
    if isinstance(text, str):
        return {"type": "reasoning", "content": text} if field(said, "thought") is True else _text(text)
    call = field(said, "function_call") or field(said, "functionCall") or field(said, "toolUse")
    if call is not None:
        made = _tool_call(call)
        return {
            **made,
            "id": made["id"] or field(call, "toolUseId"),
            "arguments": made["arguments"] or field(call, "input"),
        }
    answer = field(said, "function_response") or field(said, "functionResponse")
    if answer is not None:
        return {"type": "tool_call_response", "id": field(answer, "id") or field(answer, "name"),
                "response": field(answer, "response")}  # fmt: skip
    data = field(said, "inline_data") or field(said, "inlineData")
    if data is not None:
        return _blob(field(data, "mime_type") or field(data, "mimeType"), field(data, "data"))
    return None


def _blob(mime: object, data: object) -> Part:
    modality = str(mime).partition("/")[0] if isinstance(mime, str) else "image"
    return {"type": "blob", "mime_type": mime, "modality": modality, "content": data}


def _picture(said: object) -> Part:
    place = field(said, "image_url")
    uri = place if isinstance(place, str) else field(place, "url")
    if isinstance(uri, str) and uri.startswith("data:"):
        head, _, data = uri.partition(",")
        return _blob(head[5:].partition(";")[0], data)
    return {"type": "uri", "modality": "image", "uri": uri}


def _anthropic_picture(said: object) -> Part:
    source = field(said, "source")
    if isinstance(field(source, "url"), str):
        return {"type": "uri", "modality": "image", "uri": field(source, "url")}
    return _blob(field(source, "media_type"), field(source, "data"))


def _typed_text(said: object) -> Part | None:
    text = field(said, "text")
    return _text(text) if isinstance(text, str) else None  # GenAI's own has `content` and stays as it is


def _thinking(said: object) -> Part | None:
    text = field(said, "thinking")
    return {"type": "reasoning", "content": text} if isinstance(text, str) else None


def _tool_use(said: object) -> Part:
    return {
        "type": "tool_call",
        "id": field(said, "id"),
        "name": field(said, "name"),
        "arguments": field(said, "input"),
    }


def _tool_result(said: object) -> Part:
    return {
        "type": "tool_call_response",
        "id": field(said, "tool_use_id"),
        "response": field(said, "content"),
    }


def _function_call(said: object) -> Part:
    return {**_tool_call(said), "id": field(said, "call_id") or field(said, "id")}


def _function_output(said: object) -> Part:
    return {"type": "tool_call_response", "id": field(said, "call_id"), "response": field(said, "output")}


def _summary(said: object) -> Part | None:
    listed = field(said, "summary")
    if not isinstance(listed, list | tuple):
        return None
    texts = [field(one, "text") for one in listed[:_MAX_PARTS]]
    return {
        "type": "reasoning",
        "content": cut("\n".join(t for t in texts if isinstance(t, str)), _MAX_ARGUMENTS),
    }


_TYPED: Final[dict[str, Any]] = {
    "text": _typed_text,
    "input_text": _typed_text,
    "output_text": _typed_text,
    "thinking": _thinking,
    "image_url": _picture,
    "input_image": _picture,
    "image": _anthropic_picture,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "function_call": _function_call,
    "function_call_output": _function_output,
    "reasoning": _summary,
}
