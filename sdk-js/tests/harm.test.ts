// What must not happen to a program that uses this package.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as later } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { context, propagation, trace as otel } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { forgetWarnings } from "../src/core/warnings.js";
import * as sdk from "../src/index.js";
import { current } from "../src/node/state.js";
import { attributes, Receiver } from "./receiver.js";

setFlagsFromString("--expose_gc");
const collect = runInNewContext("gc") as () => void;
const server = new Receiver();
const warnings: string[] = [];
let url = "";
type Span = Record<string, unknown>;

before(async () => {
  url = await server.start();
  console.warn = (text: string) => warnings.push(text);
});
after(() => server.stop());
beforeEach(async () => {
  await sdk.shutdown(50);
  for (const one of [otel, context, propagation]) one.disable();
  server.got.length = 0;
  warnings.length = 0;
  forgetWarnings();
});
const start = (options: sdk.Options = {}): void => {
  sdk.init({ endpoint: url, service: "unit", instrument: false, handleSignals: false, ...options });
};
async function spans(): Promise<Record<string, Span>> {
  assert.equal(await sdk.flush(), true);
  return Object.fromEntries(server.records("traces").map((span) => [span.name, span]));
}

test("whatever is thrown or rejected comes out as it was", async () => {
  start();
  for (const thrown of [
    new Error("e"),
    "text",
    5,
    null,
    undefined,
    Symbol("s"),
    { a: 1 },
    Object.freeze([1]),
  ]) {
    for (const way of [
      () =>
        sdk.trace("sync", () => {
          throw thrown;
        }),
      () => sdk.trace("later", () => Promise.reject(thrown)),
      () =>
        sdk.llmCall({ model: "m" }, async () => {
          await later(0);
          throw thrown;
        }),
      () =>
        sdk.tool("t", () => {
          throw thrown;
        }),
      () => sdk.retrieval({ query: "q" }, () => Promise.reject(thrown)),
      () =>
        sdk.traced("traced", () => {
          throw thrown;
        })(),
      () =>
        sdk.handler(() => {
          throw thrown;
        })(new Request("http://x/")),
    ]) {
      const caught = await (async () => way())().then(
        () => assert.fail("it went well"),
        (error: unknown) => ({ error }),
      );
      assert.ok(Object.is(caught.error, thrown), String(thrown));
    }
  }
  assert.equal(sdk.counts().spans.ended, 56);
});

test("an asynchronous generator that is read by hand is watched, and sees its span", async () => {
  start();
  const words = sdk.trace("by hand", async function* () {
    sdk.trace("inside", () => undefined);
    yield "a";
    yield "b";
    return "end";
  });
  assert.deepEqual(await words.next(), { done: false, value: "a" });
  assert.deepEqual(await words.next(), { done: false, value: "b" });
  assert.deepEqual(await words.next(), { done: true, value: "end" });
  const found = await spans();
  assert.equal(attributes(found["by hand"])["output.value"], "ab");
  assert.equal(found.inside?.parentSpanId, found["by hand"]?.spanId);
});

test("generators and web streams that nobody reads end when they are forgotten", async () => {
  start();
  await (async () => {
    sdk.trace("generator", function* () {
      yield 1;
    });
    sdk.trace("asynchronous", async function* () {
      yield 1;
    });
    sdk.trace("stream", () => new ReadableStream({ pull: (one) => one.enqueue("x") }));
  })();
  const read = (async () => {
    const all: number[] = [];
    for await (const number of sdk.trace("read", async function* () {
      for (let i = 0; i < 30; i++) {
        await later(2);
        yield i;
      }
    }))
      all.push(number);
    return all.length;
  })();
  for (let i = 0; i < 100 && sdk.counts().spans.ended < 3; i++) {
    collect();
    await later(5);
  }
  assert.equal(await read, 30);
  const found = await spans();
  for (const name of ["generator", "asynchronous", "stream"]) {
    assert.equal(attributes(found[name])["sightline.left_early"], "collected", name);
  }
  assert.equal(attributes(found.read)["sightline.left_early"], undefined);
  assert.equal(attributes(found.read)["sightline.stream.chunks"], 30);
});

test("a stream of bytes can still be read into one's own buffer", async () => {
  start();
  const source = new ReadableStream({
    type: "bytes",
    start(controller) {
      controller.enqueue(new TextEncoder().encode("hello"));
      controller.close();
    },
  });
  const stream = sdk.trace("bytes", () => source);
  const reader = stream.getReader({ mode: "byob" });
  let said = "";
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(2));
    if (done) break;
    said += new TextDecoder().decode(value as Uint8Array);
  }
  assert.equal(said, "hello");
  assert.equal(attributes((await spans()).bytes)["output.value"], "hello");
});

test("an error of a Node stream still reaches the program that did not listen for it", async () => {
  start();
  const stream = sdk.trace("broken", () => new Readable({ read: () => undefined }));
  assert.equal(stream.listenerCount("error"), 0);
  const seen = new Promise((ok) => stream.on("error", ok));
  stream.destroy(new Error("disk"));
  assert.equal(((await seen) as Error).message, "disk");
  assert.deepEqual((await spans()).broken?.status, { code: 2, message: "Error: disk" });
});

test("an aborted fetch is an error of the program's, and its stream stops at once", async () => {
  start();
  server.answering = () => ({ status: 200, body: "x".repeat(1000) });
  const abort = new AbortController();
  const caught = sdk.trace("aborted", () => fetch(url, { method: "POST", body: "{}", signal: abort.signal }));
  abort.abort(new TypeError("the user left"));
  await assert.rejects(caught, /the user left/);
  const answer = await sdk.trace("read", () => fetch(url, { method: "POST", body: "{}" }));
  assert.deepEqual([answer.url, answer.redirected, answer.type], [`${url}/`, false, "basic"]);
  await answer.body?.cancel();
  server.answering = () => ({ status: 200, body: "{}" });
  const found = await spans();
  assert.equal((found.aborted?.status as Span).code, 2);
  assert.equal(attributes(found.read)["sightline.left_early"], "closed");
});

test("a span that cannot be read costs itself alone, and is counted", async () => {
  start();
  sdk.trace("one", () => undefined);
  const evil = { spanContext: () => ({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 }) };
  current()?.onEnd(evil as unknown as ReadableSpan);
  sdk.trace("two", () => undefined);
  const found = await spans();
  assert.deepEqual(Object.keys(found).sort(), ["one", "two"]);
  assert.equal(attributes(found.two)["sightline.sequence"], 2);
  const { ended, acknowledged, dropped } = sdk.counts().spans;
  assert.deepEqual([ended, acknowledged, dropped], [3, 2, { refused: 1 }]);
});

test("spans of OpenTelemetry before 2 keep their parent and scope", async () => {
  start();
  const older = {
    name: "older",
    kind: 0,
    spanContext: () => ({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 }),
    parentSpanId: "3".repeat(16),
    instrumentationLibrary: { name: "theirs", version: "1.30.1" },
    startTime: [1, 0],
    endTime: [2, 0],
    duration: [1, 0],
    status: { code: 0 },
    attributes: {},
    events: [],
    links: [],
  };
  current()?.onEnd(older as unknown as ReadableSpan);
  const { older: found } = await spans();
  assert.equal(found?.parentSpanId, "3".repeat(16));
  assert.match(JSON.stringify(server.got[0]?.json), /"scope":\{"name":"theirs","version":"1.30.1"\}/);
});

test("a program that makes spans without a pause does not starve the sending", async () => {
  start({ maxQueue: 6_000 });
  const end = performance.now() + 1_000;
  let made = 0;
  while (performance.now() < end || made < 8_000) {
    for (const turn = performance.now() + 0.1; performance.now() < turn;) Math.sqrt(made);
    sdk.trace("steady", () => undefined);
    made++;
    await new Promise((ok) => setImmediate(ok));
  }
  const sent = sdk.counts().spans.acknowledged;
  assert.ok(sent > made / 2, `${sent} of ${made} were sent meanwhile`);
  assert.equal(await sdk.flush(), true);
  assert.deepEqual(sdk.counts().spans, { ended: made, sampledOut: 0, acknowledged: made, dropped: {} });
});
