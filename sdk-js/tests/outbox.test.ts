import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { context, propagation, trace as otel } from "@opentelemetry/api";
import { forgetWarnings } from "../src/core/warnings.js";
import * as sdk from "../src/index.js";
import { attributes, Receiver } from "./receiver.js";

const server = new Receiver();
const warnings: string[] = [];
let url = "";

before(async () => {
  url = await server.start();
  console.warn = (text: string) => warnings.push(text);
});
after(() => server.stop());
beforeEach(async () => {
  await sdk.shutdown(50);
  for (const one of [otel, context, propagation]) one.disable();
  server.got.length = 0;
  server.answering = () => ({ status: 200, body: "{}" });
  warnings.length = 0;
  forgetWarnings();
});

const start = (options: sdk.Options = {}): void => {
  sdk.init({ endpoint: url, service: "unit", instrument: false, handleSignals: false, ...options });
};
const sequences = (): unknown[] =>
  server.records("traces").map((span) => attributes(span)["sightline.sequence"]);

test("spans are numbered without a gap, the account balances", async () => {
  start();
  for (let i = 0; i < 600; i++) sdk.trace(`s${i}`, () => undefined);
  sdk.score({ name: "x", value: 1, traceId: "1".repeat(32) });
  assert.equal(await sdk.flush(), true);
  assert.deepEqual(
    sequences(),
    Array.from({ length: 600 }, (_, i) => i + 1),
  );
  assert.equal(attributes(server.records("logs")[0])["sightline.sequence"], 1);
  const account = server.got.filter((got) => got.path === "/v1/metrics").at(-1)?.json;
  const said = JSON.stringify(account);
  assert.match(said, /"name":"sightline.sdk.spans"/);
  assert.match(
    said,
    /"asInt":"600","attributes":\[\{"key":"outcome","value":\{"stringValue":"acknowledged"\}/,
  );
  assert.deepEqual(sdk.counts().spans, { ended: 600, sampledOut: 0, acknowledged: 600, dropped: {} });
  assert.deepEqual(warnings, []);
});

test("a server that is away and comes back gets the same bytes again", async () => {
  start();
  server.answering = (_, count) =>
    count < 3 ? { status: 503, headers: { "retry-after": "0" } } : { status: 200, body: "{}" };
  sdk.trace("again", () => undefined);
  assert.equal(await sdk.flush(8000), true);
  const sent = server.got.filter((got) => got.path === "/v1/traces");
  assert.equal(sent.length, 3);
  assert.ok(sent.every((got) => got.raw.equals(sent[0]?.raw ?? Buffer.of())));
});

test("429 is honoured for as long as it says", async () => {
  start();
  server.answering = () => ({ status: 429, headers: { "retry-after": "7" } });
  sdk.trace("patient", () => undefined);
  assert.equal(await sdk.flush(300), false);
  assert.equal(server.got.length, 1);
});

test("refusals are counted, said once, and not sent again", async () => {
  start({ apiKey: "wrong" });
  server.answering = () => ({ status: 401, body: "no such key" });
  for (let i = 0; i < 3; i++) {
    sdk.trace("x", () => undefined);
    await sdk.flush();
  }
  assert.deepEqual(sdk.counts().spans.dropped, { refused: 3 });
  assert.equal(
    warnings.filter((text) => text.includes("/v1/traces answered 401: no such key. Check apiKey")).length,
    1,
  );
  assert.equal(server.got[0]?.headers.authorization, "Bearer wrong");
});

test("a partial refusal and an answer that is nonsense", async () => {
  start();
  server.answering = () => ({
    status: 200,
    body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"bad id"}}',
  });
  sdk.trace("a", () => sdk.trace("b", () => undefined));
  await sdk.flush();
  assert.deepEqual(sdk.counts().spans, { ended: 2, sampledOut: 0, acknowledged: 1, dropped: { refused: 1 } });
  server.answering = () => ({ status: 200, body: "<html>welcome" });
  sdk.trace("c", () => undefined);
  await sdk.flush();
  assert.match(warnings.join("\n"), /is it a Sightline server/);
});

test("queue and memory are bounded, what does not fit is counted", async () => {
  start({ maxQueue: 100, spoolMaxBytes: 2000 });
  server.answering = () => ({ status: 503 });
  for (let i = 0; i < 150; i++) sdk.trace(`s${i}`, () => undefined);
  assert.equal(sdk.counts().spans.dropped.queue_full, 50);
  await sdk.flush(300);
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 90; j++) sdk.trace(`t${j}`, () => undefined);
    await sdk.flush(100);
  }
  const { ended, acknowledged, dropped } = sdk.counts().spans;
  assert.ok((dropped.spool_full ?? 0) > 0);
  await sdk.shutdown(50);
  assert.ok(ended >= acknowledged + (dropped.spool_full ?? 0) + (dropped.queue_full ?? 0));
});

test("nobody listens, or the address is none: one warning, no exception", async () => {
  start({ endpoint: "http://127.0.0.1:9" });
  sdk.trace("x", () => undefined);
  assert.equal(await sdk.flush(200), false);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /cannot reach http:\/\/127.0.0.1:9/);
  await sdk.shutdown(50);
  start({ endpoint: "no address" });
  assert.match(warnings.at(-1) ?? "", /endpoint "no address" is no address/);
});

test("a spool keeps what was not sent and the next process sends it, once", async () => {
  const root = mkdtempSync(join(tmpdir(), "sightline-spool-"));
  server.answering = () => ({ status: 503 });
  start({ spoolDir: root });
  for (let i = 0; i < 300; i++) sdk.trace(`kept ${i}`, () => undefined);
  assert.equal(await sdk.flush(100), false);
  sdk.trace("last", () => undefined);
  await sdk.shutdown(50);
  assert.equal(readdirSync(root).length, 1);
  server.got.length = 0;
  server.answering = () => ({ status: 200, body: "{}" });
  for (const one of [otel, context, propagation]) one.disable();
  start({ spoolDir: root });
  assert.equal(await sdk.flush(), true);
  assert.equal(server.records("traces").length, 301);
  assert.equal(new Set(server.records("traces").map((span) => span.spanId)).size, 301);
  assert.equal(sdk.counts().spans.acknowledged, 0);
  await sdk.shutdown();
  assert.deepEqual(readdirSync(root), []);
  rmSync(root, { recursive: true });
});

test("a spool that cannot be used falls back to memory", async () => {
  start({ spoolDir: "/dev/null/nowhere" });
  sdk.trace("x", () => undefined);
  assert.equal(await sdk.flush(), true);
  assert.match(warnings.join("\n"), /spoolDir \/dev\/null\/nowhere cannot be used/);
});

test("content stays here when it is not captured, and redaction sees the rest", async () => {
  start({ captureContent: false, redact: (field, text) => (field === "user.id" ? "hashed" : text) });
  await sdk.context({ user: "alice" }, () =>
    sdk.llmCall({ model: "m", messages: "secret question" }, () => ({
      choices: [{ message: { content: "secret answer" } }],
      usage: { prompt_tokens: 1 },
    })),
  );
  otel
    .getTracer("other")
    .startSpan("foreign", {
      attributes: { "llm.input_messages.0.message.content": "secret", "llm.model_name": "m" },
    })
    .end();
  await sdk.flush();
  const said = JSON.stringify(server.records("traces"));
  assert.ok(!said.includes("secret") && !said.includes("alice"));
  assert.match(said, /hashed/);
  assert.match(said, /llm.model_name/);
});

test("flush waits for what is being compressed", async () => {
  start();
  sdk.trace("packed", () => undefined);
  // The round that a timer began holds the batch, and neither queue has it.
  const before = sdk.flush();
  const after = await sdk.flush();
  assert.equal(after, true);
  assert.deepEqual(sdk.counts().spans, { ended: 1, sampledOut: 0, acknowledged: 1, dropped: {} });
  assert.equal(await before, true);
});

test("what is being compressed as the process ends is kept, once", async (t) => {
  const spoolDir = mkdtempSync(join(tmpdir(), "spool-"));
  t.after(() => {
    rmSync(spoolDir, { recursive: true, force: true });
  });
  server.answering = () => ({ status: 503, headers: { "retry-after": "0" } });
  start({ spoolDir });
  sdk.trace("kept", () => undefined);
  const flushed = sdk.flush(100);
  process.emit("exit", 0);
  assert.equal(await flushed, false);
  await sdk.shutdown(50);
  server.got.length = 0;
  server.answering = () => ({ status: 200, body: "{}" });
  start({ spoolDir });
  assert.equal(await sdk.flush(), true);
  assert.deepEqual(
    server.records("traces").map((span) => span.name),
    ["kept"],
  );
});
