"""First pass over a segment of traces: spans decoded into a scratch table, and the facts of that segment.

Attribute values stay the raw bytes of their AnyValue: each is taken apart only where it is needed, by an
expression made for the types and lengths that occur (`digest/anyvalue.py`).
"""

from __future__ import annotations

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
    texts_of,
    types_of,
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
    by_key,
    decode_settings,
    key_pairs,
    nested_in,
    quoted,
    segment_source,
)
from sightline.store.store import Connection, clause

_PAIRS = "Array(Tuple(String, String))"
_COLUMNS = (
    "row UInt32, resource_row UInt32, project LowCardinality(String), received_at UInt64,"
    " source LowCardinality(String), rkeys Array(LowCardinality(String)), rtypes Array(UInt8),"
    " rtexts Array(LowCardinality(String)), scope LowCardinality(String),"
    " scope_version LowCardinality(String), trace_id String, span_id String, trace_state String,"
    " parent_id String, name String, otel_kind Int8, start UInt64, end UInt64,"
    " keys Array(LowCardinality(String)), vals Array(String), dropped UInt32,"
    f" events Array(Tuple(UInt64, String, {_PAIRS})), links Array(Tuple(String, String, {_PAIRS})),"
    " message String, code Int8"
)
# Of how many distinct words of resources are asked for at most; when there are more, none is used.
_RESOURCE_WORDS = 4000
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
        of_resource = "r.resource.attributes.value"
        self._connection.command(
            f"INSERT INTO {self.table}{clause(decode_settings(records))} SELECT rowNumberInAllBlocks(), resource_row, project, received_at, source,"
            " rkeys, rtypes, rtexts, scope, scope_version,"
            " s.trace_id, s.span_id, s.trace_state, s.parent_span_id, s.name, s.kind,"
            f" least(s.start_time_unix_nano, {LATEST}), least(s.end_time_unix_nano, {LATEST}),"
            " s.attributes.key, s.attributes.value,"
            " s.dropped_attributes_count, s.events, s.links, s.status.message, s.status.code FROM"
            " (SELECT resource_row, project, received_at, source, rkeys, rtypes, rtexts,"
            " ss.scope.name AS scope, ss.scope.version AS scope_version, arrayJoin(ss.spans) AS s FROM"
            " (SELECT rowNumberInAllBlocks() AS resource_row, project, received_at, source,"
            f" r.resource.attributes.key AS rkeys, {types_of(of_resource)} AS rtypes,"
            f" {texts_of(of_resource)} AS rtexts, arrayJoin(r.scope_spans) AS ss FROM"
            " (SELECT project, received_at, source, arrayJoin(traces.resource_spans) AS r"
            f" FROM {segment_source(path, f'{HEADER}, traces {TRACES}')})))"
        )

    def facts(self, words_of: tuple[str, ...]) -> Facts:
        """The facts of the staged spans; `words_of`: attributes whose distinct words are wanted."""
        scopes, projects, rows, events, links, names, messages, dropped = self._connection.query(
            "SELECT groupUniqArray(toString(scope)), groupUniqArray(toString(project)), count(),"
            f" max(notEmpty(events)), max(notEmpty(links)), groupUniqArray({WORDS_OF_KEY + 1})(left(name,"
            f" {WORD_BYTES + 1})), max(notEmpty(message)), max(dropped) FROM {self.table}"
        ).rows[0]
        few = len(names) <= WORDS_OF_KEY and all(len(name) <= WORD_BYTES for name in names)
        chosen = f"({', '.join(quoted(word) for word in words_of)})"
        nested: set[str] = set()
        if events or links:
            nested |= self._beside_attributes()
        resource_keys, resource_words = self._resources(chosen, nested)
        keys: dict[str, frozenset[int]] = {}
        longest: dict[str, int] = {}
        words: dict[str, dict[str, Any]] = {}
        for encoded, tags, highest, first, padded, shortest, length, raws, values in self._attributes(chosen):
            key = bytes.fromhex(encoded).decode("utf-8", "replace")
            # Two keys that are no UTF-8 may look alike.
            types = _types(int(tags), highest, first < 33, bool(padded), shortest, length)
            keys[key] = keys.get(key, frozenset()) | types
            longest[key] = max(length, longest.get(key, 0))
            nested.update(values)
            if raws and len(raws) <= WORDS_OF_KEY and DOUBLE not in keys[key]:
                words[key] = dict(_word(bytes.fromhex(raw)) for raw in raws)
        self._staging.load_nested([bytes.fromhex(raw) for raw in sorted(nested)])
        return Facts(
            keys=keys,
            resource_keys=resource_keys,
            scopes=tuple(scopes),
            projects=tuple(projects),
            rows=int(rows),
            long=max(longest.values(), default=0) > LONG,
            longest=longest,
            events=bool(events),
            links=bool(links),
            names={name: name for name in names} if few else None,
            messages=bool(messages),
            dropped=bool(dropped),
            words=words,
            resource_words=resource_words,
        )

    def _attributes(self, chosen: str) -> list[Any]:
        """Of each key: its name in hex, the tags of its raw values as bits, the highest tag, the smallest first byte of a text,
        whether one ends in a blank, the shortest and the longest, and in hex its words and nested values.

        Plain aggregates: a condition for each value would cost as much as all of them.
        """
        return self._rows(
            f"SELECT hex(k), groupBitOr(bitShiftLeft(toUInt64(1), {_TAG})), max({_TAG}), minIf({_FIRST}, {_TAG} = {STRING}),"
            " max(endsWith(y, ' ')), toUInt32(min(length(y))), toUInt32(max(length(y))),"
            f" arrayMap(w -> hex(w), groupUniqArrayIf({WORDS_OF_KEY + 1})(y, k IN {chosen}"
            f" AND length(y) <= {WORD_BYTES + 4})),"
            f" arrayMap(w -> hex(w), groupUniqArrayIf(y, {_TAG} IN {NESTED}))"
            f" FROM {self.table} ARRAY JOIN keys AS k, vals AS y GROUP BY k"
        )

    def _resources(
        self, chosen: str, nested: set[str]
    ) -> tuple[dict[str, frozenset[int]], dict[str, dict[str, Any]]]:
        """Keys and words of the resources, each looked at once; their nested values are added to `nested`."""
        words = (
            f"arrayFilter(p -> (p.1 IN {chosen} OR p.1 = 'service.name') AND length(p.3) <= {WORD_BYTES} AND p.2 != {DOUBLE},"
            " arrayZip(rkeys, rtypes, rtexts))"
        )
        pairs, found, raws = self._rows(
            f"SELECT arrayMap(x -> hex(x), {key_pairs('rkeys', 'rtypes', 'rtexts')}),"
            f" arrayMap(p -> (hex(p.1), p.2, hex(p.3)), groupUniqArrayArray({_RESOURCE_WORDS})({words})),"
            f" arrayMap(x -> hex(x), groupUniqArrayArray({nested_in('rtypes', 'rtexts')}))"
            f" FROM (SELECT rkeys, rtypes, rtexts FROM {self.table} LIMIT 1 BY resource_row)"
        )[0]
        nested.update(raws)
        by_word: dict[str, dict[str, Any]] = {}
        for encoded, code, raw in found if len(found) < _RESOURCE_WORDS else ():
            text, value = _staged_word(code, bytes.fromhex(raw))
            by_word.setdefault(bytes.fromhex(encoded).decode("utf-8", "replace"), {})[text] = value
        return by_key(pairs), {k: w for k, w in by_word.items() if len(w) <= WORDS_OF_KEY}

    def _beside_attributes(self) -> set[str]:
        """Distinct nested raw values of events and links, in hex."""
        raws = "arrayConcat(arrayFlatten(arrayMap(e -> e.3.2, events)), arrayFlatten(arrayMap(l -> l.3.2, links)))"
        return set(
            self._rows(
                "SELECT arrayMap(x -> hex(x), groupUniqArrayArray(arrayFilter(y ->"
                f" {_TAG} IN {NESTED}, {raws}))) FROM {self.table}"
            )[0][0]
        )

    def _rows(self, select: str) -> list[Any]:
        """The rows of a SELECT, numbers above 32 bits as text."""
        answer = self._connection.raw(select, fmt="JSONCompact")
        rows: list[Any] = orjson.loads(answer)["data"]
        return rows

    def clear(self) -> None:
        """Empty the scratch tables, so that memory goes back between segments."""
        self._connection.command(f"TRUNCATE TABLE {self.table}")
        self._staging.clear()


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


def _staged_word(code: int, raw: bytes) -> tuple[str, Any]:
    """The same for a value whose text was staged."""
    if code in NESTED:
        return _word(raw)
    text = raw.decode("utf-8", "replace")
    known: dict[int, Any] = {STRING: text, BOOL: text == "true"}
    return text, int(text) if code == INT else known.get(code)
