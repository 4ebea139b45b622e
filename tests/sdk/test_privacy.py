"""What leaves a program is looked for in the bytes that left: of every signal, whoever wrote it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import Status, StatusCode
from tests.sdk.sdk_process import running
from tests.sdk.sdk_servers import Taken, http_server

import sightline
from sightline.sdk import runtime as runtimes
from sightline.sdk.content import is_content, without_quotes
from sightline.sdk.otlp_metrics import metrics_request
from sightline.sdk.otlp_values import Values
from sightline.sdk.texts import Texts

SECRET = "my-illness-is-gout"
CARD = 4111111111111111


@pytest.fixture
def taken() -> Iterator[Any]:
    """Start a runtime with options; gives the tracer and what its server was sent."""
    with http_server() as (url, sent):
        opened: list[Any] = []

        def start(**options: Any) -> tuple[Any, Taken]:
            made = running(endpoint=url, **options)
            runtime, tracer = made.__enter__()
            opened.append(made)
            runtimes.install(runtime)
            return tracer, sent

        yield start
        runtimes.install(None)
        for one in opened:
            one.__exit__(None, None, None)


def spans_of(sent: Taken) -> list[Any]:
    return [s for path, _, body in sent.requests if path == "/v1/traces"
            for r in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in r.scope_spans for s in scope.spans]  # fmt: skip


def failing() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f'cannot use {SECRET}\n  File "{SECRET}", line 1, in {SECRET}') from error


def test_without_content_no_exception_status_or_address_quotes_it(taken: Any) -> None:
    tracer, sent = taken(capture_content=False)
    with pytest.raises(ValueError, match="cannot use"), tracer.start_as_current_span("theirs"):
        failing()
    with tracer.start_as_current_span("ours") as span:
        ours = sightline.current_span()
        try:
            failing()
        except ValueError as error:
            ours.error(error)
        span.set_attribute("url.full", f"https://shop.example/find?q={SECRET}#{SECRET}")
        span.set_attribute("http.target", f"/find?q={SECRET}")
        span.set_attribute("url.query", f"q={SECRET}")
        span.set_attribute("exception.message", SECRET)
        span.set_status(Status(StatusCode.ERROR, SECRET))
        ours.input(SECRET).output({"a": SECRET})
        sightline.score("helpful", 1, comment=SECRET, correction=SECRET)
    logger = logging.Logger("shop")
    logger.addHandler(sightline.LoggingHandler())
    try:
        failing()
    except ValueError:
        logger.exception("it failed")
    assert sightline.flush(10)
    everything = b"".join(body for _, _, body in sent.requests)
    assert SECRET.encode() not in everything
    theirs, ours = sorted(spans_of(sent), key=lambda s: s.name, reverse=True)
    assert theirs.status.code == ours.status.code == StatusCode.ERROR.value
    for one in (theirs, ours):
        (event,) = one.events
        said = {kv.key: kv.value.string_value for kv in event.attributes}
        assert said["exception.type"] == "ValueError"
        assert "in failing" in said["exception.stacktrace"]
    addresses = {kv.key: kv.value.string_value for kv in ours.attributes}
    assert addresses["url.full"] == "https://shop.example/find"
    assert addresses["http.target"] == "/find"


def test_with_content_all_of_that_is_there(taken: Any) -> None:
    tracer, sent = taken()
    with tracer.start_as_current_span("x") as span:
        span.set_attribute("url.query", f"q={SECRET}")
        span.record_exception(ValueError(SECRET))
        span.set_status(Status(StatusCode.ERROR, SECRET))
    assert sightline.flush(10)
    assert b"".join(body for _, _, body in sent.requests).count(SECRET.encode()) >= 4


@pytest.mark.parametrize(
    "stack",
    [
        "",
        SECRET,
        f'  File "{SECRET}", line 1, in f',
        f"Traceback (most recent call last):\n{SECRET}",
        f'Traceback (most recent call last):\n    {SECRET}\nValueError: x\n  File "{SECRET}", line 1, in f',
        f"ValueError: {SECRET}\nTraceback (most recent call last):\n",
    ],
)
def test_a_stack_is_cut_where_messages_begin(stack: str) -> None:
    assert SECRET not in without_quotes("exception.stacktrace", stack)


def test_rules_hold_for_numbers_truths_and_bytes_as_for_texts(taken: Any) -> None:
    redaction = sightline.Redaction(
        fields={"customer": "hash", "paid": "hash", "gone": "drop"}, salt="a salt of one's own"
    )
    tracer, sent = taken(redaction=redaction)
    attributes = {"customer": 4711, "paid": True, "gone": 5, "card": float(CARD), "n": 3, "part": 0.5}
    tracer.start_span("x", attributes=attributes).end()
    tracer.start_span("y", attributes={"customer": "4711"}).end()
    assert sightline.flush(10)
    first, second = ({kv.key: kv.value for kv in s.attributes} for s in spans_of(sent))
    assert first["customer"].string_value == second["customer"].string_value
    assert first["customer"].string_value.startswith("[customer:")
    assert first["paid"].string_value.startswith("[paid:")
    assert "gone" not in first
    assert first["card"].string_value.startswith("[card:")
    assert (first["n"].int_value, first["part"].double_value) == (3, 0.5)


def test_metrics_are_redacted_in_resources_points_and_exemplars() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], Resource({"owner": "ada@example.org"}))
    provider.get_meter("shop").create_counter("sold").add(
        1, {"buyer": "ada@example.org", "card": CARD, "tags": ["ada@example.org"], "plan": "pro", "gone": 1}
    )
    data = reader.get_metrics_data()
    assert data is not None
    redaction = sightline.Redaction(fields={"gone": "drop"})
    left = metrics_request(data, Values(Texts(redaction.apply, 1000, is_content, redaction.rule)), {})
    assert b"ada@example.org" not in left
    assert b"gone" not in left
    assert b"[EMAIL]" in left
    assert b"[CARD]" in left
    assert b"pro" in left
    provider.shutdown()


def test_what_detectors_do_makes_no_spans() -> None:
    """Else one that asks a service would make a span, whose texts it is asked about, and so on."""
    from opentelemetry.context import get_value

    seen: list[object] = []

    class Asking:
        def find(self, text: str) -> list[Any]:
            seen.append((threading.current_thread().name, get_value("suppress_instrumentation")))
            return []

    sightline.Redaction(detector=Asking()).apply("input.value", "hello")
    assert seen == [("sightline-redaction", True)]
