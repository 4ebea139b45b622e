"""Hostile spans and segments: everything lands, or the digest says no and only that record is set aside."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from digest.compare import content
from digest.engine import Engine
from digest.otlp import START, any_value, key_values, span, traces
from sightline.records.ingest import Signal
from sightline.store.rows import StoreError

GOOD = span(1, 1, name="good", attributes={"session.id": "s", "x": 1})
LATEST = 2**64 - 1


def sent(engine: Engine, *spans: Span, resource: Any = ()) -> list[dict[str, Any]]:
    """The rows after digesting a good span and others in one segment, the good one first."""
    project = engine.fresh()
    engine.digest(Signal.TRACES, [traces([GOOD]), traces(spans, resource)], project)
    rows = engine.rows(
        "SELECT * EXCEPT (attributes, resource), toJSONString(attributes) AS attributes_json,"
        " toJSONString(resource) AS resource_json, toString(start_time) AS started,"
        " arrayMap(h -> hex(h), `content.hash`) AS hashes"
        " FROM sightline.spans WHERE project = {p:String} ORDER BY name != 'good', trace_id, span_id",
        p=project,
    )
    texts = content(engine, project)
    for row in rows:
        row["texts"] = dict(zip(row["content.field"], [texts[h] for h in row["hashes"]], strict=True))
        row["attributes"] = orjson.loads(row["attributes_json"])
    assert rows[0]["name"] == "good"
    assert len(rows) == 1 + len(spans)
    return rows[1:]


def nested_bomb(depth: int, kind: str) -> bytes:
    """Raw bytes of an AnyValue nested so deep."""

    def length(n: int) -> bytes:
        out = bytearray()
        while n > 127:
            out.append(n & 127 | 128)
            n >>= 7
        return bytes([*out, n])

    raw = b"\x0a\x01x"
    for _ in range(depth):
        if kind == "array":
            raw = b"\x0a" + length(len(raw)) + raw
            raw = b"\x2a" + length(len(raw)) + raw
        else:
            raw = b"\x0a\x01k\x12" + length(len(raw)) + raw
            raw = b"\x0a" + length(len(raw)) + raw
            raw = b"\x32" + length(len(raw)) + raw
    return raw


@pytest.mark.parametrize("kind", ["array", "map"])
@pytest.mark.parametrize("depth", [60, 99, 2000])
def test_a_depth_bomb_lands(engine: Engine, kind: str, depth: int) -> None:
    # Too deep for the parser that made this test: spliced in where a marker stands.
    raw = nested_bomb(depth, kind)
    marker = b"\x0a" + bytes([100]) + b"M" * 100
    request = traces([span(2, 2, attributes=[("bomb", "M" * 100), ("y", 1)])]).SerializeToString()
    assert marker in request
    bombed = splice(request, marker, raw)
    project = engine.fresh()
    engine.digest(Signal.TRACES, [traces([GOOD]), bombed], project)
    assert engine.scalar("SELECT count() FROM sightline.spans WHERE project = {p:String}", p=project) == 2
    assert (
        engine.scalar(
            "SELECT attributes.y.:Int64 FROM sightline.spans WHERE project = {p:String} AND span_id LIKE '%2'",  # noqa: E501
            p=project,
        )
        == 1
    )


def splice(message: bytes, old: bytes, new: bytes) -> bytes:
    """Replace a field's bytes deep in a message, with the lengths around them."""

    def varint(buffer: bytes, at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = buffer[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at

    def encode(n: int) -> bytes:
        out = bytearray()
        while n > 127:
            out.append(n & 127 | 128)
            n >>= 7
        return bytes([*out, n])

    if message == old:
        return new
    at, out = 0, b""
    while at < len(message):
        begin = at
        tag, at = varint(message, at)
        if tag & 7 == 2:
            size, at = varint(message, at)
            inner = message[at : at + size]
            at += size
            if old in inner:
                inner = splice(inner, old, new)
                out += message[begin : begin + 1] + encode(len(inner)) + inner
                continue
        elif tag & 7 == 0:
            _, at = varint(message, at)
        else:
            at += 8 if tag & 7 == 1 else 4
        out += message[begin:at]
    return out


def test_a_long_attribute_is_content_and_byte_exact(engine: Engine) -> None:
    text = "é" * 5_000_000
    (row,) = sent(engine, span(2, 2, attributes={"huge": text, "y": 1}))
    assert row["texts"]["attribute:huge"] == text
    assert row["attributes"] == {"y": 1}


def test_very_many_attributes_on_one_span(engine: Engine) -> None:
    (row,) = sent(engine, span(2, 2, attributes={f"k{i % 2000}.{i // 2000}x": i for i in range(100_000)}))
    assert len(row["attributes"]) == 2000
    assert row["attributes"]["k1999"]["49x"] == 99_999


def test_very_many_distinct_keys_over_a_segment(engine: Engine) -> None:
    rows = sent(
        engine, *[span(2, i + 2, attributes={f"key{i}.{j}z": j for j in range(5)}) for i in range(1000)]
    )
    assert rows[999]["attributes"] == {"key999": {f"{j}z": j for j in range(5)}}


def test_numbered_keys_never_become_paths(engine: Engine) -> None:
    key = "llm.input_messages.999999999.message.content"
    (row,) = sent(
        engine, span(2, 2, attributes={key: "hi", "llm.input_messages.0.message.role": "user", "a.7.b": 1})
    )
    assert row["attributes"] == {}
    assert orjson.loads(row["texts"]["indexed_input"]) == {
        key: "hi",
        "llm.input_messages.0.message.role": "user",
    }
    assert orjson.loads(row["texts"]["indexed_other"]) == {"a.7.b": 1}


def test_odd_keys(engine: Engine) -> None:
    odd = {
        "__proto__": 1,
        "constructor": {"prototype": 2},
        "`b`": 3,
        "nul\0nul": 4,
        "": 5,
        "'q\"\\": 6,
        "ü": 7,
        "n" * 70_000: 8,
    }
    (row,) = sent(engine, span(2, 2, attributes=odd))
    assert row["attributes"]["__proto__"] == 1
    assert row["attributes"]["constructor"] == {"prototype": 2}
    assert {row["attributes"][k] for k in odd if k not in ("__proto__", "constructor")} == {3, 4, 5, 6, 7, 8}


def test_a_key_that_is_value_and_object(engine: Engine) -> None:
    (row,) = sent(engine, span(2, 2, attributes=[("a", 1), ("a.b", 2), ("a.b.c", "x")]))
    paths = engine.scalar(
        "SELECT JSONAllPathsWithTypes(attributes) FROM sightline.spans WHERE trace_id = {t:String} AND project ="  # noqa: E501
        " {p:String}", t=row["trace_id"], p=row["project"],
    )  # fmt: skip
    assert paths == {"a": "Int64", "a.b": "Int64", "a.b.c": "String"}


def test_the_first_of_duplicates_counts(engine: Engine) -> None:
    twice = [("session.id", "one"), ("session.id", "two"), ("x", 1), ("x", 2)]
    (row,) = sent(engine, span(2, 2, attributes=twice))
    assert row["session_id"] == "one"
    assert row["attributes"] == {"x": 1}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, START - 5),
        (START, 0),
        (0, 0),
        (LATEST, LATEST),
        (0, LATEST),
        (2**63, 2**63 + 5),
        (2**62, 2**63),
        (1, 2),
    ],
)
def test_absurd_times(engine: Engine, start: int, end: int) -> None:
    made = span(2, 2, attributes={"x": 1})
    made.start_time_unix_nano, made.end_time_unix_nano = start, end
    child = span(2, 3, 2)
    rows = sent(engine, made, child)
    assert rows[0]["duration_ns"] == max(0, min(end, 2**63 - 1) - min(start, 2**63 - 1))
    assert rows[0]["own_ns"] <= rows[0]["duration_ns"]
    # A moment that the store cannot hold is cut to the last one it can; it never wraps around.
    assert rows[0]["started"] >= "1970-01-01"
    assert rows[1]["depth"] == 1


def test_spans_without_ids_or_with_short_ones(engine: Engine) -> None:
    rows = sent(engine, span(b"", b""), span(b"ab", b"c"), span(b"", b"", name="other"))
    assert len(rows) == 3


def test_cycles_and_spans_that_are_their_own_parents(engine: Engine) -> None:
    rows = sent(engine, span(2, 1, 1), span(2, 2, 3), span(2, 3, 2), span(2, 4, 3))
    assert [r["depth"] for r in rows] == [0, 0, 0, 0]


def test_invalid_utf8_is_refused_and_leaves_the_digest_working(engine: Engine) -> None:
    # The wire lets none through; a journal of other origin may hold some.
    marker = b"M" * 20
    request = traces(
        [span(2, 2, name="M" * 20, attributes={"M" * 20: "M" * 20, "gen_ai.tool.name": "M" * 20})]
    )
    raw = request.SerializeToString().replace(marker, b"\xff\xfe\x00\xc3(\xf0\x9f" + b"M" * 13)
    project = engine.fresh()
    with pytest.raises(StoreError):
        engine.digest(Signal.TRACES, [traces([GOOD]), raw], project)
    engine.digest(Signal.TRACES, [traces([GOOD])], project)
    assert engine.scalar("SELECT count() FROM sightline.spans WHERE project = {p:String}", p=project) == 1


def test_not_a_number_and_infinity(engine: Engine) -> None:
    values = {"a": float("nan"), "b": float("inf"), "c": float("-inf"), "d": [float("nan"), 1e300], "e": -0.0}
    (row,) = sent(engine, span(2, 2, attributes={**values, "gen_ai.request.temperature": float("nan")}))
    assert row["params_temperature"] is None
    assert (row["attributes"]["a"], row["attributes"]["b"], row["attributes"]["c"]) == ("nan", "inf", "-inf")


def test_events_and_links_with_odd_attributes(engine: Engine) -> None:
    made = span(2, 2)
    event = made.events.add(name="e\0'", time_unix_nano=LATEST)
    event.attributes.extend(key_values([("x", 1), ("x", 2), ("y", {"z": [None, b"b"]}), ("n", float("nan"))]))
    link = made.links.add(trace_id=b"short", span_id=b"")
    link.attributes.extend(key_values([("x", "'")]))
    (row,) = sent(engine, made)
    assert row["events.name"] == ["e\0'"]
    assert orjson.loads(row["events.attributes"][0])["y"] == {"z": [None, "Yg=="]}
    assert orjson.loads(row["links.attributes"][0]) == {"x": "'"}


def test_credentials_are_stored_nowhere(engine: Engine) -> None:
    secret = "sk-very-secret"
    keys = [
        "gen_ai.headers",
        "ai.request.headers.authorization",
        "http.request.header.x-api-key",
        "metadata.headers.a",
    ]
    (row,) = sent(
        engine, span(2, 2, attributes=dict.fromkeys(keys, secret)), resource=dict.fromkeys(keys, secret)
    )
    assert secret not in str(row)


def test_an_empty_request_and_a_span_of_nothing(engine: Engine) -> None:
    project = engine.fresh()
    assert engine.digest(Signal.TRACES, [ExportTraceServiceRequest()], project) == 0
    assert engine.digest(Signal.TRACES, [traces([Span()])], project) == 1
    assert any_value(None) == AnyValue()


def test_credentials_of_events_and_links_are_stored_nowhere(engine: Engine) -> None:
    made = span(2, 2)
    made.events.add(name="e").attributes.extend(key_values([("gen_ai.headers", "sk-secret"), ("x", 1)]))
    made.links.add().attributes.extend(key_values([("gen_ai.headers.a", "sk-secret"), ("y", 1)]))
    (row,) = sent(engine, made)
    assert (row["events.attributes"], row["links.attributes"]) == (['{"x":1}'], ['{"y":1}'])


@pytest.mark.parametrize(
    "text",
    ["{nested}", "{nested}, throwIf(1) --", "{}", "{0}", "' AS z_x, throwIf(1) --", "\\' OR 1", "a` b", "%s"],
)
def test_text_that_looks_like_the_statements_own_is_data(engine: Engine, text: str) -> None:
    """Keys and words stand in the generated statement; nothing in them may be taken for a part of it."""
    attributes = {
        text: "value",
        f"gen_ai.prompt.0.{text}": "indexed",
        "gen_ai.operation.name": text,
        "gen_ai.provider.name": text,
        "gen_ai.request.model": text,
        "openinference.span.kind": text,
        "nested": [text, 1],
    }
    (row,) = sent(
        engine,
        span(2, 1, name=text, attributes=attributes),
        resource={text: text, "service.name": text},
    )
    assert row["name"] == row["request_model"] == row["service"] == text.strip()
    assert row["attributes"][text] == "value"
    assert row["attributes"]["nested"] == [text, 1]
    assert orjson.loads(row["resource_json"])[text] == text
