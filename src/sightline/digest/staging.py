"""First pass: a segment decoded into a scratch table, values normalised; and the facts of that segment.

Query analysis is the fixed cost that decides, so the second pass is generated from these facts and holds
only what occurs.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import orjson

from sightline.digest.anyvalue import ARRAY, BLANK, BYTES, INT, KVLIST, NEGATIVE, STRING, nested_text, texts_of, types_of
from sightline.store.store import Connection

SCRATCH = "scratch"
# Bytes from which an attribute that no field takes is stored as content instead of in the JSON.
LONG = 32_768
PROTO = Path(str(files("sightline.digest").joinpath("otlp.proto")))
_KV = "Array(Tuple(key String, value String))"
_RESOURCE = f"resource Tuple(attributes {_KV})"
_SCOPE = "scope Tuple(name String, version String)"
_SPAN = (
    "Tuple(trace_id String, span_id String, trace_state String, parent_span_id String, name String, kind Int32,"
    f" start_time_unix_nano UInt64, end_time_unix_nano UInt64, attributes {_KV}, dropped_attributes_count UInt32,"
    f" events Array(Tuple(time_unix_nano UInt64, name String, attributes {_KV})),"
    f" links Array(Tuple(trace_id String, span_id String, attributes {_KV})),"
    " status Tuple(message String, code Int32))"
)
TRACES = f"Tuple(resource_spans Array(Tuple({_RESOURCE}, scope_spans Array(Tuple({_SCOPE}, spans Array({_SPAN}))))))"
HEADER = "project String, received_at UInt64, source String"


def quoted(text: str) -> str:
    """A string literal of ClickHouse."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def segment_source(path: Path, structure: str) -> str:
    """The table function that reads a segment."""
    return f"file({quoted(str(path))}, 'Protobuf', {quoted(structure)})"


DECODE_SETTINGS = {
    "format_schema": f"{PROTO}:Record",
    # Several blocks, so that both cores can work on them.
    "min_insert_block_size_rows": 1,
    "min_insert_block_size_bytes": 1,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What occurs in a staged segment: keys with their type codes, scopes, and whether events and links occur."""

    keys: dict[str, frozenset[int]]
    resource_keys: dict[str, frozenset[int]]
    scopes: tuple[str, ...]
    projects: tuple[str, ...]
    spans: int
    events: bool
    links: bool
    long: bool
    """Some attribute is longer than `LONG`: such values are kept as content."""


class Staging:
    """The scratch tables of one digesting thread."""

    def __init__(self, connection: Connection, worker: int) -> None:
        self._connection = connection
        self.spans = f"{SCRATCH}.spans_{worker}"
        self.nested = f"{SCRATCH}.nested_{worker}"
        self._nested_rows = 0
        connection.command(f"CREATE DATABASE IF NOT EXISTS {SCRATCH} ENGINE = Memory")
        connection.command(f"DROP TABLE IF EXISTS {self.spans}")
        connection.command(f"DROP TABLE IF EXISTS {self.nested}")
        connection.command(
            f"CREATE TABLE {self.nested} (raw String, txt String, js String) ENGINE = Join(ANY, LEFT, raw)"
            " SETTINGS persistent = 0"
        )
        connection.command(
            f"CREATE TABLE {self.spans} (row UInt32, project LowCardinality(String), received_at UInt64,"
            " source LowCardinality(String), rkeys Array(LowCardinality(String)), rtypes Array(UInt8),"
            " rtexts Array(String), scope LowCardinality(String), scope_version LowCardinality(String),"
            " trace_id String, span_id String, trace_state String, parent_id String, name String, otel_kind Int8,"
            " start UInt64, end UInt64, keys Array(LowCardinality(String)), types Array(UInt8), texts Array(String),"
            " dropped UInt32, events Array(Tuple(UInt64, String, Array(Tuple(String, String)))),"
            " links Array(Tuple(String, String, Array(Tuple(String, String)))), message String, code Int8)"
            " ENGINE = Memory"
        )

    def load_spans(self, path: Path, records: int) -> None:
        """Decode the spans of a segment with `records` requests into the scratch table."""
        self.clear()
        values = "s.attributes.value"
        self._connection.command(
            f"INSERT INTO {self.spans} SELECT rowNumberInAllBlocks(), project, received_at, source, rkeys, rtypes, rtexts,"
            " scope, scope_version, s.trace_id, s.span_id, s.trace_state, s.parent_span_id, s.name, s.kind,"
            f" s.start_time_unix_nano, s.end_time_unix_nano, s.attributes.key, {types_of(values)}, {texts_of(values)},"
            " s.dropped_attributes_count, s.events, s.links, s.status.message, s.status.code"
            " FROM (SELECT project, received_at, source, rkeys, rtypes, rtexts, ss.scope.name AS scope,"
            " ss.scope.version AS scope_version, arrayJoin(ss.spans) AS s"
            " FROM (SELECT project, received_at, source, r.resource.attributes.key AS rkeys,"
            f" {types_of('r.resource.attributes.value')} AS rtypes, {texts_of('r.resource.attributes.value')} AS rtexts,"
            " arrayJoin(r.scope_spans) AS ss"
            " FROM (SELECT project, received_at, source, arrayJoin(traces.resource_spans) AS r"
            f" FROM {segment_source(path, f'{HEADER}, traces {TRACES}')})))",
            settings=DECODE_SETTINGS | {"max_block_size": max(1, -(-records // 4))},
        )

    def facts(self) -> Facts:
        """The distinct (key, type) pairs and the rest that the second pass is generated from.

        Distinct nested values are decoded here and joined by their raw bytes later.
        """
        nested = f"({ARRAY}, {KVLIST}, {BYTES})"

        def pairs(keys: str, types: str, texts: str) -> str:
            blank = (
                f"if(t in {nested} AND length(x) = 2 OR t = {STRING} AND (length(x) = 0 OR ascii(x) < 33"
                f" AND not match(x, '[^ \\\\t\\\\r\\\\n\\\\f\\\\v]')), {BLANK},"
                f" if(t = {INT} AND startsWith(x, '-'), {NEGATIVE}, t))"
            )
            return f"groupUniqArrayArray(arrayMap((k, t, x) -> concat(char({blank}), k), {keys}, {types}, {texts}))"

        sql = (
            f"SELECT arrayMap(x -> hex(x), {pairs('keys', 'types', 'texts')}) AS found_keys,"
            f" arrayMap(x -> hex(x), {pairs('rkeys', 'rtypes', 'rtexts')}) AS found_rkeys,"
            f" arrayMap(x -> hex(x), groupUniqArrayArray(arrayConcat(arrayFilter((x, t) -> t in {nested}, texts, types),"
            f" arrayFilter((x, t) -> t in {nested}, rtexts, rtypes),"
            f" arrayFilter(x -> reinterpretAsUInt8(x) in {nested}, arrayConcat("
            " arrayFlatten(arrayMap(e -> e.3.2, events)), arrayFlatten(arrayMap(l -> l.3.2, links))))))) AS found_nested,"
            " groupUniqArray(scope) AS found_scopes, groupUniqArray(project) AS found_projects, count() AS found_spans,"
            " max(notEmpty(events)) AS found_events, max(notEmpty(links)) AS found_links,"
            f" max(arrayMax(x -> length(x), texts)) > {LONG} AS found_long"
            f" FROM {self.spans}"
        )
        found = orjson.loads(self._connection.raw(sql, fmt="JSONEachRow", settings={"output_format_json_quote_64bit_integers": 0}))
        self._load_nested([bytes.fromhex(h) for h in found["found_nested"]])
        return Facts(
            keys=_by_key(found["found_keys"]),
            resource_keys=_by_key(found["found_rkeys"]),
            scopes=tuple(found["found_scopes"]),
            projects=tuple(found["found_projects"]),
            spans=found["found_spans"],
            events=bool(found["found_events"]),
            links=bool(found["found_links"]),
            long=bool(found["found_long"]),
        )

    def _load_nested(self, raws: list[bytes]) -> None:
        if not raws:
            return
        decoded = [nested_text(raw) for raw in raws]
        self._connection.insert(
            self.nested, ("raw", "txt", "js"), [raws, [t for t, _ in decoded], [j for _, j in decoded]]
        )
        self._nested_rows = len(raws)

    def clear(self) -> None:
        """Empty the scratch tables, so that memory goes back between segments."""
        self._connection.command(f"TRUNCATE TABLE {self.spans}")
        if self._nested_rows:
            self._connection.command(f"TRUNCATE TABLE {self.nested}")
            self._nested_rows = 0


def _by_key(pairs: list[str]) -> dict[str, frozenset[int]]:
    """Pairs of (type code, key) as hex, grouped by key."""
    found: dict[str, set[int]] = {}
    for pair in pairs:
        raw = bytes.fromhex(pair)
        found.setdefault(raw[1:].decode("utf-8", "replace"), set()).add(raw[0])
    return {key: frozenset(types) for key, types in found.items()}
