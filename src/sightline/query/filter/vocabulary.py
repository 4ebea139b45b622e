"""What the filters of one table can say: its fields, the words that stand alone, where its texts are.

The language is the same for spans, log records and metrics; names and what a bare text means are not. A row
that is chosen is called `s` in SQL, whatever its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from sightline.query.filter.errors import nearest
from sightline.query.filter.fields import Field, Type, fields
from sightline.query.filter.parser import OF_SPANS
from sightline.query.filter.words import SEVERITIES, SEVERITY_WORDS


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words for the rows of one table. `time` is the column of its time, `called` what its rows are.

    `alone`: fields with the words that mean them without a name. `own` are the columns in which a bare text
    is looked for, beside the contents where rows have some (`contents`).
    """

    table: str
    time: str
    called: str
    fields: tuple[Field, ...]
    alone: Sequence[tuple[str, Sequence[str]]]
    own: tuple[str, ...]
    contents: bool

    def find(self, name: str) -> Field | None:
        """The field of this name, in any case of letters."""
        return _by_name(self.table).get(name.lower())

    def near(self, name: str, more: Iterable[str] = (), cutoff: float = 0.75) -> str:
        """The name of a field that is most like this one; empty when none is."""
        return nearest(name, [*_by_name(self.table), *more], cutoff)


# What was sent as a word only counts as the number that the word stands for.
_WORDS = ", ".join(f"'{word}'" for word in SEVERITY_WORDS)
_NUMBERS = ", ".join(map(str, SEVERITY_WORDS.values()))
SEVERITY = (
    "nullIf(if(s.severity_number > 0, s.severity_number,"
    f" transform(lower(s.severity_text), [{_WORDS}], [{_NUMBERS}], 0)), 0)"
)
BODY_TYPES = ("string", "bool", "int", "double", "array", "map", "bytes", "empty")
METRIC_TYPES = ("gauge", "sum", "histogram", "exponential_histogram", "summary")


def _field(
    name: str, kind: Type, sql: str, says: str, *also: str, empty: bool = False, words: tuple[str, ...] = ()
) -> Field:
    return Field(name, kind, sql, says, empty=empty, words=words, names=(name, *also))


_COMMON = (
    _field("service", Type.TEXT, "s.service", "the service that sent it", "service.name"),
    _field("service_version", Type.TEXT, "s.service_version", "that service's version", "service.version"),
    _field("env", Type.TEXT, "s.environment", "the deployment's environment", "environment"),
    _field("scope", Type.TEXT, "s.scope", "the instrumentation that made it", empty=True),
    _field("scope_version", Type.TEXT, "s.scope_version", "the instrumentation's version", empty=True),
    _field("source", Type.TEXT, "s.source", "the way in", empty=True),
    _field(
        "received", Type.TIME, "toUnixTimestamp64Nano(s.received_at)", "when Sightline had it", "received_at"
    ),
)
_LOGS = (
    _field("time", Type.TIME, "toUnixTimestamp64Nano(s.time)", "when it happened, by the sender's clock"),
    _field(
        "observed",
        Type.TIME,
        "toUnixTimestamp64Nano(s.observed_time)",
        "when a collector saw it",
        "observed_time",
    ),
    _field("severity", Type.SEVERITY, SEVERITY, "how severe it is", "level"),
    _field("severity_text", Type.TEXT, "s.severity_text", "its severity as sent", empty=True),
    _field("event", Type.TEXT, "s.event_name", "what kind of event it is", "event_name", empty=True),
    _field("body", Type.CONTENT, "s.body", "its text", "message"),
    _field("text", Type.CONTENT, "", "anything it says: its text and long attributes"),
    _field("body_type", Type.WORD, "s.body_type", "what its body was sent as", words=BODY_TYPES),
    _field("size", Type.SIZE, "length(s.body)", "bytes of its text"),
    _field("trace_id", Type.TEXT, "s.trace_id", "the trace it belongs to", "trace", empty=True),
    _field("span_id", Type.TEXT, "s.span_id", "the span it belongs to", "span", empty=True),
    _field("dropped_attributes", Type.INTEGER, "s.dropped_attributes", "attributes its sender dropped"),
    *_COMMON,
)
_METRICS = (
    _field("name", Type.TEXT, "s.name", "the metric's name", "metric", empty=True),
    _field("type", Type.WORD, "s.type", "what kind of metric it is", words=METRIC_TYPES),
    _field("unit", Type.TEXT, "s.unit", "what it is counted in", empty=True),
    _field("description", Type.TEXT, "s.description", "what its sender says of it", empty=True),
    _field(
        "temporality",
        Type.WORD,
        "s.temporality",
        "whether points count from the last one or from the start",
        words=("delta", "cumulative"),
    ),
    _field("time", Type.TIME, "toUnixTimestamp64Nano(s.time)", "when it was measured, by the sender's clock"),
    *_COMMON,
)
SPANS = Vocabulary("spans", "start_time", "spans", fields(), OF_SPANS, ("s.name", "s.status_message"), True)
LOGS = Vocabulary("logs", "time", "log records", _LOGS, (("severity", tuple(SEVERITIES)),), ("s.body",), True)
METRICS = Vocabulary("metrics", "time", "metrics", _METRICS, (), ("s.name", "s.description"), False)
ALL = {v.table: v for v in (SPANS, LOGS, METRICS)}


@cache
def _by_name(table: str) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for one in ALL[table].fields:
        for name in one.names:
            if found.setdefault(name, one) is not one:
                raise ValueError(f"two fields of {table} are called {name}")
    return found
