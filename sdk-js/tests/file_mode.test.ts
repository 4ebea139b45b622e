import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { context, propagation, trace as otel } from "@opentelemetry/api";
import { forgetWarnings } from "../src/core/warnings.js";
import * as sdk from "../src/index.js";

const warnings: string[] = [];
console.warn = (text: string) => warnings.push(text);
let folder = "";

beforeEach(async () => {
  await sdk.shutdown(50);
  for (const one of [otel, context, propagation]) one.disable();
  folder = mkdtempSync(join(tmpdir(), "sightline-file-"));
  warnings.length = 0;
  forgetWarnings();
});
afterEach(async () => {
  await sdk.shutdown(50);
  rmSync(folder, { recursive: true, force: true });
});
const start = (file: string, options: sdk.Options = {}): void => {
  sdk.init({ file, endpoint: "http://127.0.0.1:9", service: "unit", instrument: false, ...options });
};
const lines = (file: string): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);

test("everything lands as one line of JSON for each request, and nothing is sent", async () => {
  const file = join(folder, "deep", "calls.jsonl");
  start(file, { redact: true });
  sdk.trace("one", () => "write to alice@example.com\nnow");
  sdk.score({ name: "x", value: 1, traceId: "1".repeat(32) });
  assert.equal(await sdk.flush(), true);
  const found = lines(file).map((line) => Object.keys(JSON.parse(line) as object)[0]);
  assert.deepEqual(found, ["resourceSpans", "resourceLogs"]);
  assert.ok(!readFileSync(file, "utf8").includes("alice"));
  sdk.trace("two", () => undefined);
  await sdk.shutdown();
  const all = readFileSync(file, "utf8");
  assert.match(all, /"name":"two"/);
  assert.match(all, /"asInt":"2","attributes":\[\{"key":"outcome","value":\{"stringValue":"acknowledged"/);
  assert.deepEqual(warnings, []);
});

test("a file that is full is set aside, the oldest goes, no line is cut", async () => {
  const file = join(folder, "calls.jsonl");
  start(file, { fileMaxBytes: 3_000, fileKeep: 2 });
  for (let i = 0; i < 12; i++) {
    sdk.trace(`n${i}`, () => "x".repeat(600));
    await sdk.flush();
  }
  assert.ok(existsSync(`${file}.2`) && !existsSync(`${file}.3`));
  for (const one of [file, `${file}.1`, `${file}.2`]) {
    assert.ok(readFileSync(one).length <= 3_000);
    for (const line of lines(one)) JSON.parse(line);
  }
  assert.match(readFileSync(file, "utf8"), /"n11"/);
});

test("a file that cannot be written: one warning, counted, and the program goes on", async () => {
  const blocked = join(folder, "calls.jsonl");
  mkdirSync(blocked);
  start(blocked);
  for (let i = 0; i < 3; i++) {
    assert.equal(
      sdk.trace("n", () => i),
      i,
    );
    await sdk.flush();
  }
  assert.deepEqual(sdk.counts().spans, { ended: 3, sampledOut: 0, acknowledged: 0, dropped: { disk: 3 } });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /cannot be written \(Error: EISDIR.*name another file with SIGHTLINE_FILE/);
  rmSync(blocked, { recursive: true });
  sdk.trace("again", () => undefined);
  assert.equal(await sdk.flush(), true);
  assert.equal(sdk.counts().spans.acknowledged, 1);
});
