"""A tape records one trace: it hands out ids, adds spans and log lines, renders model calls in a dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from sightline.demo.dialects import DIALECTS
from sightline.demo.shapes import (
    CLIENT,
    Attributes,
    Event,
    LogLine,
    Message,
    ModelCall,
    Source,
    Span,
    Trace,
    Value,
)
from sightline.demo.story import SECOND
from sightline.demo.world import Model

DEBUG, INFO, WARN, ERROR = 5, 9, 13, 17


@lru_cache(maxsize=4096)
def scoped(source: Source, scope: str, version: str) -> Source:
    """The same process, another instrumentation."""
    return replace(source, scope=scope, scope_version=version)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an agent or a workflow sums up over its calls, and repeats on its own span."""

    input: int = 0
    output: int = 0
    cached: int = 0

    def plus(self, call: ModelCall) -> Usage:
        """With one more call."""
        return Usage(
            self.input + (call.input_tokens or 0),
            self.output + (call.output_tokens or 0),
            self.cached + (call.cache_read or 0),
        )


class Tape:
    """One trace being recorded. `shared` attributes go on every model call, as context propagation does."""

    def __init__(self, random: Random, shared: Attributes | None = None) -> None:
        self.random = random
        self.trace_id = random.randbytes(16)
        self.shared: dict[str, Value] = dict(shared or {})
        self.spans: list[Span] = []
        self.logs: list[LogLine] = []
        self.usage = Usage()

    def reserve(self) -> bytes:
        """A span id for a span that is added after its children."""
        return self.random.randbytes(8)

    def add(
        self,
        source: Source,
        name: str,
        kind: int,
        start: int,
        end: int,
        attributes: Attributes,
        parent: bytes,
        *,
        span_id: bytes = b"",
        error: str | None = None,
        events: tuple[Event, ...] = (),
    ) -> bytes:
        """Adds a finished span and returns its id."""
        span_id = span_id or self.random.randbytes(8)
        self.spans.append(
            Span(
                source,
                self.trace_id,
                span_id,
                parent,
                name,
                kind,
                start,
                max(end, start + 1000),
                attributes,
                events,
                error,
            )
        )
        return span_id

    def call(
        self, source: Source, dialect: str, call: ModelCall, start: int, end: int, parent: bytes
    ) -> bytes:
        """Adds a model call as `dialect` records it; a failed one brings the exception event of its SDK."""
        how = DIALECTS[dialect]
        rendered = how.render(call, start)
        events = rendered.events
        if call.error:
            said = {"exception.type": call.error, "exception.message": call.error_message}
            events = (*events, Event("exception", end, said))
        self.usage = self.usage.plus(call)
        attributes = {**self.shared, **rendered.attributes}
        return self.add(
            scoped(source, how.scope, how.version),
            rendered.name,
            rendered.kind,
            start,
            end,
            attributes,
            parent,
            error=call.error_message if call.error else None,
            events=events,
        )

    def log(
        self,
        source: Source,
        time: int,
        severity: int,
        body: Value,
        span_id: bytes,
        event_name: str = "",
        **attributes: Value,
    ) -> None:
        """Adds a log line of this trace; `__` in a keyword stands for a dot."""
        named = {k.replace("__", "."): v for k, v in attributes.items()}
        self.logs.append(LogLine(source, time, severity, body, named, self.trace_id, span_id, event_name))

    def trace(self) -> Trace:
        """The finished trace."""
        return Trace(tuple(self.spans), tuple(self.logs))


def identifier(random: Random, prefix: str) -> str:
    """An id as providers make them."""
    return f"{prefix}{random.getrandbits(96):024x}"


PREFIX = {"openai": "chatcmpl-", "anthropic": "msg_", "vllm": "chatcmpl-", "mistral_ai": "cmpl-"}


def converse(
    random: Random,
    model: Model,
    messages: Sequence[Message],
    output: Message,
    *,
    system: str = "",
    tools: str = "",
    stream: bool = False,
    cached: float = 0.0,
    reasoning: int | None = None,
    finish: str = "",
    max_tokens: int | None = 1024,
    prompt: tuple[str, str] = ("", ""),
    capture: bool = True,
) -> tuple[ModelCall, int]:
    """A model call with plausible tokens and its duration. `cached`: share of the input read from cache.

    Providers count a cache read from 1,024 tokens on, in steps of 128.
    """
    prefix = len(system) // 4 + len(tools) // 5 + 8
    sent = prefix + sum(m.tokens for m in messages)
    written = output.tokens + (reasoning or 0)
    if max_tokens is not None and written > max_tokens:
        written, finish = max_tokens, finish or "length"
    read = int(sent * cached) // 128 * 128
    read = read if read >= 1024 else 0
    anthropic = model.provider in ("anthropic", "aws.bedrock")
    cache_write = max(0, sent - read - 40) if anthropic and cached and sent >= 1024 else None
    first = int(model.first * random.lognormvariate(0, 0.3) * (1 + sent / 60_000) * SECOND)
    if reasoning:
        first += int(reasoning / model.speed * SECOND)
    decode = int((written - (reasoning or 0)) / model.speed * random.lognormvariate(0, 0.15) * SECOND)
    call = ModelCall(
        provider=model.provider,
        model=model.name,
        response_model=model.response,
        response_id=identifier(random, PREFIX.get(model.provider, "resp_")),
        messages=messages,
        output=output,
        system=system,
        input_tokens=sent,
        output_tokens=written,
        cache_read=read if cached or model.provider == "openai" else None,
        cache_write=cache_write,
        reasoning_tokens=reasoning,
        finish=finish or ("tool_call" if output.tool_calls else "stop"),
        temperature=None if reasoning is not None else 0.2,
        max_tokens=max_tokens,
        first_token=first if stream else None,
        tools=tools,
        prompt_name=prompt[0],
        prompt_version=prompt[1],
        host=model.host,
        capture=capture,
    )
    return call, first + decode


def refused(call: ModelCall, error: str, message: str) -> ModelCall:
    """The same call, answered with an error: no tokens, no output."""
    return replace(
        call,
        output=None,
        input_tokens=None,
        output_tokens=None,
        cache_read=None,
        cache_write=None,
        reasoning_tokens=None,
        error=error,
        error_message=message,
    )


def http_client(method: str, host: str, path: str, status: int, retry: int = 0) -> dict[str, Value]:
    """Attributes of an outgoing HTTP request."""
    attributes: dict[str, Value] = {
        "http.request.method": method,
        "url.full": f"https://{host}{path}",
        "server.address": host,
        "server.port": 443,
        "http.response.status_code": status,
        "network.protocol.version": "1.1",
    }
    if retry:
        attributes["http.request.resend_count"] = retry
    if status >= 400:
        attributes["error.type"] = str(status)
    return attributes


def http_server(method: str, route: str, path: str, status: int, client: str) -> dict[str, Value]:
    """Attributes of an incoming HTTP request."""
    attributes: dict[str, Value] = {
        "http.request.method": method,
        "http.route": route,
        "url.path": path,
        "url.scheme": "https",
        "http.response.status_code": status,
        "client.address": client,
        "user_agent.original": "Fernwick/8.4 (web)",
    }
    if status >= 500:
        attributes["error.type"] = str(status)
    return attributes


def database(system: str, operation: str, table: str, text: str, rows: int) -> dict[str, Value]:
    """Attributes of a database query."""
    return {
        "db.system.name": system,
        "db.namespace": "boards",
        "db.operation.name": operation,
        "db.collection.name": table,
        "db.query.text": text,
        "db.response.returned_rows": rows,
        "server.address": f"{system}.internal",
    }


__all__ = [
    "CLIENT",
    "DEBUG",
    "ERROR",
    "INFO",
    "WARN",
    "Tape",
    "Usage",
    "converse",
    "database",
    "http_client",
    "http_server",
    "identifier",
    "refused",
    "scoped",
]
