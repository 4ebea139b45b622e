"""What leaves is OTLP that OpenTelemetry's own encoder would write, plus number, weight and identity."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from tests.sdk.sdk_spans import ended

from sightline.sdk import otlp_values
from sightline.sdk.batching import Batch
from sightline.sdk.content import is_content
from sightline.sdk.encoding import Encoder
from sightline.sdk.ended_span import ended_span
from sightline.sdk.events import LogEvent
from sightline.sdk.names import SAMPLING_REASON, SEQUENCE, WEIGHT
from sightline.sdk.sampling import KEEP_ALL, Decision
from sightline.sdk.texts import Texts

_PUBLIC = (
    "context",
    "parent",
    "status",
    "name",
    "kind",
    "start_time",
    "end_time",
    "resource",
    "instrumentation_scope",
    "events",
    "links",
    "attributes",
    "dropped_attributes",
    "dropped_events",
    "dropped_links",
)
PLAIN = Texts(None, 1000, None)


def made(span: Any, texts: Texts = PLAIN, decision: Decision = KEEP_ALL, number: int = 1) -> Span:
    return Span.FromString(Encoder(texts, {}).span(span, number, decision))


def values(message: Any) -> dict[str, Any]:
    return {
        kv.key: getattr(kv.value, kv.value.WhichOneof("value") or "string_value") for kv in message.attributes
    }


def real_spans() -> Any:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "real"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("scope", "1.2", "https://schema.example/1", attributes={"x": "y"})
    remote = trace.SpanContext(5, 6, True, trace.TraceFlags(1), trace.TraceState([("a", "b")]))
    with tracer.start_as_current_span(
        "outer",
        context=trace.set_span_in_context(trace.NonRecordingSpan(remote)), kind=trace.SpanKind.SERVER,
        attributes={"s": "text", "i": 1, "f": 0.5, "b": True, "l": ["a", "b"], "n": [1, 2]},
        links=[trace.Link(remote, {"why": "test"})],
    ) as outer:  # fmt: skip
        outer.add_event("happened", {"k": "v"})
        with pytest.raises(ValueError, match="bad"), tracer.start_as_current_span("inner"):
            raise ValueError("bad")
    return exporter.get_finished_spans()


def test_a_request_is_what_opentelemetrys_encoder_writes_apart_from_the_number() -> None:
    spans = real_spans()
    encoder, batch = Encoder(PLAIN, {}), Batch("traces")
    for number, span in enumerate(spans, 1):
        slim = ended_span(span)
        batch.add(
            encoder.resource(slim.resource),
            encoder.scope(slim.scope),
            encoder.span(slim, number, KEEP_ALL),
            number,
        )
    request = batch.request()
    ours, theirs = ExportTraceServiceRequest.FromString(request.body), encode_spans(spans)
    assert (request.items, request.first, request.last) == (2, 1, 2)
    for resource_spans in ours.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for number, span in enumerate(scope_spans.spans, 1):
                last = span.attributes.pop()
                assert (last.key, last.value.int_value) == (SEQUENCE, number)
                span.flags &= 0x300
                for link in span.links:
                    assert link.trace_state == "a=b"  # which theirs leaves out
                    link.ClearField("trace_state")
    for span in theirs.resource_spans[0].scope_spans[0].spans:
        span.flags &= 0x300
        if not span.status.code:
            span.ClearField("status")
    assert ours == theirs


def test_a_span_of_another_release_of_the_sdk_is_read_by_its_public_face() -> None:
    class Public:
        """A ReadableSpan without the fields behind it."""

        def __init__(self, span: Any) -> None:
            self._attributes = None
            for name in _PUBLIC:
                setattr(self, name, getattr(span, name))

    for span in real_spans():
        assert made(ended_span(Public(span))) == made(ended_span(span))


def test_identity_is_put_over_the_resource_of_the_span() -> None:
    encoder = Encoder(PLAIN, {"service.instance.id": "me"})
    resource = Resource({"service.name": "a", "service.instance.id": "parent"})
    assert b"parent" not in encoder.resource(resource).front
    assert b"me" in encoder.resource(resource).front


def test_weight_and_reason_stand_on_spans_that_stand_for_others() -> None:
    found = made(ended(), decision=Decision(True, 4.0, "ratio", 3 << 54))
    assert (values(found)[WEIGHT], values(found)[SAMPLING_REASON]) == (4.0, "ratio")
    assert found.trace_state == "ot=th:c"
    assert WEIGHT not in values(made(ended()))
    assert not made(ended(), decision=Decision(True, 1.0, "error")).trace_state


def test_a_threshold_joins_the_trace_state_that_is_there() -> None:
    state = trace.TraceState([("x", "1"), ("ot", "rv:00000000000001;th:4")])
    found = made(ended(state=state), decision=Decision(True, 2.0, "ratio", 1 << 55))
    assert found.trace_state == "ot=th:8;rv:00000000000001,x=1"


def test_redaction_sees_every_text_with_its_field() -> None:
    seen: dict[str, str] = {}

    def redact(field: str, text: str) -> str:
        seen[field] = text
        return text.replace("secret", "…")

    span = ended({"a": "secret", "l": ("secret", "x"), "d": {"in": "secret"}}, name="secret name", status=2,
                 status_text="secret failure")  # fmt: skip
    found = made(span, Texts(redact, 1000, None))
    assert b"secret" not in found.SerializeToString()
    assert seen == {
        "a": "secret",
        "l": "x",
        "d.in": "secret",
        "name": "secret name",
        "status.message": "secret failure",
    }


def test_long_texts_are_cut_after_redaction_and_say_how_long_they_were() -> None:
    texts = Texts(lambda _, text: text.replace("4111", "…"), 10, None)
    assert (
        values(made(ended({"a": "x" * 8 + "4111" + "y" * 20}), texts))["a"]
        == "xxxxxxxx…y… [cut, 29 characters]"
    )


def test_content_stays_here_when_it_is_off() -> None:
    span = ended(
        {
            "gen_ai.input.messages": "hello",
            "gen_ai.request.model": "m",
            "llm.input_messages.0.message.content": "x",
        }
    )
    assert set(values(made(span, Texts(None, 100, is_content)))) == {"gen_ai.request.model", SEQUENCE}


WORD = st.text(st.characters(exclude_categories=["Cs"]))  # which the official messages take
PLAIN_VALUE = st.one_of(
    WORD, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.lists(WORD, max_size=3),
    st.lists(st.booleans(), max_size=3), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
    st.lists(st.floats(), max_size=3), st.binary(),
)  # fmt: skip
PLAIN_ATTRIBUTES = st.dictionaries(WORD.filter(bool), PLAIN_VALUE, max_size=4)
TIME = st.integers(0, 2**64 - 1)
CONTEXT = st.builds(
    trace.SpanContext, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans(),
    st.sampled_from([trace.TraceFlags(0), trace.TraceFlags(1)]),
    st.sampled_from([None, trace.TraceState([("a", "b"), ("c", "d")])]),
)  # fmt: skip
READABLE = st.builds(
    ReadableSpan, name=WORD, context=CONTEXT, parent=st.one_of(st.none(), CONTEXT),
    resource=st.builds(Resource, PLAIN_ATTRIBUTES, st.sampled_from([None, "https://schema.example/r"])),
    attributes=PLAIN_ATTRIBUTES, kind=st.sampled_from(trace.SpanKind),
    events=st.lists(st.builds(Event, WORD, PLAIN_ATTRIBUTES, TIME), max_size=2),
    links=st.lists(st.builds(trace.Link, CONTEXT, PLAIN_ATTRIBUTES), max_size=2),
    status=st.one_of(st.builds(trace.Status, st.just(trace.StatusCode.ERROR), st.one_of(st.none(), WORD)),
                     st.sampled_from([trace.Status(trace.StatusCode.OK), trace.Status()])),
    start_time=TIME, end_time=TIME,
    instrumentation_scope=st.one_of(
        st.none(), st.builds(InstrumentationScope, WORD, st.one_of(st.none(), WORD),
                             st.sampled_from([None, "https://schema.example/s"]), PLAIN_ATTRIBUTES)),
)  # fmt: skip


def as_we_write_it(theirs: ExportTraceServiceRequest, span: ReadableSpan, number: int) -> bytes:
    """The official bytes with what is ours on top: number, flags, trace state of links; no empty status."""
    made = theirs.resource_spans[0].scope_spans[0].spans[0]
    made.attributes.add(key=SEQUENCE).value.int_value = number
    assert span.context is not None
    made.flags |= span.context.trace_flags
    made.trace_state = ",".join(f"{k}={v}" for k, v in span.context.trace_state.items())
    for link, other in zip(made.links, span.links, strict=True):
        link.trace_state = ",".join(f"{k}={v}" for k, v in other.context.trace_state.items())
    if not made.status.code:
        made.ClearField("status")
    return theirs.SerializeToString()


@settings(deadline=None)
@given(READABLE, st.integers(1, 2**40))
def test_any_span_is_in_the_bytes_of_the_official_serializer(span: ReadableSpan, number: int) -> None:
    encoder, batch = Encoder(PLAIN, {}), Batch("traces")
    slim = ended_span(span)
    item = encoder.span(slim, number, KEEP_ALL)
    batch.add(encoder.resource(slim.resource), encoder.scope(slim.scope), item, number)
    theirs = encode_spans([span])
    expected = as_we_write_it(theirs, span, number)
    assert ExportTraceServiceRequest.FromString(batch.request().body) == theirs
    assert batch.request().body == expected


ATTRIBUTE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(),
              st.binary(), st.just(object())),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.text(), ATTRIBUTE, max_size=5), st.text())
def test_whatever_an_attribute_is_the_bytes_are_readable(attributes: dict[str, Any], name: str) -> None:
    body = Encoder(PLAIN, {}).span(ended(attributes, name=name), 1, KEEP_ALL)
    found = Span.FromString(body)
    assert len(found.attributes) == len(attributes) + 1
    assert found.SerializeToString() == body


@settings(deadline=None)
@given(st.dictionaries(st.text(), ATTRIBUTE, max_size=5), ATTRIBUTE, st.integers(-1, 30), st.text(),
       st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))  # fmt: skip
def test_whatever_a_log_record_holds_the_bytes_are_those_of_the_official_serializer(
    attributes: dict[str, Any], body: Any, severity: int, name: str, trace_id: int, span_id: int, time: int
) -> None:
    event = LogEvent(name, attributes, body, severity, trace_id, span_id, time)
    written = Encoder(PLAIN, {}).event(event, 7)
    found = LogRecord.FromString(written)
    assert found.SerializeToString() == written
    assert (values(found)[SEQUENCE], found.time_unix_nano, found.observed_time_unix_nano) == (7, time, time)
    assert found.HasField("body") == (body is not None)
    assert found.trace_id == (trace_id.to_bytes(16, "big") if trace_id else b"")


KINDS = [
    ("", "string_value", ""), (False, "bool_value", False), (0, "int_value", 0), (-1, "int_value", -1),
    (2**63 - 1, "int_value", 2**63 - 1), (-(2**63), "int_value", -(2**63)),
    (2**63, "string_value", str(2**63)),
    (-0.0, "double_value", 0.0), (b"", "bytes_value", b""), (10**500, "string_value", "1" + "0" * 399),
]  # fmt: skip


@pytest.mark.parametrize(("value", "member", "kept"), KINDS, ids=[str(v)[:20] for v, _, _ in KINDS])
def test_what_is_0_or_empty_is_not_the_same_as_absent(value: Any, member: str, kept: Any) -> None:
    for place in ({"a": value}, {"a": [value]}, {"a": {"b": value}}):
        found = made(ended(place)).attributes[0].value
        if found.WhichOneof("value") == "array_value":
            found = found.array_value.values[0]
        elif found.WhichOneof("value") == "kvlist_value":
            found = found.kvlist_value.values[0].value
        assert (found.WhichOneof("value"), getattr(found, member)) == (member, kept)


def test_empty_lists_and_mappings_are_there() -> None:
    found = {
        kv.key: kv.value.WhichOneof("value") for kv in made(ended({"l": [], "m": {}, "n": None})).attributes
    }
    assert (found["l"], found["m"], found["n"]) == ("array_value", "kvlist_value", None)


def test_a_list_that_holds_itself_many_times_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_values, "_MOST_PARTS", 1000)
    loop: list[Any] = []
    loop.extend([loop] * 10)
    assert 1000 < len(Encoder(PLAIN, {}).span(ended({"loop": loop}), 1, KEEP_ALL)) < 20_000


def test_half_of_a_surrogate_pair_is_replaced_and_not_the_end() -> None:
    found = made(ended({"a\ud800": "b\udfff"}, name="c\ud800"))
    assert (found.name, values(found)["a?"]) == ("c?", "b?")


def test_a_value_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert made(ended({"loop": loop}))


def test_an_event_is_a_log_record_with_its_own_number() -> None:
    encoder, batch = Encoder(PLAIN, {"service.name": "s"}), Batch("logs")
    event = LogEvent(
        "gen_ai.evaluation.result", {"gen_ai.evaluation.name": "helpful", "v": 1.0}, "body", 9, 7, 8, 99
    )
    batch.add(encoder.own_resource(), encoder.scope(None), encoder.event(event, 3), 3)
    request = ExportLogsServiceRequest.FromString(batch.request().body)
    (record,) = request.resource_logs[0].scope_logs[0].log_records
    assert (record.event_name, record.severity_number, record.time_unix_nano) == (event.event_name, 9, 99)
    assert (record.trace_id, record.span_id) == ((7).to_bytes(16, "big"), (8).to_bytes(8, "big"))
    assert record.body.string_value == "body"
    assert values(record)[SEQUENCE] == 3
