"""The parts together: context, redaction, feedback and metrics through the real pipeline."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.sdk.sdk_process import run, running
from tests.sdk.sdk_servers import http_server

import sightline
from sightline.sdk import runtime as runtimes
from sightline.sdk.redaction import Redaction


def attributes(span: Any) -> dict[str, Any]:
    return {kv.key: getattr(kv.value, kv.value.WhichOneof("value")) for kv in span.attributes}


def test_the_context_is_on_spans_of_every_tracer_but_not_over_what_they_say_themselves() -> None:
    with http_server() as (url, taken), running(endpoint=url) as (runtime, tracer):
        with sightline.context(user="u-1", session="s-1"):
            tracer.start_span("plain").end()
            tracer.start_span("own", attributes={"user.id": "mine"}).end()
        tracer.start_span("outside").end()
        assert runtime.flush(10)
        found = {s.name: attributes(s) for s in taken.spans()}
    assert (found["plain"]["user.id"], found["plain"]["session.id"]) == ("u-1", "s-1")
    assert (found["own"]["user.id"], found["own"]["session.id"]) == ("mine", "s-1")
    assert "user.id" not in found["outside"]


def test_redaction_takes_out_what_it_finds_in_texts_numbers_and_fields() -> None:
    redaction = Redaction(fields={"http.cookie": "drop"})
    given = {
        "input.value": "mail ada@example.org",
        "card": 4111111111111111,
        "n": 12345678,
        "http.cookie": "a=b",
    }
    with http_server() as (url, taken), running(endpoint=url, redaction=redaction) as (runtime, tracer):
        tracer.start_span("a", attributes=given).end()
        assert runtime.flush(10)
        found = attributes(taken.spans()[0])
    assert found["input.value"] == "mail [EMAIL]"
    assert found["card"] == "[CARD]"
    assert found["n"] == 12345678
    assert "http.cookie" not in found


def test_redaction_true_is_the_usual_one() -> None:
    with http_server() as (url, taken), running(endpoint=url, redaction=True) as (runtime, tracer):
        tracer.start_span("a", attributes={"input.value": "ada@example.org"}).end()
        assert runtime.flush(10)
        assert attributes(taken.spans()[0])["input.value"] == "[EMAIL]"


def test_feedback_keeps_its_trace_and_goes_as_a_log_record() -> None:
    with http_server() as (url, taken), running(endpoint=url, sampling=0.0) as (runtime, tracer):
        runtimes.install(runtime)
        try:
            with tracer.start_as_current_span("answered"):
                sightline.feedback("up")
            tracer.start_span("nobody cared").end()
            assert sightline.flush(10)
        finally:
            runtimes.install(None)
        assert [s.name for s in taken.spans()] == ["answered"]
        assert attributes(taken.spans()[0])["sightline.sampling.reason"] == "feedback"
        ((_, _, body),) = [r for r in taken.requests if r[0] == "/v1/logs"]
        (record,) = ExportLogsServiceRequest.FromString(body).resource_logs[0].scope_logs[0].log_records
        assert record.event_name == "gen_ai.evaluation.result"
        assert record.trace_id == taken.spans()[0].trace_id


METRICS = """
    import sightline
    from opentelemetry import trace
    started = sightline.init(endpoint={url!r}, spool="off", instrument=False, metrics=True, quiet=True)
    usage = {{"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 12, "gen_ai.request.model": "m"}}
    trace.get_tracer("x").start_span("chat m", attributes=usage).end()
    print(started.sender)
"""


def test_metrics_of_genai_calls_are_sent_by_a_program_without_a_meter_provider() -> None:
    with http_server() as (url, taken):
        done = run(METRICS.format(url=url))
        assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, str] = {}
    for path, _, body in taken.requests:
        if path == "/v1/metrics":
            for part in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                sender = {kv.key: kv.value.string_value for kv in part.resource.attributes}[
                    "service.instance.id"
                ]
                found |= {metric.name: sender for scope in part.scope_metrics for metric in scope.metrics}
    assert found["gen_ai.client.operation.duration"] == done.stdout.strip()
    assert found["sightline.sdk.spans"] == done.stdout.strip()
