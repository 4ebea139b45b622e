"""An application with the OpenTelemetry SDK of Python: `python_app.py http|grpc`; writes what it sent as
JSON.

Where it sends to comes from OpenTelemetry's own environment variables.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode

PROMPT = (
    'You are "helpful".\r\n\tUmlauts: äöü, emoji: 👩‍🚀, zero width: \u200b, a null follows: \\u0000 </script>'
    * 40
)


def exporters(protocol: str) -> tuple[Any, Any, Any]:
    """Exporters of traces, logs and metrics, unconfigured."""
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans

        return GrpcSpans(), GrpcLogs(), GrpcMetrics()
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(), OTLPLogExporter(), OTLPMetricExporter()


def agent_run(tracer: trace.Tracer, flush: Any) -> dict[str, str]:
    """An agent with two model calls and a tool. The root, which alone has the session, is exported last."""
    root = tracer.start_span(
        "invoke_agent support",
        attributes={
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "support",
            "session.id": "session-7",
            "user.id": "alice",
            # What frameworks do: the sum of the calls below, told again.
            "gen_ai.usage.input_tokens": 300,
            "gen_ai.usage.output_tokens": 30,
        },
    )
    with trace.use_span(root):
        for number in (1, 2):
            with tracer.start_as_current_span(
                "chat gpt-4o",
                kind=trace.SpanKind.CLIENT,
                attributes={
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-4o",
                    "gen_ai.response.model": "gpt-4o-2024-08-06",
                    "gen_ai.usage.input_tokens": 100 * number,
                    "gen_ai.usage.output_tokens": 10 * number,
                    "gen_ai.response.finish_reasons": ["stop"],
                    "gen_ai.input.messages": json.dumps([{"role": "user", "content": PROMPT}]),
                    "app.retries": 0,
                },
            ) as call:
                call.add_event("gen_ai.first_token", {"position": number})
        with tracer.start_as_current_span(
            "execute_tool search",
            attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"},
        ) as tool:
            tool.set_status(Status(StatusCode.ERROR, "timed out"))
            log_inside()
    flush()  # the children are gone before the root ends
    root.end()
    flush()
    context = root.get_span_context()
    return {"trace_id": f"{context.trace_id:032x}", "root": f"{context.span_id:016x}", "prompt": PROMPT}


def log_inside() -> None:
    """A log record within the span that is current."""
    logging.getLogger("app.tools").error("search timed out after %d ms", 1500)


def record_metrics(meter: Any) -> None:
    """One instrument of each kind that the SDK has."""
    meter.create_counter("app.requests", unit="{request}").add(3, {"route": "/ask"})
    meter.create_up_down_counter("app.queue").add(-2)
    meter.create_histogram("app.latency", unit="s", explicit_bucket_boundaries_advisory=[0.1, 1.0]).record(
        0.5
    )
    meter.create_histogram("app.sizes").record(17)  # exponential, by the view
    meter.create_gauge("app.temperature").set(21.5)

    def observed(_: Any) -> Any:
        from opentelemetry.metrics import Observation

        return [Observation(42, {"pool": "main"})]

    meter.create_observable_gauge("app.connections", [observed])
    meter.create_observable_counter("app.bytes", [observed])


def main() -> None:
    """Send everything, flush, and say what was sent."""
    spans, logs, metrics = exporters(sys.argv[1])
    resource = Resource.create(
        {"service.name": f"py-{sys.argv[1]}", "deployment.environment.name": "staging"}
    )
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(spans))
    logging_provider = LoggerProvider(resource=resource)
    logging_provider.add_log_record_processor(BatchLogRecordProcessor(logs))
    logging.getLogger("app").addHandler(LoggingHandler(logger_provider=logging_provider))
    views = [View(instrument_type=Histogram, instrument_name="app.sizes",
                  aggregation=ExponentialBucketHistogramAggregation())]  # fmt: skip
    reader = PeriodicExportingMetricReader(metrics, 60_000)
    measuring = MeterProvider([reader], resource=resource, views=views)
    record_metrics(measuring.get_meter("app"))
    sent = agent_run(tracing.get_tracer("app", "1.2"), tracing.force_flush)
    for provider in (tracing, logging_provider, measuring):
        provider.shutdown()
    print(json.dumps(sent))


if __name__ == "__main__":
    main()
