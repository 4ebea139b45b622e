"""Good requests pass untouched; of others exactly the bad records are missing, and the answer says why."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from sightline.records.ingest import Signal
from sightline.wire import otlp
from sightline.wire.otlp import validate
from sightline.wire.refusals import BadRequest
from wire.samples import (
    NOW,
    REQUESTS,
    SECOND,
    attribute,
    gauge,
    log,
    logs,
    metrics,
    one_of,
    random_request,
    span,
    traces,
)


def spoiled(body: bytes, text: str = "SPOIL") -> bytes:
    """The bytes with a marker text made invalid UTF-8."""
    assert text.encode() in body
    return body.replace(text.encode(), b"\xff" * len(text))


def nested(depth: int) -> AnyValue:
    value = AnyValue(string_value="deep")
    for _ in range(depth):
        value = AnyValue(array_value={"values": [value]})
    return value


def names(payload: bytes) -> list[str]:
    request = REQUESTS[Signal.TRACES].FromString(payload)
    return [s.name for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]


@pytest.mark.parametrize("signal", list(Signal))
def test_a_good_request_comes_back_as_the_very_same_bytes(signal: Signal) -> None:
    body = one_of(signal)
    checked = validate(body, signal, NOW)
    assert checked.payload is body
    assert (checked.items, checked.rejected, checked.message) == (1, 0, "")


@pytest.mark.parametrize("signal", list(Signal))
def test_an_empty_request_is_good(signal: Signal) -> None:
    assert validate(b"", signal, NOW).items == 0


def test_all_kinds_of_points_are_counted() -> None:
    point = {"time_unix_nano": NOW}
    each = [
        {"name": kind, kind: {"data_points": [point] * n}}
        for n, kind in enumerate(("gauge", "sum", "histogram", "exponential_histogram", "summary"), 1)
    ]
    assert validate(metrics(*each, {"name": "none"}).SerializeToString(), Signal.METRICS, NOW).items == 15


@pytest.mark.parametrize(
    ("bad", "reason", "said"),
    [
        (span(2, trace_id=b"x" * 15), "bad_id", "trace_id is 15 bytes, expected 16"),
        (span(2, start_time_unix_nano=5), "bad_time", "start_time_unix_nano is 5"),
        (span(2, attributes=[attribute("a")] * 10_001), "too_many_attributes", "10001 attributes"),
        (
            span(2, attributes=[attribute("a"), KeyValue(key="deep", value=nested(48))]),
            "malformed",
            "nested deeper than 100",
        ),
    ],
)
def test_one_bad_span_is_refused_alone(bad: Any, reason: str, said: str) -> None:
    checked = validate(traces(span(1), bad, span(3)).SerializeToString(), Signal.TRACES, NOW)
    assert names(checked.payload) == ["chat 1", "chat 3"]
    assert (checked.items, checked.rejected) == (2, 1)
    assert checked.reasons == {reason: 1}
    assert "1 of 3 spans refused." in checked.message
    assert said in checked.message
    assert "resource_spans[0].scope_spans[0].spans[1]" in checked.message


ODD = [
    b"\xfa\x3e\x02zz",  # field 1007, which no message has
    b"\x28\x05",  # name as a number
    b"\x09aaaaaaaa",  # trace_id as a fixed64
    b"\x32\x01\x80",  # kind as bytes
    b"\x2b\x2c",  # name as a group
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("chunk", [otlp.CHUNK, 10])
@pytest.mark.parametrize("beside", [[], [span(9, trace_id=b"bad")]])
def test_fields_unknown_or_of_another_wire_type_do_not_reach_the_store(
    monkeypatch: pytest.MonkeyPatch, odd: bytes, chunk: int, beside: list[Any]
) -> None:
    monkeypatch.setattr(otlp, "CHUNK", chunk)
    records = [each.SerializeToString() for each in (span(1), span(2), *beside)]
    records[1] += odd
    checked = validate(otlp.wrapped(records), Signal.TRACES, NOW)
    assert (checked.items, checked.rejected) == (2, len(beside))
    assert checked.payload == otlp.wrapped([span(1).SerializeToString(), span(2).SerializeToString()])


@pytest.mark.parametrize("chunk", [otlp.CHUNK, 10])
def test_unknown_fields_around_the_records_are_left_out_too(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(otlp, "CHUNK", chunk)
    record, odd = span(1).SerializeToString(), b"\xfa\x3e\x02zz"
    scope = otlp.UndecodedPart(head=b"\x0a\x01s" + odd, children=[record]).SerializeToString() + odd
    group = otlp.UndecodedPart(head=b"\x10\x00" + odd, children=[scope]).SerializeToString() + odd
    body = otlp.UndecodedRequest(groups=[group]).SerializeToString() + odd
    checked = validate(body, Signal.TRACES, NOW)
    assert checked.items == 1
    assert odd not in checked.payload
    assert (
        REQUESTS[Signal.TRACES].FromString(checked.payload).resource_spans[0].scope_spans[0].scope.name == "s"
    )


def test_an_unknown_field_of_a_point_is_left_out() -> None:
    point = gauge(NOW).gauge.data_points[0].SerializeToString() + b"\x18\x05"  # a time as a varint
    body = otlp.wrapped([b"\x0a\x01g\x2a" + bytes([len(point) + 2]) + b"\x0a" + bytes([len(point)]) + point])
    checked = validate(body, Signal.METRICS, NOW)
    assert checked.items == 1
    assert len(checked.payload) < len(body)


def test_invalid_utf8_loses_only_its_span_and_is_located() -> None:
    bad = span(2, attributes=[attribute("a"), attribute("SPOIL")])
    checked = validate(spoiled(traces(span(1), bad).SerializeToString()), Signal.TRACES, NOW)
    assert names(checked.payload) == ["chat 1"]
    assert "attributes[1].key is not valid UTF-8 at byte" in checked.message


def test_invalid_utf8_in_a_resource_loses_only_that_attribute() -> None:
    made = traces(span(1), attributes=[attribute("service.name", "shop"), attribute("SPOIL")])
    checked = validate(spoiled(made.SerializeToString()), Signal.TRACES, NOW)
    assert (checked.items, checked.rejected) == (1, 0)
    resource = REQUESTS[Signal.TRACES].FromString(checked.payload).resource_spans[0].resource
    assert list(resource.attributes) == [attribute("service.name", "shop")]
    assert "resource_spans[0].resource was stored without what could not be read of it" in checked.message


def test_a_resource_with_a_crowd_of_attributes_keeps_the_first() -> None:
    made = traces(span(1), attributes=[attribute("a")] * 10_005)
    checked = validate(made.SerializeToString(), Signal.TRACES, NOW)
    assert checked.items == 1
    assert (
        len(REQUESTS[Signal.TRACES].FromString(checked.payload).resource_spans[0].resource.attributes)
        == 10_000
    )


def test_bad_points_leave_their_metric() -> None:
    body = metrics(gauge(NOW, 3, NOW), gauge(4, name="gone")).SerializeToString()
    checked = validate(body, Signal.METRICS, NOW)
    assert (checked.items, checked.rejected) == (2, 2)
    assert "2 of 4 data points refused." in checked.message
    assert "data_points[1] of 'queue.length'" in checked.message
    kept = REQUESTS[Signal.METRICS].FromString(checked.payload)
    assert kept == metrics(gauge(NOW, NOW))


def test_a_record_over_the_size_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MAX_RECORD", 1000)
    monkeypatch.setattr(otlp, "CHUNK", 500)
    body = traces(span(1), span(2, name="n" * 1001), span(3, name="m" * 600)).SerializeToString()
    checked = validate(body, Signal.TRACES, NOW)
    assert (checked.items, checked.reasons) == (2, {"too_large": 1})
    assert "at most 1000 are taken" in checked.message


def test_a_million_attributes_lose_only_their_span() -> None:
    # The whole is above CHUNK, so they are counted before anything is decoded.
    crowd = span(2).SerializeToString() + b"\x4a\x00" * 1_000_000
    body = traces(span(1)).SerializeToString() + otlp.wrapped([crowd])
    checked = validate(body, Signal.TRACES, NOW)
    assert (checked.items, checked.reasons) == (1, {"too_many_attributes": 1})
    assert "1000001 attributes" in checked.message


@pytest.mark.parametrize(
    ("body", "signal", "said"),
    [
        (logs(log(1), log(2)), Signal.TRACES, "reads as log records; post it to /v1/logs"),
        (logs(log(1, trace_id=b"a" * 16, span_id=b"b" * 8)), Signal.TRACES, "post it to /v1/logs"),
        (metrics(gauge(NOW)), Signal.TRACES, "post it to /v1/metrics"),
        (traces(span(1), span(2)), Signal.LOGS, "post it to /v1/traces"),
        (traces(span(1), span(2)), Signal.METRICS, "post it to /v1/traces"),
        (
            traces(span(trace_id=b"", span_id=b"")),
            Signal.TRACES,
            "no span has usable ids; log records belong to /v1/logs",
        ),
    ],
)
def test_a_request_of_another_kind_is_sent_to_its_place(body: Any, signal: Signal, said: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        validate(body.SerializeToString(), signal, NOW)
    assert said in str(refusal.value)


@pytest.mark.parametrize("signal", list(Signal))
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff\xfehello", "byte 0: field"),
        (b"\x0a\x05abc", "byte 0: field 1 needs 5 bytes, 3 are left"),
        (b"\x0a\xff\xff\xff", "a varint does not end"),
        (b"\x00\x00", "field number 0"),
        (b'{"resourceSpans": []}', "byte 0"),
    ],
)
def test_garbage_is_refused_with_its_place(signal: Signal, body: bytes, said: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        validate(body, signal, NOW)
    assert f"no OTLP {signal.value} request" in str(refusal.value)
    assert said in str(refusal.value)


@pytest.mark.parametrize("signal", list(Signal))
def test_every_truncation_is_refused_or_whole(signal: Signal) -> None:
    body = one_of(signal)
    for end in range(1, len(body)):
        with pytest.raises(BadRequest):
            validate(body[:end], signal, NOW)


def test_all_spans_with_bad_times_are_a_partial_success_that_keeps_none() -> None:
    checked = validate(traces(span(1, start_time_unix_nano=1)).SerializeToString(), Signal.TRACES, NOW)
    assert (checked.items, checked.rejected) == (0, 1)


def test_too_many_records_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(BadRequest, match="at most 1000000 are taken"):
        validate(otlp.wrapped([b""] * 1_100_000), Signal.TRACES, NOW)


@given(st.sampled_from(list(Signal)), st.integers(0, 2**64))
def test_what_is_kept_is_good_and_stays_the_same(signal: Signal, seed: int) -> None:
    body = random_request(signal, seed).SerializeToString()
    try:
        checked = validate(body, signal, NOW)
    except BadRequest as refusal:
        assert str(refusal)
        return
    again = validate(checked.payload, signal, NOW)
    assert again.payload is checked.payload
    assert (again.items, again.rejected) == (checked.items, 0)
    if not checked.message:
        assert checked.payload is body


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 400))
def test_large_requests_split_without_changing_the_result(good: list[bool], chunk: int) -> None:
    made = [span(n, **({} if ok else {"start_time_unix_nano": 1})) for n, ok in enumerate(good, 1)]
    body = traces(*made).SerializeToString()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(otlp, "CHUNK", chunk)
        checked = validate(body, Signal.TRACES, NOW)
    assert names(checked.payload) == [f"chat {n}" for n, ok in enumerate(good, 1) if ok]
    assert checked.rejected == good.count(False)
    assert (checked.payload is body) == all(good)


@given(st.sampled_from(list(Signal)), st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(signal: Signal, body: bytes) -> None:
    try:
        validate(body, signal, NOW)
    except BadRequest as refusal:
        assert str(refusal)


@given(st.sampled_from(list(Signal)), st.integers(0, 2**32), st.integers(1, 6))
def test_mutated_requests_raise_nothing_else(signal: Signal, seed: int, times: int) -> None:
    dice = random.Random(seed)
    made = {
        Signal.TRACES: traces(*[span(n, events=[{"name": "e", "time_unix_nano": NOW}]) for n in range(1, 5)]),
        Signal.LOGS: logs(*[log(n, attributes=[attribute("k")]) for n in range(1, 5)]),
        Signal.METRICS: metrics(gauge(NOW, NOW + SECOND), gauge(NOW)),
    }
    body = bytearray(made[signal].SerializeToString())
    for _ in range(times):
        body[dice.randrange(len(body))] = dice.randrange(256)
    try:
        checked = validate(bytes(body), signal, NOW)
    except BadRequest as refusal:
        assert str(refusal)
    else:
        assert validate(checked.payload, signal, NOW).rejected == 0
