"""One chunk of a streamed answer: text, tool calls and tokens, in whichever provider's shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sightline.sdk.answers import answer_of, text
from sightline.sdk.usage import Usage, field, usage_of


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """A piece of a tool call: `index` says of which; `arguments` is appended, or all of it."""

    index: object
    id: str | None = None
    name: str | None = None
    arguments: object = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one chunk says. `content` tells whether it carries anything of the answer."""

    text: str = ""
    reasoning: str = ""
    tools: tuple[ToolDelta, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str | None = None
    id: str | None = None
    unread: bool = False

    @property
    def content(self) -> bool:
        """Text, reasoning or a piece of a tool call; a chunk of unknown shape counts as content."""
        return bool(self.text or self.reasoning or self.tools or self.unread)


def chunk_of(said: object) -> Chunk:
    """What a chunk of OpenAI, Anthropic, Google, Bedrock, Ollama or LangChain says, or a string.

    >>> chunk_of({"choices": [{"delta": {"content": "Hel"}}]}).text
    'Hel'
    >>> chunk_of({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "lo"}}).text
    'lo'
    """
    if isinstance(said, str):
        return Chunk(text=said)
    kind = field(said, "type")
    if isinstance(kind, str):
        if kind.startswith("response."):
            return _responses(kind, said)
        if kind in _ANTHROPIC:
            return _anthropic(kind, said)
        if kind == "chunk":  # OpenAI's stream helper: the raw chunk, beside events that say the same again
            return chunk_of(field(said, "chunk"))
        if field(said, "snapshot") is not None or kind.startswith(_AGAIN):
            return Chunk()
    choices = field(said, "choices")
    if isinstance(choices, list | tuple):
        return _openai(said, choices)
    candidates = field(said, "candidates")
    if (
        isinstance(candidates, list | tuple)
        or field(said, "usage_metadata", "prompt_token_count") is not None
    ):
        return _google(said, candidates if isinstance(candidates, list | tuple) else [])
    if isinstance(said, dict):
        bedrock = _bedrock(said)
        if bedrock is not None:
            return bedrock
    return _plain(said)


# Events of OpenAI's stream helper that repeat what a raw chunk said; Anthropic's have a snapshot.
_AGAIN = ("content.", "refusal.", "tool_calls.", "logprobs.")


def _openai(said: object, choices: Any) -> Chunk:
    first = choices[0] if choices else None
    delta = field(first, "delta")
    calls = field(delta, "tool_calls")
    tools = tuple(
        ToolDelta(
            field(c, "index"), text(c, "id"), text(c, "function", "name"), text(c, "function", "arguments")
        )
        for c in (calls if isinstance(calls, list | tuple) else ())
    )
    return Chunk(
        text(delta, "content") or text(delta, "refusal") or text(first, "text") or "",
        text(delta, "reasoning_content") or text(delta, "reasoning") or "",
        tools,
        text(first, "finish_reason"),
        usage_of(field(said, "usage")),
        text(said, "model"),
        text(said, "id"),
    )


def _responses(kind: str, said: object) -> Chunk:
    delta = text(said, "delta") or ""
    if kind in ("response.output_text.delta", "response.refusal.delta"):
        return Chunk(text=delta)
    if kind.startswith("response.reasoning") and kind.endswith(".delta"):
        return Chunk(reasoning=delta)
    if kind == "response.function_call_arguments.delta":
        return Chunk(tools=(ToolDelta(field(said, "output_index"), arguments=delta),))
    if kind == "response.output_item.added" and field(said, "item", "type") == "function_call":
        item = field(said, "item")
        return Chunk(
            tools=(ToolDelta(field(said, "output_index"), text(item, "call_id"), text(item, "name")),)
        )
    whole = field(said, "response")
    if whole is not None:
        answer = answer_of(whole)
        ended = kind in ("response.completed", "response.incomplete", "response.failed")
        return Chunk(
            finish_reason=text(whole, "status") if ended else None,
            usage=answer.usage,
            model=answer.model,
            id=answer.id,
        )
    return Chunk()


_ANTHROPIC = frozenset(
    {"message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
     "message_stop", "ping"}
)  # fmt: skip


def _anthropic(kind: str, said: object) -> Chunk:
    if kind == "message_start":
        message = field(said, "message")
        return Chunk(
            usage=usage_of(field(message, "usage")), model=text(message, "model"), id=text(message, "id")
        )
    if kind == "content_block_start" and field(said, "content_block", "type") == "tool_use":
        block = field(said, "content_block")
        return Chunk(tools=(ToolDelta(field(said, "index"), text(block, "id"), text(block, "name")),))
    if kind == "content_block_delta":
        delta = field(said, "delta")
        pieces = text(delta, "partial_json")
        tools = (ToolDelta(field(said, "index"), arguments=pieces),) if pieces else ()
        return Chunk(text(delta, "text") or "", text(delta, "thinking") or "", tools)
    if kind == "message_delta":
        return Chunk(finish_reason=text(said, "delta", "stop_reason"), usage=usage_of(field(said, "usage")))
    return Chunk()


def _google(said: object, candidates: Any) -> Chunk:
    first = candidates[0] if candidates else None
    parts = field(first, "content", "parts")
    parts = parts if isinstance(parts, list | tuple) else ()
    calls = [
        (place, call)
        for place, part in enumerate(parts)
        if (call := field(part, "function_call") or field(part, "functionCall")) is not None
    ]
    return Chunk(
        "".join(text(part, "text") or "" for part in parts if field(part, "thought") is not True),
        "".join(text(part, "text") or "" for part in parts if field(part, "thought") is True),
        # Google sends a call at once, and each is another.
        tuple(
            ToolDelta(object(), text(call, "id"), text(call, "name"), field(call, "args"))
            for _, call in calls
        ),
        text(first, "finish_reason") or text(first, "finishReason"),
        usage_of(field(said, "usage_metadata")) or usage_of(field(said, "usageMetadata")),
        text(said, "model_version") or text(said, "modelVersion"),
        text(said, "response_id") or text(said, "responseId"),
    )


def _bedrock(said: dict[str, Any]) -> Chunk | None:
    if "contentBlockDelta" in said:
        block = said["contentBlockDelta"]
        pieces = text(block, "delta", "toolUse", "input")
        tools = (ToolDelta(field(block, "contentBlockIndex"), arguments=pieces),) if pieces else ()
        return Chunk(
            text(block, "delta", "text") or "", text(block, "delta", "reasoningContent", "text") or "", tools
        )
    if "contentBlockStart" in said:
        block = said["contentBlockStart"]
        use = field(block, "start", "toolUse")
        named = ToolDelta(field(block, "contentBlockIndex"), text(use, "toolUseId"), text(use, "name"))
        return Chunk(tools=(named,)) if use is not None else Chunk()
    if "messageStop" in said:
        return Chunk(finish_reason=text(said, "messageStop", "stopReason"))
    if "metadata" in said and field(said, "metadata", "usage") is not None:
        return Chunk(usage=usage_of(field(said, "metadata", "usage")))
    return Chunk() if "messageStart" in said or "contentBlockStop" in said else None


def _plain(said: object) -> Chunk:
    """Ollama (`message.content`), LangChain (`content`), anything with a text; else unread."""
    content = field(said, "content")
    if isinstance(content, list | tuple):
        words = "".join(text(part, "text") or (part if isinstance(part, str) else "") for part in content)
    else:
        words = text(said, "content") or text(said, "message", "content") or text(said, "response") or ""
        words = words or text(said, "text") or text(said, "delta") or ""
    usage = usage_of(field(said, "usage")) or usage_of(field(said, "usage_metadata")) or usage_of(said)
    reason = text(said, "finish_reason") or text(said, "done_reason")
    reason = reason or text(said, "response_metadata", "finish_reason")
    known = bool(words or usage or reason or content is not None or field(said, "message") is not None)
    return Chunk(words, text(said, "message", "thinking") or "", (), reason, usage, text(said, "model"),
                 text(said, "id"), unread=not known)  # fmt: skip
