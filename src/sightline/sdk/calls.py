"""Calls that nothing instruments: `llm_call`, `retrieval`, `tool`."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar, overload

from opentelemetry.context import get_current
from opentelemetry.context.context import Context
from opentelemetry.trace import SpanKind

from sightline.sdk import names, running
from sightline.sdk.answers import Answer, answer_of
from sightline.sdk.attribute_values import word
from sightline.sdk.call_parameters import request_attributes
from sightline.sdk.capture import json_of
from sightline.sdk.driving import end_abandoned
from sightline.sdk.errors import COLLECTED, note_end
from sightline.sdk.levels import SPAN_KEY, leave, prepared
from sightline.sdk.messages import Message, messages_of, parts_of, text_of_messages
from sightline.sdk.spans import Span, trouble
from sightline.sdk.stream_reading import StreamReading
from sightline.sdk.streams import AsyncStream, Stream, measured
from sightline.sdk.usage import Usage, number, usage_of

T = TypeVar("T")
Operation = Literal[
    "chat", "generate_content", "text_completion", "embeddings", "rerank", "create_agent", "invoke_agent"
]
_KINDS: Final = {
    "embeddings": "EMBEDDING",
    "rerank": "RERANKER",
    "create_agent": "AGENT",
    "invoke_agent": "AGENT",
}


class LlmCall(Span):
    """One call of a model. Start it with `with sightline.llm_call(…) as call:`, or `async with`."""

    __slots__ = ("_block_over", "_messages", "_open_streams", "_operation", "_outer", "_started", "_system")

    def __init__(
        self,
        name: str,
        attributes: dict[str, Any],
        operation: str,
        messages: object,
        system: object,
        input: object,  # noqa: A002
    ) -> None:
        super().__init__(name, attributes, SpanKind.CLIENT, input)
        self._operation = operation
        self._messages, self._system = messages, system
        self._open_streams = 0
        self._block_over = False
        self._started = 0
        self._outer: Context = get_current()

    def messages(self, messages: object) -> Self:
        """What the model is asked, where it is known only now: as with `llm_call(messages=…)`.

        >>> import sightline
        >>> with sightline.llm_call(model="local-7b") as call:
        ...     _ = call.messages("Why is the sky blue?").response("Rayleigh scattering.")
        """
        return self._write(names.INPUT_MESSAGES, messages_of, messages)

    def response(
        self,
        value: object = None,
        *,
        text: str | None = None,
        model: str | None = None,
        id: str | None = None,  # noqa: A002  # what users call it
        finish_reason: str | None = None,
    ) -> Self:
        """What the model answered: a provider's response as it came, or a text.

        Text, tool calls, model, id, finish reasons and usage are read from responses of OpenAI, Anthropic,
        Google, Bedrock, Ollama and LangChain, as objects or dicts.

            >>> import sightline
            >>> with sightline.llm_call(model="gpt-4o-mini", provider="openai") as call:
            ...     answer = {"choices": [{"message": {"role": "assistant", "content": "42"}}], "usage": {
            ...         "prompt_tokens": 12, "completion_tokens": 1}}
            ...     _ = call.response(answer)
            >>> with sightline.llm_call(model="local-7b") as call:
            ...     _ = call.response("42", finish_reason="stop").usage(input=12, output=1)
        """
        try:
            if self._otel.is_recording():
                answer = answer_of(value) if value is not None else Answer()
                made = dict(answer.usage.attributes()) if answer.usage is not None else {}
                reasons = [finish_reason] if finish_reason else list(answer.finish_reasons)
                said = {
                    names.RESPONSE_MODEL: model or answer.model,
                    names.RESPONSE_ID: id or answer.id,
                    names.FINISH_REASONS: reasons or None,
                    names.DIMENSIONS: answer.dimensions if self._operation == "embeddings" else None,
                }
                self.set({**said, **made})
                if self._operation != "embeddings":
                    self._write(names.OUTPUT_MESSAGES, list, messages_of_answer(text, answer.messages))
        except Exception as error:  # the border
            trouble("LlmCall.response", error)
        return self

    def usage(
        self,
        value: object = None,
        *,
        input: int | None = None,  # noqa: A002  # what users call it
        output: int | None = None,
        cache_read: int | None = None,
        cache_write: int | None = None,
        reasoning: int | None = None,
    ) -> Self:
        """Tokens: a provider's `usage` object, or numbers. None is unknown, which 0 is not.

        `input` includes the cached tokens and `output` the reasoning ones; providers that count them apart
        are added up when their own object is given.

            >>> import sightline
            >>> with sightline.llm_call(model="claude-sonnet-4-5", provider="anthropic") as call:
            ...     _ = call.usage({"input_tokens": 3, "cache_read_input_tokens": 900, "output_tokens": 40})
            >>> with sightline.llm_call(model="local-7b") as call:
            ...     _ = call.usage(input=903, output=40, cache_read=900)
        """
        try:
            said = Usage(
                number(input), number(output), number(cache_read), number(cache_write), number(reasoning)
            )
            read = usage_of(value) if value is not None else None
            self.set((read.then(said) if read is not None else said).attributes())
        except Exception as error:  # the border
            trouble("LlmCall.usage", error)
        return self

    @overload
    def stream(self, chunks: AsyncIterable[T]) -> AsyncStream[T]: ...
    @overload
    def stream(self, chunks: Iterable[T]) -> Stream[T]: ...
    def stream(self, chunks: Any) -> Any:
        """The provider's stream, measured: iterate what this gives instead, also after the block.

        Every chunk comes through as it is. Time to the first chunk with content, the gaps between chunks,
        text, tool calls and the usage at the end are noted; the span ends with the stream, also when it is
        left early.

            >>> import sightline
            >>> def answer():
            ...     with sightline.llm_call(model="local-7b", messages="hi") as call:
            ...         return call.stream(iter(["Hel", "lo"]))
            >>> "".join(answer())
            'Hello'
        """
        try:
            if not self._once:
                self._begin(get_current())
                self._block_over = True
            reading = StreamReading.of_nothing()
            if self._otel.is_recording():
                reading = StreamReading(running.content_limit(), self._started)
            running.attend()
            level, context = prepared(self, self._outer)
            self._open_streams += 1
            return measured(chunks, reading, self, level, Context({**context, SPAN_KEY: self._otel}))
        except Exception as error:  # the border
            trouble("LlmCall.stream", error)
            return chunks

    def _stream_ended(self, reading: StreamReading, error: BaseException | None, at: int | None) -> None:
        """How a stream of this call ended; called by the stream."""
        self._open_streams -= 1
        self._read(reading)
        if self._block_over and self._open_streams <= 0:
            self._end(error, at)
        elif error is not None:
            # Still inside the block, which may go on; the same error at its end is not noted twice.
            self._noted = error
            note_end(self._otel, error)

    def _stream_abandoned(self, reading: StreamReading, at: int) -> None:
        """A stream of this call that nobody holds any more; called later, outside the finalizer."""
        self._open_streams -= 1
        self.set({names.LEFT_EARLY: COLLECTED})
        self._read(reading)
        if self._block_over and self._open_streams <= 0:
            self._end(None, at)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the call, unless a stream of it is still to be read."""
        end_abandoned()
        self._block_over = True
        if self._level is not None:
            leave(self._level)
        if error is not None or self._open_streams <= 0:
            self._end(error)

    def _begin(self, outer: Context) -> None:
        end_abandoned()
        self._outer = outer
        self._block_over = False
        super()._begin(outer)
        self._messages = self._system = None
        self._started = perf_counter_ns()

    def _begun(self, limit: int) -> None:
        if self._messages is not None:
            self._write(names.INPUT_MESSAGES, messages_of, self._messages)
        if self._system is not None:
            parts = parts_of(self._system)
            self._otel.set_attribute(names.SYSTEM_INSTRUCTIONS, json_of(parts, limit))

    def _write(self, name: str, make: Callable[[Any], list[Message]], said: object) -> Self:
        try:
            limit = running.content_limit()
            empty = said is None or (type(said) in (list, tuple, str) and not said)  # asks no other type
            if limit and not empty and self._otel.is_recording():
                self._otel.set_attribute(name, text_of_messages(make(said), limit))
        except Exception as error:  # the border
            trouble("messages", error)
        return self

    def _read(self, reading: StreamReading) -> None:
        try:
            if self._otel.is_recording():
                self._otel.set_attributes(reading.attributes())
                self._write(names.OUTPUT_MESSAGES, list, reading.messages())
        except Exception as error:  # the border
            trouble("stream", error)


def messages_of_answer(text: str | None, messages: Sequence[Message]) -> list[Message]:
    """The answer's messages; a text that is given outright stands for them."""
    if text is not None:
        return [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]
    return list(messages)


def llm_call(
    model: str | None = None,
    provider: str | None = None,
    messages: object = None,
    *,
    operation: Operation | str = "chat",
    system: object = None,
    input: object = None,  # noqa: A002  # what users call it
    name: str | None = None,
    **params: object,
) -> LlmCall:
    """A call of a model that nothing instruments; also with `async with`.

    `messages` may have OpenAI's, Anthropic's, Google's or the GenAI conventions' shape, or be one string;
    `system` is what stands apart from them. `params` such as `temperature`, `max_tokens`, `tools` go where
    the conventions have them; others become attributes of that name. `operation="embeddings"` and
    `"rerank"` take `input` instead.

        >>> import sightline
        >>> question = [{"role": "user", "content": "Why is the sky blue?"}]
        >>> with sightline.llm_call(model="local-7b", messages=question, temperature=0.2) as call:
        ...     _ = call.response("Rayleigh scattering.").usage(input=14, output=5)
        >>> with sightline.llm_call(model="bge-m3", operation="embeddings", input=["a", "b"]) as call:
        ...     _ = call.response({"data": [{"embedding": [0.1, 0.2]}], "usage": {"prompt_tokens": 2}})
    """
    done = word(operation)
    if done in ("embeddings", "rerank") and input is None:
        messages, input = None, messages  # noqa: A001  # the parameter
    attributes: dict[str, Any] = {names.OPERATION: done, names.SPAN_KIND: _KINDS.get(done, "LLM")}
    if model is not None:
        attributes[names.REQUEST_MODEL] = word(model)
    if provider is not None:
        attributes[names.PROVIDER] = word(provider)
    try:
        attributes.update(request_attributes(params, running.content_limit()))
    except Exception as error:  # the border
        trouble("llm_call", error)
    spoken = name if name is not None else f"{done} {attributes.get(names.REQUEST_MODEL, '')}".strip()
    return LlmCall(spoken, attributes, done, messages, system, input)
