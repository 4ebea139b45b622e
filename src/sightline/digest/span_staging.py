"""First pass over a segment of traces: spans decoded into a scratch table, and the facts of that segment.

Attribute values stay the raw bytes of their AnyValue: each is taken apart only where it is needed, by an
expression made for the types and lengths that occur (`digest/anyvalue.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from sightline.digest.anyvalue import (
    BLANK,
    BOOL,
    DOUBLE,
    EMPTY,
    INT,
    NEGATIVE,
    NESTED,
    PADDED,
    STRING,
    UNSET,
    nested_value,
    plain,
)
from sightline.digest.staging import (
    HEADER,
    LATEST,
    LONG,
    SCRATCH,
    TRACES,
    WORD_BYTES,
    WORDS_OF_KEY,
    Facts,
    Staging,
    decode_settings,
    quoted,
    segment_source,
)
from sightline.store.store import Connection, clause

_PAIRS = "Array(Tuple(String, String))"
_COLUMNS = (
    "row UInt32, resource_row UInt32, project LowCardinality(String), received_at UInt64,"
    " source LowCardinality(String), rkeys Array(LowCardinality(String)),"
    " rvals Array(LowCardinality(String)), scope LowCardinality(String),"
    " scope_version LowCardinality(String), trace_id String, span_id String, trace_state String,"
    " parent_id String, name String, otel_kind Int8, start UInt64, end UInt64,"
    " keys Array(LowCardinality(String)), vals Array(String), dropped UInt32,"
    f" events Array(Tuple(UInt64, String, {_PAIRS})), links Array(Tuple(String, String, {_PAIRS})),"
    " message String, code Int8"
)
_READ = (STRING, BOOL, INT, DOUBLE, *NESTED)
_TAG = "reinterpretAsUInt8(y)"
_FIRST = "ascii(substring(y, 3 + (length(y) >= 130) + (length(y) >= 16387) + (length(y) >= 2097157), 1))"


class SpanStaging:
    """The scratch table of the spans of one digesting thread; nested values go where `staging` keeps them."""

    def __init__(self, connection: Connection, staging: Staging, worker: int) -> None:
        self._connection, self._staging = connection, staging
        self.table = f"{SCRATCH}.spans_{worker}"
        self.nested = staging.nested
        connection.command(f"DROP TABLE IF EXISTS {self.table}")
        connection.command(f"CREATE TABLE {self.table} ({_COLUMNS}) ENGINE = Memory")

    def load(self, path: Path, records: int) -> None:
        """Decode the spans of a segment with `records` requests."""
        self.clear()
        self._connection.command(
            f"INSERT INTO {self.table}{clause(decode_settings(records))}"
            " SELECT rowNumberInAllBlocks(), resource_row, project, received_at, source, rkeys, rvals, scope,"
            " scope_version, s.trace_id, s.span_id, s.trace_state, s.parent_span_id, s.name, s.kind,"
            f" least(s.start_time_unix_nano, {LATEST}), least(s.end_time_unix_nano, {LATEST}),"
            " s.attributes.key, s.attributes.value,"
            " s.dropped_attributes_count, s.events, s.links, s.status.message, s.status.code FROM"
            " (SELECT resource_row, project, received_at, source, rkeys, rvals,"
            " ss.scope.name AS scope, ss.scope.version AS scope_version, arrayJoin(ss.spans) AS s FROM"
            " (SELECT rowNumberInAllBlocks() AS resource_row, project, received_at, source,"
            " r.resource.attributes.key AS rkeys, r.resource.attributes.value AS rvals,"
            " arrayJoin(r.scope_spans) AS ss FROM"
            " (SELECT project, received_at, source, arrayJoin(traces.resource_spans) AS r"
            f" FROM {segment_source(path, f'{HEADER}, traces {TRACES}')})))"
        )

    def facts(self, words_of: tuple[str, ...]) -> Facts:
        """The facts of the staged spans; `words_of`: attributes whose distinct words are wanted."""
        scopes, projects, rows, events, links, names, messages, dropped, thresholds = self._rows(
            f"SELECT {_texts('groupUniqArray(toString(scope))')},"
            f" {_texts('groupUniqArray(toString(project))')}, toUInt32(count()), max(notEmpty(events)),"
            " max(notEmpty(links)),"
            f" {_texts(f'groupUniqArray({WORDS_OF_KEY + 1})(left(name, {WORD_BYTES + 1}))')},"
            f" max(notEmpty(message)), max(dropped),"
            f" max(position(trace_state, 'ot=') > 0) FROM {self.table}"
        )[0]
        few = len(names) <= WORDS_OF_KEY and all(len(name) <= 2 * WORD_BYTES for name in names)
        chosen = f"({', '.join(quoted(word) for word in (*words_of, 'service.name'))})"
        nested: set[str] = self._beside_attributes() if events or links else set()
        spans = self._attributes(chosen, f"{self.table} ARRAY JOIN keys AS k, vals AS y", nested)
        # A resource stands once for many spans, so only the first span of each is looked at.
        resources = self._attributes(
            chosen,
            f"(SELECT rkeys, rvals FROM {self.table} LIMIT 1 BY resource_row)"
            " ARRAY JOIN rkeys AS k, rvals AS y",
            nested,
        )
        self._staging.load_nested([bytes.fromhex(raw) for raw in sorted(nested)])
        return Facts(
            keys=spans.types,
            resource_keys=resources.types,
            scopes=tuple(map(_text, scopes)),
            projects=tuple(map(_text, projects)),
            rows=int(rows),
            long=max(spans.longest.values(), default=0) > LONG,
            longest=spans.longest,
            resource_longest=resources.longest,
            events=bool(events),
            links=bool(links),
            names={_text(name): _text(name) for name in names} if few else None,
            messages=bool(messages),
            dropped=bool(dropped),
            thresholds=bool(thresholds),
            words=spans.words,
            resource_words=resources.words,
        )

    def _attributes(self, chosen: str, source: str, nested: set[str]) -> _Keys:
        """The facts of the pairs `k`, `y` of `source`; nested raw values are added to `nested`, in hex.

        Plain aggregates: a condition for each value would cost as much as all of them.
        """
        found = _Keys()
        few = f"k IN {chosen} AND length(y) <= {WORD_BYTES + 4}"
        words = f"groupUniqArrayIf({WORDS_OF_KEY + 1})(y, {few})"
        for key, tags, highest, first, padded, shortest, longest, raws, values in self._rows(
            f"SELECT hex(k), groupBitOr(bitShiftLeft(toUInt64(1), {_TAG})), max({_TAG}),"
            f" minIf({_FIRST}, {_TAG} = {STRING}), max(endsWith(y, ' ')), toUInt32(min(length(y))),"
            f" toUInt32(max(length(y))), {_texts(words)},"
            f" {_texts(f'groupUniqArrayIf(y, {_TAG} IN {NESTED})')}"
            f" FROM {source} GROUP BY k"
        ):
            nested.update(values)
            types = _types(int(tags), highest, first < 33, bool(padded), shortest, longest)
            found.add(_text(key), types, longest, raws)
        return found

    def _beside_attributes(self) -> set[str]:
        """Distinct nested raw values of events and links, in hex."""
        raws = ", ".join(f"arrayFlatten(arrayMap(x -> x.3.2, {of}))" for of in ("events", "links"))
        found = _texts(f"groupUniqArrayArray(arrayFilter(y -> {_TAG} IN {NESTED}, arrayConcat({raws})))")
        return set(self._rows(f"SELECT {found} FROM {self.table}")[0][0])

    def _rows(self, select: str) -> list[Any]:
        """The rows of a SELECT, numbers above 32 bits as text."""
        answer = self._connection.raw(select, fmt="JSONCompact")
        rows: list[Any] = orjson.loads(answer)["data"]
        return rows

    def clear(self) -> None:
        """Empty the scratch tables, so that memory goes back between segments."""
        self._connection.command(f"TRUNCATE TABLE {self.table}")
        self._staging.clear()


@dataclass(slots=True)
class _Keys:
    """By key: its type codes, the length of its longest raw value, and its words where they are few."""

    types: dict[str, frozenset[int]] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)
    words: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, key: str, types: frozenset[int], longest: int, raws: list[str]) -> None:
        """One more key; two that are no UTF-8 may look alike."""
        self.types[key] = self.types.get(key, frozenset()) | types
        self.longest[key] = max(longest, self.longest.get(key, 0))
        # The engine and Python write doubles differently.
        if raws and len(raws) <= WORDS_OF_KEY and DOUBLE not in types:
            self.words[key] = dict(_word(bytes.fromhex(raw)) for raw in raws)


def _texts(array: str) -> str:
    """An array of bytes in hex: they need not be UTF-8."""
    return f"arrayMap(x -> hex(x), {array})"


def _text(encoded: str) -> str:
    return bytes.fromhex(encoded).decode("utf-8", "replace")


def _types(tags: int, highest: int, blank: bool, padded: bool, shortest: int, longest: int) -> frozenset[int]:
    """The type codes that may occur among raw values of these tags (as bits, up to 63) and lengths."""
    found = {tag for tag in _READ if tags >> tag & 1}
    if tags & ~sum(1 << tag for tag in _READ) or highest > 63:
        # Nothing set, or a member under a wire type that it never has, which is read like nothing.
        found.add(UNSET)
    if STRING in found:
        found |= {BLANK, PADDED} if blank else {PADDED} if padded else set()
    if INT in found and longest >= 11:
        found.add(NEGATIVE)
    if shortest <= 2 and found & {*NESTED}:
        found.add(EMPTY)
    return frozenset(found)


def _word(raw: bytes) -> tuple[str, Any]:
    """The text by which the second pass sees a raw value, and the value."""
    if not raw:
        return "", None
    if raw[0] in NESTED:
        value, text, _ = nested_value(raw)
        return text, value
    try:
        value = plain(AnyValue.FromString(raw))
    except DecodeError:
        return "", None
    if isinstance(value, bool):
        return ("true" if value else "false"), value
    return ("" if value is None else str(value)), value
