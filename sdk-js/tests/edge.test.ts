// The package where there is no Node: a bundle of it for the edge, run in a context that has the Web alone.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, createHmac, webcrypto } from "node:crypto";
import { test } from "node:test";
import { createContext, Script } from "node:vm";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
// @ts-expect-error: a plain module of the build
import { edgeInstead } from "../edge.mjs";
import { keyed, sha256 } from "../src/edge/hashing.js";

test("SHA-256 and HMAC are those of Node", () => {
  for (const size of [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 1000, 100_000]) {
    const text = "aé€🙂".repeat(size).slice(0, size);
    assert.equal(sha256(text), createHash("sha256").update(text).digest("hex"), String(size));
    for (const key of ["", "salt", "k".repeat(64), "k".repeat(65)]) {
      assert.equal(keyed(key, text), createHmac("sha256", key).update(text).digest("hex"), key);
    }
  }
});

interface Sent {
  url: string;
  body: string;
}

/** A program with the SDK in a world without Node; `also` is what it has beside the Web. */
async function atTheEdge(program: string, also: object): Promise<{ said: unknown; sent: Sent[] }> {
  const made = await build({
    stdin: { contents: program, resolveDir: process.cwd(), sourcefile: "program.ts" },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "program",
    mainFields: ["browser", "module", "main"],
    plugins: [edgeInstead],
    logLevel: "silent",
  });
  const sent: Sent[] = [];
  const world = createContext({
    ...{
      console,
      crypto: webcrypto,
      performance,
      structuredClone,
      setTimeout,
      clearTimeout,
      setInterval,
      clearInterval,
    },
    ...{ TextEncoder, TextDecoder, URL, Request, Response, Headers, ReadableStream, Blob, AbortSignal },
    fetch: async (url: string, { body, headers }: { body: Uint8Array; headers: Record<string, string> }) => {
      const bytes = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      sent.push({ url, body: new TextDecoder().decode(bytes) });
      return new Response("{}");
    },
  });
  Object.defineProperties(world, Object.getOwnPropertyDescriptors(also));
  new Script(made.outputFiles[0]?.text ?? "").runInContext(world);
  const said = (await (new Script("program.run()").runInContext(world) as Promise<unknown>)) as unknown;
  return { said, sent };
}

const PROGRAM = `
import { context, counts, flush, handler, init, llmCall, score, trace } from "./src/index.ts";
export async function run() {
  init({ endpoint: "https://s.example", apiKey: "k", service: "edge", redact: true, spoolDir: "/tmp/x" });
  const work = [];
  const POST = handler(
    () => context({ user: "ada" }, async () => {
      await new Promise((done) => setTimeout(done, 5));
      const stream = await llmCall({ model: "m", messages: [{ role: "user", content: "I am a@b.example" }] },
        async function* (call) { yield "A "; yield "span."; call.usage({ input: 3, output: 2 }); });
      let said = "";
      for await (const piece of stream) said += piece;
      score({ name: "grounded", value: 0.5 });
      return new Response(said);
    }),
    { waitUntil: (done) => work.push(done) },
  );
  const headers = { traceparent: "00-abcdef0123456789abcdef0123456789-1122334455667788-01" };
  const answer = await POST(new Request("https://shop.example/chat", { headers }));
  const text = await answer.text();
  await Promise.all(work);
  await flush();
  return JSON.stringify({ text, counts: counts() });
}`;

for (const [name, also, carried] of [
  ["with contexts and compression", { AsyncLocalStorage, CompressionStream }, true],
  [
    "as Next.js has it: compression throws",
    {
      AsyncLocalStorage,
      get CompressionStream() {
        throw new Error("not supported");
      },
    },
    true,
  ],
  ["with the Web alone", {}, false],
] as const) {
  test(`a call is traced at the edge, ${name}`, async (t) => {
    const warned = t.mock.method(console, "warn", () => undefined);
    const { said, sent } = await atTheEdge(PROGRAM, also);
    const { text, counts } = JSON.parse(String(said)) as {
      text: string;
      counts: { spans: object; logs: object };
    };
    assert.equal(text, "A span.");
    const whole = { ended: 2, sampledOut: 0, acknowledged: 2, dropped: {} };
    assert.deepEqual(counts.spans, whole);
    assert.equal(new Set(sent.map(({ url }) => url)).has("https://s.example/v1/traces"), true);
    const traces = sent
      .filter(({ url }) => url.endsWith("/v1/traces"))
      .map(({ body }) => body)
      .join("\n");
    assert.ok(traces.includes("[EMAIL]") && !traces.includes("a@b.example"));
    assert.ok(
      traces.includes('"gen_ai.usage.input_tokens"') && traces.includes("abcdef0123456789abcdef0123456789"),
    );
    // Without AsyncLocalStorage who it is for is known until the first await.
    assert.equal(traces.includes('"stringValue":"ada"'), carried);
    assert.equal(
      sent.some(({ url }) => url.endsWith("/v1/logs")),
      carried,
    );
    const words = warned.mock.calls.map(({ arguments: [one] }) => String(one)).join("\n");
    assert.ok(/spoolDir \/tmp\/x cannot be used/.test(words), words);
  });
}
