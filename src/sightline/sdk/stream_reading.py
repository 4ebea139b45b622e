"""What a whole stream said, put together chunk by chunk within a limit."""

from __future__ import annotations

from typing import Any, Final

from sightline.sdk import names
from sightline.sdk.chunk_gaps import ChunkGaps
from sightline.sdk.chunks import Chunk, ToolDelta, chunk_of
from sightline.sdk.messages import Message, arguments_of
from sightline.sdk.usage import Usage

_MAX_CALLS: Final = 200


class StreamReading:
    """Hears every chunk with how long it was waited for, and says in the end what it all was.

    `started_ns`: when the call began, on the clock that `now_ns` is of later.
    """

    def __init__(self, limit: int, started_ns: int) -> None:
        self.gaps = ChunkGaps()
        self.first_ns: int | None = None
        self._started = started_ns
        self._left = limit
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[object, dict[str, Any]] = {}
        self._usage = Usage()
        self._model: str | None = None
        self._id: str | None = None
        self._reason: str | None = None

    def chunk(self, said: object, waited_ns: int, now_ns: int) -> None:
        """One chunk. Never raises: an unknown or broken one is counted and not read."""
        self.gaps.chunk(waited_ns)
        try:
            read = chunk_of(said)
        except Exception:  # the border: whatever a provider's object does
            read = Chunk(unread=True)
        if self.first_ns is None and read.content:
            self.first_ns = now_ns - self._started
        if read.text:
            self._text.append(self._kept(read.text))
        if read.reasoning:
            self._reasoning.append(self._kept(read.reasoning))
        for delta in read.tools:
            self._tool(delta)
        if read.usage is not None:
            self._usage = self._usage.then(read.usage)
        self._model = read.model or self._model
        self._id = read.id or self._id
        self._reason = read.finish_reason or self._reason

    def attributes(self) -> dict[str, Any]:
        """All but the content, as attributes of a span."""
        made: dict[str, Any] = {names.STREAM: True, **self.gaps.attributes(), **self._usage.attributes()}
        if self.first_ns is not None:
            made[names.TIME_TO_FIRST_CHUNK] = max(self.first_ns, 0) / 1e9
        if self._model is not None:
            made[names.RESPONSE_MODEL] = self._model
        if self._id is not None:
            made[names.RESPONSE_ID] = self._id
        if self._reason is not None:
            made[names.FINISH_REASONS] = [self._reason]
        return made

    def messages(self) -> list[Message]:
        """The answer as one message; none where nothing came."""
        parts: list[dict[str, Any]] = []
        if self._reasoning:
            parts.append({"type": "reasoning", "content": "".join(self._reasoning)})
        if self._text:
            parts.append({"type": "text", "content": "".join(self._text)})
        for call in self._calls.values():
            pieces = call.pop("pieces", [])
            if pieces:
                call["arguments"] = arguments_of("".join(pieces))
            parts.append(call)
        return [{"role": "assistant", "parts": parts}] if parts else []

    @staticmethod
    def of_nothing() -> StreamReading:
        """For a stream of a call that is not recorded: hears chunks and reads none."""
        return _NotRead(0, 0)

    def _kept(self, text: str) -> str:
        kept = text if len(text) <= self._left else text[: self._left]
        self._left -= len(kept)
        return kept

    def _tool(self, delta: ToolDelta) -> None:
        key = delta.index if isinstance(delta.index, int) else (delta.id or id(delta))
        call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= _MAX_CALLS:
                return
            call = self._calls[key] = {
                "type": "tool_call",
                "id": None,
                "name": None,
                "arguments": None,
                "pieces": [],
            }
        call["id"] = delta.id or call["id"]
        call["name"] = delta.name or call["name"]
        if isinstance(delta.arguments, str):
            call["pieces"].append(self._kept(delta.arguments))
        elif delta.arguments is not None:
            call["arguments"] = delta.arguments


class _NotRead(StreamReading):
    def chunk(self, said: object, waited_ns: int, now_ns: int) -> None:
        """Nothing."""
