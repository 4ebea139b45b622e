"""How a segment is read into scratch tables, and the facts of what was staged.

Query analysis is the fixed cost that decides, so the second pass is generated from these facts and holds
only what occurs. Spans have a staging of their own (`digest/span_staging.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from sightline.digest.anyvalue import (
    BLANK,
    EMPTY,
    INT,
    NEGATIVE,
    NESTED,
    PADDED,
    STRING,
    nested_value,
    texts_of,
    types_of,
)
from sightline.store.store import Connection

SCRATCH = "scratch"
# Bytes from which an attribute that no field takes is stored as content instead of in the JSON.
LONG = 32_768
# Attributes with at most so many distinct words of at most so many bytes are translated word by word.
WORD_BYTES, WORDS_OF_KEY = 256, 300
# The last moment (ns) that the store's times hold; a later one is cut to it.
LATEST = 2**63 - 1
PROTO = Path(str(files("sightline.digest").joinpath("otlp.proto")))
_KV = "Array(Tuple(key String, value String))"
_RESOURCE = f"resource Tuple(attributes {_KV})"
_SCOPE = "scope Tuple(name String, version String)"
_SPAN = (
    "Tuple(trace_id String, span_id String, trace_state String, parent_span_id String, name String, kind"
    " Int32,"
    f" start_time_unix_nano UInt64, end_time_unix_nano UInt64, attributes {_KV}, dropped_attributes_count"
    " UInt32,"
    f" events Array(Tuple(time_unix_nano UInt64, name String, attributes {_KV})),"
    f" links Array(Tuple(trace_id String, span_id String, attributes {_KV})),"
    " status Tuple(message String, code Int32))"
)
TRACES = (
    f"Tuple(resource_spans Array(Tuple({_RESOURCE}, scope_spans Array(Tuple({_SCOPE}, spans"
    f" Array({_SPAN}))))))"
)
HEADER = "project String, received_at UInt64, source String"


def quoted(text: str) -> str:
    """A string literal of ClickHouse."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def segment_source(path: Path, structure: str) -> str:
    """The table function that reads a segment."""
    return f"file({quoted(str(path))}, 'Protobuf', {quoted(structure)})"


_POINT_TIMES = "start_time_unix_nano UInt64, time_unix_nano UInt64"
_EXEMPLARS = (
    "exemplars Array(Tuple(time_unix_nano UInt64, as_double Float64, as_int Int64, span_id String, trace_id"
    " String,"
    f" filtered_attributes {_KV}))"
)
_NUMBERS = (
    f"data_points Array(Tuple({_POINT_TIMES}, as_double Nullable(Float64), as_int Nullable(Int64),"
    f" {_EXEMPLARS},"
    f" attributes {_KV}, flags UInt32))"
)
_SHAPE = "count UInt64, sum Nullable(Float64), min Nullable(Float64), max Nullable(Float64)"
_BUCKETS = "Tuple(offset Int32, bucket_counts Array(UInt64))"
_METRIC = (
    f"Tuple(name String, description String, unit String, gauge Tuple({_NUMBERS}),"
    f" sum Tuple({_NUMBERS}, aggregation_temporality Int32, is_monotonic Bool),"
    f" histogram Tuple(data_points Array(Tuple({_POINT_TIMES}, {_SHAPE}, bucket_counts Array(UInt64),"
    f" explicit_bounds Array(Float64), {_EXEMPLARS}, attributes {_KV}, flags UInt32)),"
    " aggregation_temporality Int32),"
    f" exponential_histogram Tuple(data_points Array(Tuple({_POINT_TIMES}, {_SHAPE}, scale Int32, zero_count"
    " UInt64,"
    f" zero_threshold Float64, positive {_BUCKETS}, negative {_BUCKETS}, {_EXEMPLARS}, attributes {_KV},"
    " flags UInt32)),"
    " aggregation_temporality Int32),"
    f" summary Tuple(data_points Array(Tuple({_POINT_TIMES}, count UInt64, sum Float64,"
    f" quantile_values Array(Tuple(quantile Float64, value Float64)), attributes {_KV}, flags UInt32))))"
)
METRICS = (
    f"Tuple(resource_metrics Array(Tuple({_RESOURCE}, scope_metrics Array(Tuple({_SCOPE}, metrics"
    f" Array({_METRIC}))))))"
)
_LOG = (
    "Tuple(time_unix_nano UInt64, severity_number Int32, severity_text String, body String,"
    f" attributes {_KV}, dropped_attributes_count UInt32, flags UInt32, trace_id String, span_id String,"
    " observed_time_unix_nano UInt64, event_name String)"
)
LOGS = (
    f"Tuple(resource_logs Array(Tuple({_RESOURCE}, scope_logs Array(Tuple({_SCOPE}, log_records"
    f" Array({_LOG}))))))"
)
# What every staged row carries from its record, resource and scope.
AROUND = "project, received_at, source, rkeys, rtypes, rtexts, scope, scope_version"
AROUND_COLUMNS = (
    "project LowCardinality(String), received_at UInt64, source LowCardinality(String),"
    " rkeys Array(LowCardinality(String)), rtypes Array(UInt8), rtexts Array(String),"
    " scope LowCardinality(String), scope_version LowCardinality(String)"
)


def items_of(path: Path, signal: str, structure: str, names: tuple[str, str, str]) -> str:
    """A subquery over a segment: one row per item `s` with `AROUND`. `names`: the lists from outside in."""
    resources, scopes, items = names
    return (
        f"(SELECT project, received_at, source, rkeys, rtypes, rtexts, ss.scope.name AS scope,"
        f" ss.scope.version AS scope_version, arrayJoin(ss.{items}) AS s"
        " FROM (SELECT project, received_at, source, r.resource.attributes.key AS rkeys,"
        f" {types_of('r.resource.attributes.value')} AS rtypes, {texts_of('r.resource.attributes.value')} AS"
        " rtexts,"
        f" arrayJoin(r.{scopes}) AS ss"
        f" FROM (SELECT project, received_at, source, arrayJoin({signal}.{resources}) AS r"
        f" FROM {segment_source(path, f'{HEADER}, {signal} {structure}')})))"
    )


def decode_settings(records: int) -> dict[str, Any]:
    """Settings for reading a segment of so many records: a few blocks, so that both cores can work on
    them."""
    return DECODE_SETTINGS | {"max_block_size": max(1, -(-records // 4))}


DECODE_SETTINGS: dict[str, Any] = {
    "format_schema": f"{PROTO}:Record",
    # Several blocks, so that both cores can work on them.
    "min_insert_block_size_rows": 1,
    "min_insert_block_size_bytes": 1,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What occurs in a staged segment: keys with their type codes, scopes, and whether events and links
    occur."""

    keys: dict[str, frozenset[int]]
    resource_keys: dict[str, frozenset[int]]
    scopes: tuple[str, ...]
    projects: tuple[str, ...]
    rows: int
    long: bool
    """Some attribute is longer than `LONG`: such values are kept as content."""
    longest: dict[str, int] = field(default_factory=dict)
    """Of spans: the length in bytes of the longest raw value of each key."""
    resource_longest: dict[str, int] = field(default_factory=dict)
    names: dict[str, Any] | None = None
    """Of spans: the distinct names, None when they are many."""
    messages: bool = True
    """Some span has a status message."""
    dropped: bool = True
    """Some span says that attributes of it were dropped."""
    thresholds: bool = True
    """Some span's trace state may say what share of spans was kept."""
    events: bool = False
    links: bool = False
    words: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Distinct words of chosen attributes: key, then text as staged, then the value. Not all keys: see
    `_words`."""
    resource_words: dict[str, dict[str, Any]] = field(default_factory=dict)


def key_pairs(keys: str, types: str, texts: str) -> str:
    """Array of the distinct (type code, key) of three parallel arrays, each one text."""
    code = (
        f"multiIf(t = {STRING}, multiIf(length(x) = 0 OR ascii(x) < 33"
        f" AND not match(x, '[^ \\\\t\\\\r\\\\n\\\\f\\\\v]'), {BLANK}, startsWith(x, ' ') OR"
        f" endsWith(x, ' '), {PADDED}, t),"
        f" t = {INT}, if(startsWith(x, '-'), {NEGATIVE}, t), t in {NESTED} AND length(x) = 2,"
        f" {EMPTY}, t)"
    )
    return f"groupUniqArrayArray(arrayMap((k, t, x) -> concat(char({code}), k), {keys}, {types}, {texts}))"


def nested_in(types: str, texts: str) -> str:
    """The nested raw values among texts."""
    return f"arrayFilter((x, t) -> t in {NESTED}, {texts}, {types})"


class Staging:
    """What the scratch tables of one digesting thread share: nested values, decoded once each."""

    def __init__(self, connection: Connection, worker: int) -> None:
        self._connection = connection
        self.nested = f"{SCRATCH}.nested_{worker}"
        self._nested_rows = 0
        connection.command(f"CREATE DATABASE IF NOT EXISTS {SCRATCH} ENGINE = Memory")
        connection.command(f"DROP TABLE IF EXISTS {self.nested}")
        connection.command(
            f"CREATE TABLE {self.nested} (raw String, txt String, js String) ENGINE = Join(ANY, LEFT, raw)"
            " SETTINGS persistent = 0"
        )

    def facts(self, table: str, raw_values: str) -> Facts:
        """The distinct (key, type) pairs and the rest that the second pass over `table` is generated from.

        Distinct nested values are decoded here and joined by their raw bytes later; `raw_values` is an array
        of further raw values (those of exemplars, say).
        """
        loose = f"arrayFilter(x -> reinterpretAsUInt8(x) in {NESTED}, {raw_values})"
        nested = f"arrayConcat({nested_in('types', 'texts')}, {nested_in('rtypes', 'rtexts')}, {loose})"
        found = orjson.loads(
            self._connection.raw(
                f"SELECT arrayMap(x -> hex(x), {key_pairs('keys', 'types', 'texts')}) AS found_keys,"
                f" arrayMap(x -> hex(x), {key_pairs('rkeys', 'rtypes', 'rtexts')}) AS found_rkeys,"
                f" arrayMap(x -> hex(x), groupUniqArrayArray({nested})) AS found_nested,"
                " groupUniqArray(scope) AS found_scopes, groupUniqArray(project) AS found_projects,"
                " toUInt32(count()) AS found_rows,"
                f" max(arrayMax(x -> length(x), texts)) > {LONG} AS found_long"
                f" FROM {table}",
                fmt="JSONEachRow",
            )
        )
        self.load_nested([bytes.fromhex(h) for h in found["found_nested"]])
        return Facts(
            keys=by_key(found["found_keys"]),
            resource_keys=by_key(found["found_rkeys"]),
            scopes=tuple(found["found_scopes"]),
            projects=tuple(found["found_projects"]),
            rows=found["found_rows"],
            long=bool(found["found_long"]),
        )

    def load_nested(self, raws: list[bytes]) -> None:
        """Decode distinct raw nested values, so that statements find their text and JSON."""
        if not raws:
            return
        decoded = [nested_value(raw)[1:] for raw in raws]
        self._connection.insert(
            self.nested, ("raw", "txt", "js"), [raws, [t for t, _ in decoded], [j for _, j in decoded]]
        )
        self._nested_rows = len(raws)

    def clear(self) -> None:
        """Empty the scratch tables, so that memory goes back between segments."""
        if self._nested_rows:
            self._connection.command(f"TRUNCATE TABLE {self.nested}")
            self._nested_rows = 0


def by_key(pairs: list[str]) -> dict[str, frozenset[int]]:
    """Pairs of (type code, key) as hex, grouped by key."""
    found: dict[str, set[int]] = {}
    for pair in pairs:
        raw = bytes.fromhex(pair)
        found.setdefault(raw[1:].decode("utf-8", "replace"), set()).add(raw[0])
    return {key: frozenset(types) for key, types in found.items()}
