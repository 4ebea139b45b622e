"""OTLP/JSON, as specified and as senders write it, becomes the same message its protobuf form would be."""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.records.ingest import Signal
from sightline.wire import otlp_json
from sightline.wire.otlp import validate
from sightline.wire.otlp_json import transcode
from sightline.wire.refusals import BadRequest
from wire.samples import NOW, REQUESTS, as_json, attribute, random_request, span, traces

SIGNALS = st.sampled_from(list(Signal))
SEEDS = st.integers(0, 2**64)
PLAIN = {
    "traceId": "0af7651916cd43dd8448eb211c80319c",
    "spanId": "00f067aa0ba902b7",
    "startTimeUnixNano": str(NOW),
}


def canonical(message: Any) -> bytes:
    """Bytes to compare: NaN is not equal to itself, its bytes are."""
    return bytes(message.SerializeToString(deterministic=True))


def read(tree: Any, signal: Signal = Signal.TRACES) -> Any:
    return REQUESTS[signal].FromString(transcode(orjson.dumps(tree), signal).payload)


def one(**fields: Any) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{**PLAIN, **fields}]}]}]}


def with_unknown_fields(tree: Any) -> Any:
    """The same with a field that no message has in every object that holds any."""
    if isinstance(tree, list):
        return [with_unknown_fields(each) for each in tree]
    if not isinstance(tree, dict) or not tree:
        return tree
    return {"unheardOf": 1, **{name: with_unknown_fields(each) for name, each in tree.items()}}


def only(tree: Any) -> Span:
    request = read(tree)
    found: Span = request.resource_spans[0].scope_spans[0].spans[0]
    return found


@given(SIGNALS, SEEDS, st.booleans(), st.booleans())
def test_every_message_survives_its_json_form(signal: Signal, seed: int, snake: bool, names: bool) -> None:
    message = random_request(signal, seed)
    assert canonical(read(as_json(message, snake, names), signal)) == canonical(message)


@given(SIGNALS, SEEDS)
def test_the_tolerant_reading_gives_the_same(signal: Signal, seed: int) -> None:
    message = random_request(signal, seed)
    tree = with_unknown_fields(as_json(message))
    result = transcode(orjson.dumps(tree), signal)
    assert (result.rejected, result.message) == (0, "")
    assert canonical(REQUESTS[signal].FromString(result.payload)) == canonical(message)


def test_a_usual_request_takes_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(otlp_json, "_Reading")
    message = traces(
        span(
            1,
            attributes=[
                attribute("text"),
                {"key": "int", "value": {"int_value": -5}},
                {
                    "key": "list",
                    "value": {"array_value": {"values": [{"int_value": 1}, {"double_value": 0.5}]}},
                },
                {"key": "bytes", "value": {"bytes_value": b"\0\xff"}},
            ],
            events=[{"name": "e", "time_unix_nano": NOW, "attributes": [attribute("a")]}],
            links=[{"trace_id": b"a" * 16, "span_id": b"b" * 8}],
            status={"code": 2, "message": "no"},
        ),
        attributes=[attribute("service.name")],
    )
    assert read(as_json(message)) == message
    assert read(as_json(message, names=True)) == message


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("traceId", PLAIN["traceId"].upper(), bytes.fromhex(PLAIN["traceId"])),
        ("traceId", base64.b64encode(b"0123456789abcdef").decode(), b"0123456789abcdef"),
        ("spanId", base64.b64encode(b"01234567").decode(), b"01234567"),
        ("parentSpanId", "", b""),
        ("parentSpanId", None, b""),
        ("startTimeUnixNano", NOW, NOW),
        ("startTimeUnixNano", float(NOW), NOW),
        ("startTimeUnixNano", {"low": NOW & 0xFFFFFFFF, "high": NOW >> 32, "unsigned": True}, NOW),
        ("startTimeUnixNano", {"low": (NOW & 0xFFFFFFFF) - 2**32, "high": NOW >> 32, "unsigned": True}, NOW),
        ("kind", "SPAN_KIND_CLIENT", 3),
        ("kind", "client", 3),
        ("kind", "3", 3),
        ("kind", 3.0, 3),
        ("droppedAttributesCount", "7", 7),
        ("flags", 257, 257),
        ("name", 12, "12"),
        ("name", "cut \ud83d", "cut �"),
    ],
)
def test_a_field_in_every_spelling(field: str, value: Any, expected: Any) -> None:
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in field)
    for name in (field, snake):
        tree = one(**{name: value})
        if name != field:
            tree["resourceSpans"][0]["scopeSpans"][0]["spans"][0].pop(field, None)
        body = json.dumps(tree).encode()
        request = REQUESTS[Signal.TRACES].FromString(transcode(body, Signal.TRACES).payload)
        assert getattr(request.resource_spans[0].scope_spans[0].spans[0], snake) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"intValue": "-9223372036854775808"}, AnyValue(int_value=-(2**63))),
        ({"intValue": 5}, AnyValue(int_value=5)),
        ({"intValue": {"low": -1, "high": -1, "unsigned": False}}, AnyValue(int_value=-1)),
        ({"int_value": 5.0}, AnyValue(int_value=5)),
        ({"doubleValue": "-Infinity"}, AnyValue(double_value=float("-inf"))),
        ({"doubleValue": 1}, AnyValue(double_value=1.0)),
        ({"boolValue": "true"}, AnyValue(bool_value=True)),
        ({"bytesValue": "AP8"}, AnyValue(bytes_value=b"\0\xff")),
        ({"bytesValue": "AP-_"}, AnyValue(bytes_value=b"\0\xff\xbf")),
        ({"arrayValue": {}}, AnyValue(array_value={})),
        (
            {"arrayValue": [1, "a"]},
            AnyValue(array_value={"values": [{"int_value": 1}, {"string_value": "a"}]}),
        ),
        (
            {"kvlistValue": {"a": 1}},
            AnyValue(kvlist_value={"values": [{"key": "a", "value": {"int_value": 1}}]}),
        ),
        ({"stringValue": "x", "unheardOf": 1}, AnyValue(string_value="x")),
        ("bare", AnyValue(string_value="bare")),
        (True, AnyValue(bool_value=True)),
        (2**63, AnyValue(double_value=2.0**63)),
        (None, AnyValue()),
        (
            {"a": [None]},
            AnyValue(kvlist_value={"values": [{"key": "a", "value": {"array_value": {"values": [{}]}}}]}),
        ),
    ],
)
def test_a_value_in_every_spelling(value: Any, expected: AnyValue) -> None:
    as_list = only(one(attributes=[{"key": "k", "value": value}])).attributes
    as_object = only(one(attributes={"k": value})).attributes
    assert [a.key for a in as_list] == [a.key for a in as_object] == ["k"]
    assert as_list[0].value == as_object[0].value == expected


def test_a_bare_nan_is_a_number() -> None:
    body = json.dumps(one(attributes=[{"key": "k", "value": {"doubleValue": float("nan")}}])).encode()
    assert b"NaN" in body
    request = REQUESTS[Signal.TRACES].FromString(transcode(body, Signal.TRACES).payload)
    value = request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value.double_value
    assert value != value


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"traceId": "xyz"}, "traceId is 'xyz', expected 32 hexadecimal digits"),
        ({"spanId": 5}, "spanId is 5, expected 16 hexadecimal digits"),
        ({"startTimeUnixNano": "soon"}, "startTimeUnixNano is 'soon', expected an integer"),
        ({"startTimeUnixNano": -1}, "startTimeUnixNano is -1, expected an integer from 0"),
        ({"startTimeUnixNano": 1.5}, "startTimeUnixNano is 1.5, expected an integer"),
        (
            {"kind": "SPAN_KIND_ODD"},
            "kind is 'SPAN_KIND_ODD', expected a number or a name such as SPAN_KIND_CONSUMER",
        ),
        ({"attributes": "a=b"}, "attributes is 'a=b', expected a list of key and value, or an object"),
        ({"attributes": [5]}, "attributes[0] is 5, expected an object with key and value"),
        ({"attributes": {"k": {"bytesValue": "%"}}}, "attributes['k'].bytesValue is '%', expected base64"),
        ({"kind": "cut \ud83d"}, "kind is 'cut \\ud83d', expected a number or a name"),
        ({"events": {"a": 1}}, "events is {'a': 1}, expected a list"),
        ({"events": [None]}, "events[0] is None, expected an object"),
        ({"name": {}}, "name is {}, expected a string"),
        (
            {"attributes": {"k": {"doubleValue": "much"}}},
            "attributes['k'].doubleValue is 'much', expected a number",
        ),
        (
            {"attributes": {"k": {"boolValue": "maybe"}}},
            "attributes['k'].boolValue is 'maybe', expected true or false",
        ),
    ],
)
def test_a_span_that_cannot_be_read_is_refused_alone(fields: dict[str, Any], said: str) -> None:
    tree = one()
    tree["resourceSpans"][0]["scopeSpans"][0]["spans"].append({**PLAIN, **fields})
    result = transcode(json.dumps(tree).encode(), Signal.TRACES)
    assert (result.rejected, result.reasons) == (1, {"malformed": 1})
    assert f"resourceSpans[0].scopeSpans[0].spans[1].{said}" in result.message
    kept = REQUESTS[Signal.TRACES].FromString(result.payload)
    assert len(kept.resource_spans[0].scope_spans[0].spans) == 1
    with pytest.raises(BadRequest, match="1 spans refused"):
        transcode(json.dumps(one(**fields)).encode(), Signal.TRACES)


@pytest.mark.parametrize("depth", [60, 300])
@pytest.mark.parametrize("extra", [{}, {"unheardOf": 1}])
def test_a_depth_bomb_loses_only_its_span(depth: int, extra: dict[str, Any]) -> None:
    deep = '{"arrayValue":{"values":[' * depth + '{"intValue":"1"}' + "]}}" * depth
    tree = one()
    tree["resourceSpans"][0]["scopeSpans"][0]["spans"].append({**PLAIN, **extra, "attributes": "DEEP"})
    body = json.dumps(tree).replace('"DEEP"', f'[{{"key":"k","value":{deep}}}]').encode()
    result = transcode(body, Signal.TRACES)
    checked = validate(result.payload, Signal.TRACES, NOW)
    assert (checked.items, result.rejected + checked.rejected) == (1, 1)
    assert "nested deeper than" in result.message + checked.message


@pytest.mark.parametrize("depth", [2_000, 1_000_000])
def test_deeper_than_any_parser_goes_is_refused(depth: int) -> None:
    with pytest.raises(BadRequest, match=r"not valid JSON|not telemetry"):
        transcode(b'{"resourceSpans":' + b"[" * depth + b"]" * depth + b"}", Signal.TRACES)


def test_a_resource_attribute_that_cannot_be_read_is_left_out_and_named() -> None:
    tree = one()
    tree["resourceSpans"][0]["resource"] = {"attributes": {"service.name": "shop", "bad": {"intValue": "x"}}}
    result = transcode(orjson.dumps(tree), Signal.TRACES)
    resource = REQUESTS[Signal.TRACES].FromString(result.payload).resource_spans[0].resource
    assert list(resource.attributes) == [attribute("service.name", "shop")]
    assert result.rejected == 0
    assert "resource.attributes['bad'].intValue is 'x'" in result.message
    assert "the resource was stored without it" in result.message


def test_a_metric_that_cannot_be_read_counts_its_points() -> None:
    point = {"timeUnixNano": str(NOW), "asInt": "1"}
    good = {
        "name": "a",
        "sum": {"dataPoints": [point], "aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA"},
    }
    bad = {"name": "b", "gauge": {"dataPoints": [point, {**point, "asInt": "one"}]}}
    tree = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [good, bad]}]}]}
    assert transcode(orjson.dumps(tree), Signal.METRICS).rejected == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not valid JSON"),
        (b'{"resourceSpans": [,]}', "line 1, column 20"),
        (b"[1]", "JSON list, expected an object"),
        (b'"x"', "JSON str, expected an object"),
        (b'{"resourceLogs": []}', "it holds resourceLogs; post it to /v1/logs"),
        (b'{"spans": []}', "no resourceSpans (it has spans)"),
        (b'{"resourceSpans": {"a": 1}}', "resourceSpans is a JSON dict, expected a list"),
        (b"", "not valid JSON"),
        (b"\x0a\x03abc", "not valid JSON"),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        transcode(body, Signal.TRACES)
    assert said in str(refusal.value)


@pytest.mark.parametrize("signal", list(Signal))
def test_an_empty_object_is_an_empty_request(signal: Signal) -> None:
    assert transcode(b"{}", signal).payload == b""


def test_json_of_nothing_but_brackets_is_refused_before_it_is_parsed() -> None:
    body = b'{"resourceSpans":[' + b"{}," * 200_000 + b"{}]}"
    with pytest.raises(BadRequest, match="200003 objects and lists"):
        transcode(body, Signal.TRACES)


def test_too_many_records_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_json, "MAX_RECORDS", 5)
    tree = {"resourceSpans": [{"scopeSpans": [{"spans": [PLAIN] * 7}]}], "unheardOf": 1}
    with pytest.raises(BadRequest, match="over 5 records"):
        transcode(orjson.dumps(tree), Signal.TRACES)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["key", "value", "values", "stringValue", "arrayValue", "a"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "traceId",
        "attributes",
        "events",
        "links",
        "status",
        "kind",
        "name",
        "startTimeUnixNano",
        "body",
        "gauge",
        "sum",
    ]
)


@given(
    SIGNALS,
    st.dictionaries(FIELDS, JSON, max_size=4),
    st.sampled_from(["whole", "record", "resource", "groups"]),
)
def test_any_json_raises_nothing_else(signal: Signal, value: dict[str, Any], where: str) -> None:
    group, scope, record = {
        Signal.TRACES: ("resourceSpans", "scopeSpans", "spans"),
        Signal.LOGS: ("resourceLogs", "scopeLogs", "logRecords"),
        Signal.METRICS: ("resourceMetrics", "scopeMetrics", "metrics"),
    }[signal]
    tree: dict[str, Any] = {group: [{"resource": {}, scope: [{record: [value]}]}]}
    if where == "whole":
        tree = value
    elif where == "resource":
        tree[group][0]["resource"] = value
    elif where == "groups":
        tree[group] = list(value.values())
    try:
        result = transcode(json.dumps(tree).encode(), signal)
    except BadRequest as refusal:
        assert str(refusal)
    else:
        REQUESTS[signal].FromString(result.payload)
