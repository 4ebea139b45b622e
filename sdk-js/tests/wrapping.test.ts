// `traced()` as a wrapper and as a decorator; handlers in frameworks that throw their answers.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { context, propagation, trace as otel } from "@opentelemetry/api";
import { forgetWarnings } from "../src/core/warnings.js";
import * as sdk from "../src/index.js";
import { attributes, Receiver } from "./receiver.js";

const server = new Receiver();
let url = "";
type Span = Record<string, unknown>;

before(async () => {
  url = await server.start();
});
after(() => server.stop());
beforeEach(async () => {
  await sdk.shutdown(50);
  for (const one of [otel, context, propagation]) one.disable();
  server.got.length = 0;
  forgetWarnings();
  sdk.init({ endpoint: url, service: "unit", instrument: false, handleSignals: false });
});
async function spans(): Promise<Record<string, Span>> {
  assert.equal(await sdk.flush(), true);
  return Object.fromEntries(server.records("traces").map((span) => [span.name, span]));
}

test("a wrapped function keeps its types, its length and what hangs on it", async () => {
  function say(text: string): string;
  function say(number: number): number;
  function say(what: unknown): unknown {
    return what;
  }
  const wrapped = sdk.traced("say", Object.assign(say, { version: 3 }));
  const text: string = wrapped("a");
  const number: number = wrapped(1);
  assert.deepEqual([text, number, wrapped.length, wrapped.name, wrapped.version], ["a", 1, 1, "say", 3]);
  const first = sdk.traced({ kind: "tool" }, function firstOf<T>(items: T[]): T | undefined {
    return items[0];
  });
  const one: number | undefined = first([1, 2]);
  assert.equal(one, 1);
  assert.equal(attributes((await spans()).firstOf)["openinference.span.kind"], "TOOL");
  assert.throws(() => sdk.traced("x", 5 as never), /traced\(\) needs a function, got number/);
});

test("a decorator of ECMAScript, with a name and without", async () => {
  class Bot {
    greeting = "hello";
    @sdk.traced("answer")
    async answer(name: string): Promise<string> {
      return `${this.greeting} ${name}`;
    }
    @sdk.traced
    plain(): number {
      return 1;
    }
    @sdk.traced({ kind: "agent", capture: false })
    static *steps(): Generator<string> {
      yield "secret";
    }
  }
  assert.equal(await new Bot().answer("ada"), "hello ada");
  assert.equal(new Bot().plain(), 1);
  assert.deepEqual([...Bot.steps()], ["secret"]);
  const found = await spans();
  assert.deepEqual(Object.keys(found).sort(), ["answer", "plain", "steps"]);
  assert.equal(attributes(found.answer)["output.value"], "hello ada");
  assert.ok(!JSON.stringify(found.steps).includes("secret"));
});

test("a decorator as TypeScript had them before 5, as NestJS uses them", async () => {
  class Bot {
    greeting = "hello";
    answer(name: string): string {
      return `${this.greeting} ${name}`;
    }
    plain(): number {
      return 1;
    }
  }
  const decorate = (decorator: unknown, key: string): void => {
    const descriptor = Object.getOwnPropertyDescriptor(Bot.prototype, key) as PropertyDescriptor;
    const made: unknown = (decorator as (...all: unknown[]) => unknown)(Bot.prototype, key, descriptor);
    Object.defineProperty(Bot.prototype, key, (made ?? descriptor) as PropertyDescriptor);
  };
  decorate(sdk.traced("reply"), "answer");
  decorate(sdk.traced, "plain");
  assert.equal(new Bot().answer("ada"), "hello ada");
  assert.equal(new Bot().plain(), 1);
  assert.deepEqual(Object.keys(await spans()).sort(), ["plain", "reply"]);
});

/** As Next.js makes them. */
const next = (digest: string): Error => Object.assign(new Error(digest), { digest });
const thrown: [string, unknown, number | undefined, number][] = [
  ["a Response", new Response(null, { status: 302 }), 302, 0],
  ["a Response that is an error", new Response(null, { status: 503 }), 503, 2],
  ["a redirect of SvelteKit", { status: 303, location: "/x" }, 303, 0],
  ["a redirect of Next.js", next("NEXT_REDIRECT;replace;/a;b;308;"), 308, 0],
  ["not found of Next.js", next("NEXT_HTTP_ERROR_FALLBACK;404"), 404, 0],
  ["not found of Next.js before 15", next("NEXT_NOT_FOUND"), 404, 0],
  ["an error", new Error("broken"), undefined, 2],
  ["an error with a status", Object.assign(new Error("slow down"), { status: 429 }), undefined, 2],
];
for (const [name, what, code, status] of thrown) {
  test(`a handler that throws ${name}`, async () => {
    const GET = sdk.handler(
      () => {
        throw what;
      },
      { name: "GET /x" },
    );
    assert.throws(
      () => GET(new Request("http://x/x")),
      (error) => error === what,
    );
    const span = (await spans())["GET /x"];
    assert.equal(attributes(span)["http.response.status_code"], code);
    assert.equal((span?.status as Span).code, status);
  });
}

test("where a program stops with its answer, waitUntil keeps it until all is sent", async () => {
  const kept: Promise<unknown>[] = [];
  const POST = sdk.handler(async () => new Response("hello"), {
    name: "POST /chat",
    waitUntil: (work) => kept.push(work),
  });
  const answer = await POST(new Request("http://x/chat", { method: "POST" }));
  assert.equal(kept.length, 1);
  assert.equal(sdk.counts().spans.ended, 0, "its body is not read yet");
  assert.equal(await answer.text(), "hello");
  await kept[0];
  assert.equal(sdk.counts().spans.acknowledged, 1);
  const broken = sdk.handler(() => "fine", {
    waitUntil: () => {
      throw new Error("not within a request");
    },
  });
  assert.equal(broken(new Request("http://x/y")), "fine");
  assert.equal(await sdk.flush(), true);
});

test("a handler that is given something else runs all the same", async () => {
  const odd = sdk.handler((request: Request) => request as unknown);
  for (const what of [undefined, null, 5, {}, { headers: 5, url: {} }] as never[])
    assert.equal(odd(what), what);
  assert.equal(await sdk.flush(), true);
});

test("a handler stands in the span that the framework has made of the request", async () => {
  const GET = sdk.handler(async () => new Response("ok"), { name: "ours" });
  const headers = {
    traceparent: "00-abcdef0123456789abcdef0123456789-1122334455667788-01",
    baggage: "session.id=s-7",
  };
  const request = new Request("https://shop.example/x", { headers });
  const parent = propagation.extract(context.active(), headers);
  const tracer = otel.getTracer("framework");
  await context.with(parent, () =>
    tracer.startActiveSpan("theirs", async (span) => {
      await (await GET(request)).text();
      span.end();
    }),
  );
  // One that has not read who and what for.
  await tracer.startActiveSpan("deaf", async (span) => {
    await (await sdk.handler(async () => new Response("ok"), { name: "heard" })(request)).text();
    span.end();
  });
  const { theirs, ours, deaf, heard } = await spans();
  assert.equal(theirs?.parentSpanId, "1122334455667788");
  assert.deepEqual([ours?.parentSpanId, ours?.traceId, ours?.kind], [theirs?.spanId, theirs?.traceId, 1]);
  assert.deepEqual([heard?.parentSpanId, heard?.traceId], [deaf?.spanId, deaf?.traceId]);
  for (const one of [ours, heard]) assert.equal(attributes(one)["session.id"], "s-7");
  await (await GET(request)).text();
  const alone = (await spans()).ours;
  assert.deepEqual([alone?.parentSpanId, alone?.kind], ["1122334455667788", 2]);
});
