import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as later } from "node:timers/promises";
import { context, propagation, trace as otel } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { forgetWarnings } from "../src/core/warnings.js";
import * as sdk from "../src/index.js";
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
/** `ReadableStream.from()` is not in Node 18. */
function webStream(values: string[]): ReadableStream<string> {
  return new ReadableStream({
    pull(controller) {
      const [next] = values.splice(0, 1);
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
}
async function spans(): Promise<Record<string, Span>> {
  assert.equal(await sdk.flush(), true);
  return Object.fromEntries(server.records("traces").map((span) => [span.name, span]));
}

test("without init everything runs and gives its results", async () => {
  assert.equal(
    sdk.trace("a", () => 5),
    5,
  );
  assert.equal(await sdk.context({ user: "u" }, async () => sdk.llmCall({ model: "m" }, () => "x")), "x");
  assert.deepEqual(await sdk.retrieval({ query: "q" }, async () => [1]), [1]);
  assert.equal(
    sdk.tool("t", () => 1),
    1,
  );
  assert.equal(sdk.score({ name: "x", value: 1, traceId: "1".repeat(32) }), undefined);
  assert.equal(await sdk.flush(), true);
  assert.deepEqual(sdk.traceHeaders(), {});
  assert.equal(sdk.counts().spans.ended, 0);
});

test("who and what for reaches every span below, across awaits and timers, and not beside", async () => {
  start();
  const work = async (user: string): Promise<void> =>
    sdk.context({ user, session: `${user}-s`, team: "t", tags: ["a"], plan: 3 }, async () => {
      await later(5);
      await sdk.trace(`outer ${user}`, async () => {
        await new Promise((ok) => setImmediate(ok));
        sdk.context({ feature: "f", tags: ["b"], team: null }, () =>
          sdk.trace(`inner ${user}`, () => undefined),
        );
      });
    });
  await Promise.all([work("alice"), work("bob")]);
  sdk.trace("outside", () => undefined);
  const found = await spans();
  for (const user of ["alice", "bob"]) {
    const inner = attributes(found[`inner ${user}`]);
    assert.equal(inner["user.id"], user);
    assert.equal(inner["session.id"], `${user}-s`);
    assert.deepEqual(inner["sightline.tags"], ["a", "b"]);
    assert.deepEqual([inner["sightline.feature"], inner["sightline.team"], inner.plan], ["f", undefined, 3]);
    assert.equal(found[`inner ${user}`]?.parentSpanId, found[`outer ${user}`]?.spanId);
  }
  assert.equal(attributes(found.outside)["user.id"], undefined);
});

test("what may travel goes to other services and is believed from them, nothing else", async () => {
  start({ propagate: ["session", "tags"] });
  const headers = sdk.context({ session: "s 1", user: "alice", tags: ["x,y", "z"] }, () =>
    sdk.trace("caller", () => sdk.traceHeaders()),
  );
  assert.ok(headers.traceparent?.startsWith("00-"));
  assert.ok(!headers.baggage?.includes("alice"));
  const answer = sdk.handler(async () => new Response("ok"), { name: "callee" });
  await (
    await answer(
      new Request("http://x/y", { headers: { ...headers, baggage: `${headers.baggage},user.id=mallory` } }),
    )
  ).text();
  const { caller, callee } = await spans();
  assert.equal(callee?.traceId, caller?.traceId);
  assert.equal(callee?.parentSpanId, caller?.spanId);
  const got = attributes(callee);
  assert.deepEqual([got["session.id"], got["user.id"]], ["s 1", undefined]);
  assert.deepEqual(got["sightline.tags"], ["x,y", "z"]);
});

test("errors go through as they are and are seen on the span", async () => {
  start();
  const error = new TypeError("broken");
  assert.throws(
    () =>
      sdk.trace("sync", () => {
        throw error;
      }),
    error,
  );
  await assert.rejects(
    sdk.trace("async", async () => {
      await later(1);
      throw error;
    }),
    error,
  );
  await assert.rejects(async () => sdk.trace("odd", () => Promise.reject(undefined)));
  const found = await spans();
  for (const name of ["sync", "async"]) {
    assert.deepEqual(found[name]?.status, { code: 2, message: "TypeError: broken" });
    assert.equal(attributes(found[name])["error.type"], "TypeError");
    assert.equal((found[name]?.events as Span[])[0]?.name, "exception");
  }
  assert.equal((found.odd?.status as Span).code, 2);
});

test("traced functions keep this, name and arguments, and note both ends", async () => {
  start();
  class Bot {
    name = "bot";
    answer = sdk.traced("answer", async function (this: Bot, question: string) {
      return `${this.name}: ${question}`;
    });
  }
  assert.equal(await new Bot().answer("why?"), "bot: why?");
  const add = sdk.traced(function adding(a: number, b: number) {
    return a + b;
  });
  assert.deepEqual([add(1, 2), add.name], [3, "adding"]);
  const quiet = sdk.traced({ name: "quiet", capture: false }, (secret: string) => secret);
  quiet("hush");
  const found = await spans();
  const answer = attributes(found.answer);
  assert.deepEqual(
    [answer["input.value"], answer["output.value"], answer["output.mime_type"]],
    ["why?", "bot: why?", "text/plain"],
  );
  assert.deepEqual(
    [attributes(found.adding)["input.value"], attributes(found.adding)["output.value"]],
    ["[1,2]", "3"],
  );
  assert.ok(!JSON.stringify(found.quiet).includes("hush"));
});

test("generators: the span ends with the last value, its code sees the span", async () => {
  start();
  const numbers = sdk.traced("numbers", function* (most: number) {
    for (let i = 0; i < most; i++) {
      sdk.trace(`step ${i}`, () => undefined);
      yield i;
    }
    return "end";
  });
  const words = sdk.traced("words", async function* () {
    yield "a";
    await later(5);
    yield "b";
  });
  assert.deepEqual([...numbers(2)], [0, 1]);
  const said: string[] = [];
  for await (const word of words()) said.push(word);
  assert.deepEqual(said, ["a", "b"]);
  const early = numbers(100);
  early.next();
  early.return?.("end");
  const broken = sdk.traced("broken", async function* () {
    yield 1;
    throw new Error("mid");
  });
  await assert.rejects(async () => {
    for await (const _ of broken()) {
      /* read */
    }
  }, /mid/);
  await sdk.flush();
  const found = Object.fromEntries(server.records("traces").map((span) => [span.name, span]));
  assert.equal(
    found["step 1"]?.parentSpanId,
    server.records("traces").find((s) => s.name === "numbers")?.spanId,
  );
  assert.equal(attributes(found.words)["output.value"], "ab");
  assert.equal(attributes(found.words)["sightline.stream.chunks"], 2);
  assert.equal(attributes(found.numbers)["sightline.left_early"], "closed");
  assert.equal((found.broken?.status as Span).code, 2);
});

test("streams are watched on their way: web, response, Node", async () => {
  start();
  const web = sdk.trace("web", () => webStream(["x", "y"]));
  const seen: unknown[] = [];
  for await (const part of web) seen.push(part);
  const answer = sdk.trace("response", () => new Response("hello", { status: 201, headers: { "x-a": "b" } }));
  assert.deepEqual([answer.status, answer.headers.get("x-a"), await answer.text()], [201, "b", "hello"]);
  const node = sdk.trace("node", () => Readable.from(["1", "2", "3"]));
  const parts: unknown[] = [];
  for await (const part of node) parts.push(part);
  const cancelled = sdk.trace("cancelled", () => webStream(["x", "y"]));
  const reader = cancelled.getReader();
  await reader.read();
  await reader.cancel();
  await later(5);
  const found = await spans();
  assert.deepEqual(
    [seen, parts],
    [
      ["x", "y"],
      ["1", "2", "3"],
    ],
  );
  assert.equal(attributes(found.response)["output.value"], "hello");
  assert.equal(attributes(found.node)["sightline.stream.chunks"], 3);
  assert.equal(attributes(found.web)["output.value"], "xy");
  assert.equal(attributes(found.cancelled)["sightline.left_early"], "closed");
});

test("a stream that nobody reads ends when it is forgotten", async () => {
  start();
  await (async () => {
    sdk.trace("forgotten", () => ({
      [Symbol.asyncIterator]: async function* () {
        yield 1;
      },
    }));
  })();
  for (let i = 0; i < 50 && !sdk.counts().spans.ended; i++) {
    collect();
    await later(10);
  }
  assert.equal(attributes((await spans()).forgotten)["sightline.left_early"], "collected");
});

test("a call of a model: tokens, text, first chunk, also with the usage that only the caller knows", async () => {
  start();
  const stream = sdk.llmCall(
    { model: "m", provider: "own", messages: "hi", parameters: { temperature: 0.5 } },
    async function* () {
      await later(20);
      yield "Hel";
      await later(30);
      yield "lo";
    },
  );
  for await (const _ of stream) {
    /* read */
  }
  await sdk.llmCall({ model: "n", operation: "embeddings" }, async (call) => {
    call.usage({ input: 7 });
    call.response({ model: "n-2", id: "i" });
  });
  const found = await spans();
  const chat = attributes(found["chat m"]);
  assert.equal(
    chat["gen_ai.output.messages"],
    '[{"role":"assistant","parts":[{"type":"text","content":"Hello"}],"finish_reason":""}]',
  );
  assert.equal(chat["gen_ai.input.messages"], '[{"role":"user","content":"hi"}]');
  assert.ok(Number(chat["gen_ai.response.time_to_first_chunk"]) >= 0.015);
  assert.ok(Number(chat["sightline.stream.gap.max"]) >= 0.02);
  assert.deepEqual(
    [chat["gen_ai.request.temperature"], chat["gen_ai.request.stream"], chat["gen_ai.usage.input_tokens"]],
    [0.5, true, undefined],
  );
  const embedding = attributes(found["embeddings n"]);
  assert.deepEqual([embedding["gen_ai.usage.input_tokens"], embedding["gen_ai.response.model"]], [7, "n-2"]);
  assert.equal(found["chat m"]?.kind, 3);
});

test("an existing set-up of OpenTelemetry is joined, not replaced", async () => {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
  otel.setGlobalTracerProvider(provider);
  start();
  otel.getTracer("theirs").startSpan("both").end();
  assert.ok((await spans()).both);
  assert.deepEqual(
    memory.getFinishedSpans().map((span) => span.name),
    ["both"],
  );
});

test("the explicit way does not send twice", async () => {
  const provider = new TracerProvider({ spanProcessors: [sdk.spanProcessor()] });
  otel.setGlobalTracerProvider(provider);
  start();
  sdk.trace("once", () => undefined);
  await sdk.flush();
  assert.equal(server.records("traces").length, 1);
});

test("hostile input everywhere: nothing throws, results are right", async () => {
  start({
    redact: "yes" as never,
    sampling: "much" as never,
    maxQueue: -1,
    propagate: 5 as never,
    apiKey: {} as never,
  });
  const evil = new Proxy(
    {},
    {
      get() {
        throw new Error("get");
      },
      ownKeys() {
        throw new Error("keys");
      },
    },
  );
  for (const bad of [
    evil,
    null,
    undefined,
    5,
    "text",
    Symbol("s"),
    () => 1,
    [evil],
    { a: evil },
  ] as never[]) {
    assert.equal(
      sdk.context(bad, () => 1),
      1,
    );
    assert.equal(
      sdk.trace({ name: bad, attributes: bad, input: bad, headers: bad, context: bad }, (span) => {
        span.set(bad);
        span.output(bad);
        span.event(bad, bad);
        span.error(bad);
        return 2;
      }),
      2,
    );
    assert.equal(
      sdk.llmCall({ model: bad, messages: bad, parameters: bad }, (call) => {
        call.usage(bad);
        call.response(bad);
        return 3;
      }),
      3,
    );
    assert.equal(
      sdk.llmCall({ model: "m" }, () => bad),
      bad,
    );
    assert.equal(
      sdk.retrieval({ query: bad }, () => bad),
      bad,
    );
    assert.equal(
      sdk.tool({ name: bad, arguments: bad }, () => bad),
      bad,
    );
    sdk.score(bad);
    sdk.feedback(bad);
    sdk.score({ name: bad, value: bad, comment: bad });
  }
  assert.equal(await sdk.flush(), true);
  assert.equal(sdk.counts().spans.dropped.refused, undefined);
});
