"""What to paste, in six dialects, with this server's address in it. Pure.

Each snippet is a plain text; tests run them against a real server.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """One dialect: `name` is its word in the address, `title` its tab."""

    name: str
    title: str
    text: str


def snippets(address: str, key: str) -> tuple[Snippet, ...]:
    """Snippets for a server at `address` (`http://host:port`); `key` is empty where none is needed."""
    return (
        Snippet("python", "Python", _sdk(address, key)),
        Snippet("opentelemetry", "OpenTelemetry", _opentelemetry(address, key)),
        Snippet("node", "Node.js", _node(address, key)),
        Snippet("env", "OTLP variables", _variables(address, key)),
        Snippet("collector", "Collector", _collector(address, key)),
        Snippet("curl", "curl", _curl(address, key)),
    )


def _sdk(address: str, key: str) -> str:
    secret = f',\n    api_key="{key}"' if key else ""
    return f'''# pip install sightline
import sightline

sightline.init(
    service="support-chat",
    endpoint="{address}"{secret},
)


@sightline.trace
def answer(question):
    messages = [{{"role": "user", "content": question}}]
    with sightline.llm_call(model="gpt-4o", provider="openai", messages=messages) as call:
        said = "Within 30 days."  # your model's answer; known clients need no llm_call
        call.response(said)
        call.usage(input=24, output=148)
    return said


with sightline.context(user="alice", session="chat-1"):
    print(answer("When can I return it?"))
sightline.flush()
'''


def _opentelemetry(address: str, key: str) -> str:
    headers = f',\n    headers={{"authorization": "Bearer {key}"}}' if key else ""
    return f'''# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({{"service.name": "support-chat"}}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(
    endpoint="{address}/v1/traces"{headers},
)))
trace.set_tracer_provider(provider)

with trace.get_tracer("hello").start_as_current_span("chat gpt-4o") as span:
    span.set_attribute("gen_ai.operation.name", "chat")
    span.set_attribute("gen_ai.provider.name", "openai")
    span.set_attribute("gen_ai.request.model", "gpt-4o")
    span.set_attribute("gen_ai.usage.input_tokens", 24)
    span.set_attribute("gen_ai.usage.output_tokens", 148)
provider.shutdown()
'''


def _node(address: str, key: str) -> str:
    headers = f'\n    headers: {{ authorization: "Bearer {key}" }},' if key else ""
    return f'''// npm install @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto
import {{ NodeSDK }} from "@opentelemetry/sdk-node";
import {{ OTLPTraceExporter }} from "@opentelemetry/exporter-trace-otlp-proto";
import {{ trace }} from "@opentelemetry/api";

const sdk = new NodeSDK({{
  serviceName: "support-chat",
  traceExporter: new OTLPTraceExporter({{
    url: "{address}/v1/traces",{headers}
  }}),
}});
sdk.start();

trace.getTracer("hello").startSpan("hello from node").end();
await sdk.shutdown();
'''


def _variables(address: str, key: str) -> str:
    headers = f'\nexport OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20{key}"' if key else ""
    return f"""# any OpenTelemetry SDK that is set up already
export OTEL_EXPORTER_OTLP_ENDPOINT={address}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf{headers}
export OTEL_SERVICE_NAME=support-chat
"""


def _collector(address: str, key: str) -> str:
    headers = f'\n    headers: {{ authorization: "Bearer {key}" }}' if key else ""
    return f"""# OpenTelemetry Collector, beside what it sends today
exporters:
  otlphttp/sightline:
    endpoint: {address}{headers}
service:
  pipelines:
    traces: {{ receivers: [otlp], exporters: [otlphttp/sightline] }}
    logs: {{ receivers: [otlp], exporters: [otlphttp/sightline] }}
    metrics: {{ receivers: [otlp], exporters: [otlphttp/sightline] }}
"""


def _curl(address: str, key: str) -> str:
    headers = f'\n  -H "authorization: Bearer {key}" \\' if key else ""
    return f"""# one span by hand; answers 200 once it is on disk
curl {address}/v1/traces \\{headers}
  -H "content-type: application/json" \\
  -d '{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"name":"hello",
    "traceId":"'$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n')'",
    "spanId":"'$(od -An -N8 -tx1 /dev/urandom | tr -d ' \\n')'",
    "startTimeUnixNano":"'$(date +%s)'000000000",
    "endTimeUnixNano":"'$(date +%s)'250000000"}}]}}]}}]}}'
"""
