// Programs that a stranger might write, each with what came of it as JSON in its last line:
// `harm.mjs away COUNT | unhandled | joined PACKAGE | impatient`.
import { counts, flush, init, llmCall, trace } from "@sightline/sdk";
import { setTimeout as pause } from "node:timers/promises";

const [how, what] = process.argv.slice(2);
const say = (found) => console.log(JSON.stringify(found));
const programs = { away, unhandled, joined, impatient };
await programs[how]();

// As many calls as are asked for, and nobody takes them.
async function away() {
  init({ service: "away", instrument: false, spoolMaxBytes: 2_000_000 });
  const used = [];
  for (let i = 1; i <= Number(what); i++) {
    trace({ name: "work", input: `word ${i} `.repeat(50) }, () => "answer ".repeat(20));
    if (i % 200 === 0) await new Promise(setImmediate);
    if (i % (Number(what) / 4) !== 0) continue;
    await pause(200);
    global.gc();
    used.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  say({ used, ...counts().spans });
  process.exit();
}

// A promise that nobody waits for is as unhandled as before, not more.
async function unhandled() {
  const seen = [];
  process.on("unhandledRejection", (reason) => seen.push(reason.message));
  init({ service: "unhandled", instrument: false });
  void trace("alone", async () => Promise.reject(new Error("alone")));
  void llmCall({ model: "m" }, async () => Promise.reject(new Error("alone, too")));
  await trace("caught", async () => Promise.reject(new Error("caught"))).catch(() => undefined);
  await pause(20);
  say({ seen, flushed: await flush() });
}

// OpenTelemetry was there first, in a version of its own.
async function joined() {
  const { BatchSpanProcessor, InMemorySpanExporter, NodeTracerProvider } = await import(what);
  const { trace: otel } = await import("@opentelemetry/api");
  const theirs = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(theirs)] });
  provider.register();
  init({ service: "joined", instrument: false });
  await otel.getTracer("theirs", "1.2").startActiveSpan("outer", async (span) => {
    await trace("inner", async () => pause(1));
    span.end();
  });
  await provider.forceFlush();
  say({ theirs: theirs.getFinishedSpans().map((span) => span.name), flushed: await flush(), ...counts().spans });
  process.exit();
}

// Two signals, one after the other, while a server hangs.
async function impatient() {
  init({ service: "impatient", instrument: false });
  trace("work", () => undefined);
  setInterval(() => undefined, 1000);
  console.log("ready");
}
