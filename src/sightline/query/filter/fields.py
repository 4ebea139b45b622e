"""What can be named in a filter: the columns of a span, under every name people know them by.

Most fields are the canonical ones of the catalog, with their canonical name (`tokens.input`) and their
column's (`input_tokens`). What OTLP and Sightline add, and the short names, stand in the two tables below.
An expression reads a field from the alias `s` of table `spans`; nothing else becomes an identifier in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from sightline.catalog.conventions import conventions
from sightline.catalog.vocabulary import Field as Canonical
from sightline.catalog.vocabulary import FieldType
from sightline.query.filter.errors import nearest
from sightline.query.filter.words import COST_SOURCES, KINDS, OTEL_KINDS, STATUSES, USAGE_SOURCES


class Type(StrEnum):
    """What a field's values are, and so how they are written and compared."""

    TEXT = "a text"
    WORD = "one of a few words"
    LIST = "a list of texts"
    INTEGER = "a whole number"
    NUMBER = "a number"
    MONEY = "an amount in USD"
    DURATION = "a duration"
    TIME = "a time"
    SIZE = "a size in bytes"
    BOOL = "true or false"
    CONTENT = "a long text"
    LOG = "the text of a log record"
    SEVERITY = "a severity"


ORDERED = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION, Type.TIME, Type.SIZE})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a span, or of another row that filters choose (`vocabulary`).

    `sql` is its expression, empty for contents that stand elsewhere. `empty`: what is unknown is stored as
    an empty text or list, never as NULL. `nanoseconds` is how many of them a unit of a duration's column is.
    `words` are all values of a WORD. `contents` are the columns a long text stands under (empty: any).
    `whole_trace`: what one span of a trace has, all of them have. `names` are all names, the one to show
    first.
    """

    name: str
    type: Type
    sql: str
    says: str
    empty: bool = False
    nanoseconds: int = 1
    words: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    whole_trace: bool = False
    names: tuple[str, ...] = field(default=())


# Counts for all spans of a trace when one has it (digest fills it in).
WHOLE_TRACE = frozenset(
    {"session_id", "user_id", "team", "feature", "release", "environment", "tags", "tenant_org"}
)
# Canonical fields that no column of table `spans` holds.
_ELSEWHERE = ("metric.", "evaluation.", "error.stacktrace", "span.end_time")
_MODEL = "ifNull(s.response_model, s.request_model)"
_TOKENS = (
    "if(s.input_tokens IS NULL AND s.output_tokens IS NULL, s.tokens_total,"
    " ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0))"
)
# With what numbered attributes are gathered under.
_ASKED = ("input_messages", "input_value", "indexed_input", "system_instructions", "embedding_texts")
_ANSWERED = ("output_messages", "output_value", "indexed_output")
_START = "toUnixTimestamp64Nano(s.start_time)"

# What no attribute is read for, and what is put together from several columns.
_MADE = (
    Field("model", Type.TEXT, _MODEL, "the model that answered, else the one that was asked"),
    Field("tokens", Type.INTEGER, _TOKENS, "input and output tokens, as far as known"),
    Field("cost", Type.MONEY, "s.cost_usd", "what the span cost; unknown where it has no price"),
    Field("cost_source", Type.WORD, "s.cost_source", "where its cost comes from", words=COST_SOURCES),
    Field("cost_request", Type.MONEY, "s.cost_request", "the part that is paid for the call itself"),
    Field("cost_image", Type.MONEY, "s.cost_image", "the part that is paid for images"),
    Field("price_version", Type.TEXT, "s.price_version", "the price list its cost was computed with"),
    Field("usage_source", Type.WORD, "s.usage_source", "whether its usage counts", words=USAGE_SOURCES),
    Field("duration", Type.DURATION, "s.duration_ns", "from its start to its end"),
    Field("own", Type.DURATION, "s.own_ns", "the part of it that no child covers"),
    Field("late", Type.DURATION, "s.late_ns", "from its end to its receipt"),
    Field("skew", Type.DURATION, "s.skew_ns", "by how much it starts before its parent"),
    Field("start", Type.TIME, _START, "when it started, by the sender's clock"),
    Field("end", Type.TIME, f"({_START} + s.duration_ns)", "when it ended, by the sender's clock"),
    Field("received", Type.TIME, "toUnixTimestamp64Nano(s.received_at)", "when Sightline had it"),
    Field("digested", Type.TIME, "1000 * toUnixTimestamp64Micro(s.digested_at)", "when it became a row"),
    Field("root", Type.BOOL, "s.is_root", "whether it names no parent"),
    Field("depth", Type.INTEGER, "s.depth", "steps up to the topmost span that is known"),
    Field("otel_kind", Type.WORD, "s.otel_kind", "OpenTelemetry's own kind", words=OTEL_KINDS),
    Field("status_message", Type.TEXT, "s.status_message", "what was said about its status", empty=True),
    Field("scope", Type.TEXT, "s.scope", "the instrumentation that made it", empty=True),
    Field("scope_version", Type.TEXT, "s.scope_version", "the instrumentation's version", empty=True),
    Field("source", Type.TEXT, "s.source", "the way in", empty=True),
    Field("trace_state", Type.TEXT, "s.trace_state", "W3C trace state", empty=True),
    Field("dropped_attributes", Type.INTEGER, "s.dropped_attributes", "attributes its sender dropped"),
    Field("prompt_hash", Type.TEXT, "s.prompt_hash", "the hash of its prompt"),
    Field("event", Type.LIST, "s.events.name", "names of its events", empty=True),
    Field("link", Type.LIST, "s.links.trace_id", "traces it links to", empty=True),
    Field("size", Type.SIZE, "arraySum(s.content.size)", "bytes of all its contents"),
    Field("text", Type.CONTENT, "", "anything it says: contents, name, status message"),
    Field("input.text", Type.CONTENT, "", "what was asked", contents=_ASKED),
    Field("output.text", Type.CONTENT, "", "what was answered", contents=_ANSWERED),
    Field("log", Type.LOG, "", "the text of a log record written during the span"),
)  # fmt: skip

# Short names. Left what one types, right the canonical name or column.
ALIASES: dict[str, str] = {
    "agent": "agent.name",
    "api_key": "tenant.api_key",
    "arguments": "tool.arguments",
    "cached": "tokens.cache_read",
    "code": "http.status_code",
    "cost_usd": "cost",
    "documents": "retrieval.documents",
    "duration_ns": "duration",
    "env": "environment",
    "error": "error.type",
    "events": "event",
    "finish": "finish_reason",
    "input": "tokens.input",
    "is_root": "root",
    "max_tokens": "params.max_tokens",
    "method": "http.method",
    "org": "tenant.org",
    "output": "tokens.output",
    "own_ns": "own",
    "own_time": "own",
    "parent": "span.parent_id",
    "parent_id": "span.parent_id",
    "prompt": "prompt.name",
    "reasoning": "tokens.reasoning",
    "received_at": "received",
    "result": "tool.result",
    "route": "http.route",
    "session": "session.id",
    "span": "span.id",
    "start_time": "start",
    "status_code": "http.status_code",
    "system": "system_instructions",
    "tag": "tags",
    "task": "task.name",
    "team": "tenant.team",
    "temperature": "params.temperature",
    "time_to_first_token": "time_to_first_token_s",
    "tool": "tool.name",
    "total": "tokens",
    "trace": "span.trace_id",
    "ttft": "time_to_first_token_s",
    "url": "http.url",
    "user": "user.id",
    "weight": "sampling.weight",
    "workflow": "workflow.name",
}
# Where a short name is the better one to show.
_SHOWN = {"environment": "env", "user.id": "user", "session.id": "session", "agent.name": "agent",
          "tool.name": "tool", "tenant.team": "team", "time_to_first_token_s": "ttft",
          "service.name": "service", "span.kind": "kind", "span.name": "name", "span.start_time": "start",
          "model.request": "request_model", "model.response": "response_model"}  # fmt: skip
_WORDS = {"kind": KINDS, "status": STATUSES}
_SECONDS = frozenset({"time_per_output_token_s"})
_EMPTY = frozenset({"trace_id", "span_id", "parent_span_id", "name", "kind", "status"})


def _canonical(found: Canonical) -> Field:
    """A field of the catalog with its column."""
    name, column = found.name, found.column
    says = ""
    if found.content:
        numbered = tuple(f.column for f in conventions().families if f.field == name)
        return Field(name, Type.CONTENT, "", says, contents=(column, *numbered))
    if column in _WORDS:
        return Field(name, Type.WORD, f"s.{column}", says, empty=True, words=_WORDS[column])
    kind = {
        FieldType.STR: Type.TEXT,
        FieldType.INT: Type.INTEGER,
        FieldType.FLOAT: Type.NUMBER,
        FieldType.BOOL: Type.BOOL,
        FieldType.LIST: Type.LIST,
    }[found.type]
    if "cost" in column and kind is Type.NUMBER:
        kind = Type.MONEY
    if column.endswith("_ns") or column in _SECONDS:
        kind = Type.DURATION
    unit = 10**9 if column in _SECONDS else 1
    empty = column in _EMPTY or kind is Type.LIST
    return Field(name, kind, f"s.{column}", says, empty, unit, whole_trace=column in WHOLE_TRACE)


@cache
def fields() -> tuple[Field, ...]:
    """Every field of spans, each with all its names; a name belongs to one field."""
    found = {f.name: f for f in _MADE}
    columns: dict[str, str] = {}
    for canonical in conventions().fields:
        name = canonical.name
        if name == "project" or name.startswith(_ELSEWHERE):
            continue
        if name == "span.start_time":
            columns[name] = "start"
            continue
        found[name] = _canonical(canonical)
        columns[canonical.column] = name
        if canonical.first:
            found[canonical.first] = Field(
                canonical.first, Type.TEXT, f"s.{canonical.first}", f"the first of {name}"
            )
    names: dict[str, list[str]] = {name: [name] for name in found}
    for alias, target in [*columns.items(), *ALIASES.items()]:
        if alias not in found:
            names[target].append(alias)
    return tuple(
        replace(f, names=tuple(dict.fromkeys([_SHOWN.get(name, name), *names[name]])))
        for name, f in found.items()
    )


@cache
def _by_name() -> dict[str, Field]:
    found: dict[str, Field] = {}
    for one in fields():
        for name in one.names:
            if found.setdefault(name, one) is not one:
                raise ValueError(f"two fields are called {name}: {found[name].name} and {one.name}")
    return found


def find(name: str) -> Field | None:
    """The field of this name, in any case of letters."""
    return _by_name().get(name.lower())


def near(name: str, more: Iterable[str] = (), cutoff: float = 0.75) -> str:
    """The name of a field that is most like this one; empty when none is."""
    return nearest(name, [*_by_name(), *more], cutoff)
