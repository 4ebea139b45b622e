// An application with the OpenTelemetry SDK of Node: `node_app.mjs json|protobuf`; writes what it sent as JSON.
import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const encoding = process.argv[2];
const exporter = encoding === "json" ? new JsonExporter() : new ProtobufExporter();
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": `node-${encoding}` }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
provider.register();
const tracer = trace.getTracer("app", "2.0");
const prompt = 'Grüße, "Welt" 👩‍🚀\r\n\u200b</script>';
const root = tracer.startSpan("POST /chat", { kind: SpanKind.SERVER, attributes: { "session.id": "node-session" } });
const inside = trace.setSpan(context.active(), root);
const call = tracer.startSpan(
  "chat claude",
  {
    kind: SpanKind.CLIENT,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.request.model": "claude-sonnet-4-5",
      "gen_ai.usage.input_tokens": 12,
      "gen_ai.usage.output_tokens": 0,
      "gen_ai.request.temperature": 0.25,
      "gen_ai.request.stop_sequences": ["END", "STOP"],
      "gen_ai.input.messages": JSON.stringify([{ role: "user", content: prompt }]),
      "app.flag": true,
    },
    links: [{ context: root.spanContext(), attributes: { why: "test" } }],
  },
  inside,
);
call.addEvent("retry", { attempt: 2 });
call.recordException(new Error("overloaded"));
call.setStatus({ code: SpanStatusCode.ERROR, message: "overloaded" });
call.end();
root.end();
await provider.forceFlush();
await provider.shutdown();
console.log(JSON.stringify({ trace_id: root.spanContext().traceId, root: root.spanContext().spanId, prompt }));
