// One variant of bench/sdk_js.py: `sdk_js_program.mjs VARIANT SPANS ENDPOINT`; prints its figures as JSON.
// Spans come in traces of ten, a hundred traces in one go, then the event loop turns, as it does in a server.
const [variant, count, endpoint] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const began = performance.now();
const { context, trace } = await import("@opentelemetry/api");
let sdk;
let finish = async () => undefined;

if (variant.startsWith("sightline")) {
  sdk = await import("@sightline/sdk");
  const options = {
    "sightline, a tenth": { sampling: 0.1 },
    "sightline, redacted": { redact: true },
    "sightline, to disk": { spoolDir: process.env.SPOOL },
  }[variant];
  sdk.init({ endpoint, service: "bench", instrument: false, maxQueue: 1e6, ...options });
  finish = () => sdk.flush(60_000);
} else {
  const { TracerProvider, BatchSpanProcessor } = await import("@opentelemetry/sdk-trace");
  const { AsyncLocalStorageContextManager } = await import("@opentelemetry/context-async-hooks");
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spanProcessors = [];
  if (variant === "otel, exporting") {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
    const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, compression: "gzip", concurrencyLimit: 10_000 });
    spanProcessors.push(new BatchSpanProcessor({ exporter, maxQueueSize: 1e6, maxExportBatchSize: 256 }));
  }
  const provider = new TracerProvider({ spanProcessors });
  trace.setGlobalTracerProvider(provider);
  finish = () => provider.forceFlush({ timeoutMillis: 60_000 });
}
const importMs = performance.now() - began;

const attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.usage.input_tokens": 1234,
  "gen_ai.usage.output_tokens": 321,
  "gen_ai.request.temperature": 0.2,
  "gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"${"word ".repeat(40)}"}]}]`,
  "user.id": "user-42",
};
const tracer = trace.getTracer("bench");
function oneTrace() {
  tracer.startActiveSpan("root", (root) => {
    for (let i = 0; i < 9; i++) tracer.startSpan("child", { attributes }).end();
    root.end();
  });
}
for (let i = 0; i < 300; i++) oneTrace();
await new Promise((ok) => setTimeout(ok, 20));
await finish();

const cpu = process.cpuUsage();
let caller = 0;
for (let made = 0; made < count; made += 1000) {
  const at = performance.now();
  for (let i = 0; i < 100; i++) oneTrace();
  caller += performance.now() - at;
  await new Promise((ok) => setTimeout(ok, 2));
}
await finish();
const used = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    caller: (caller * 1000) / count,
    all: (used.user + used.system) / count,
    importMs,
    rss: process.memoryUsage().rss / 2 ** 20,
    counts: sdk?.counts().spans,
  }),
);
process.exit(0);
