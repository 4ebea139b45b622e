import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { LocalTraces } from "../src/node/local_traces.js";
import { byRatio, type Decision, samplingOf } from "../src/node/sampling.js";

let ids = 0;
function span(
  traceId: string,
  more: { parent?: boolean; remote?: boolean; error?: boolean; ms?: number } = {},
): ReadableSpan {
  const ms = more.ms ?? 1;
  return {
    name: `s${++ids}`,
    spanContext: () => ({ traceId, spanId: String(ids).padStart(16, "0"), traceFlags: 1 }),
    parentSpanContext: more.parent
      ? { traceId, spanId: "f".repeat(16), traceFlags: 1, isRemote: more.remote ?? false }
      : undefined,
    status: { code: more.error ? 2 : 0 },
    duration: [Math.floor(ms / 1000), (ms % 1000) * 1e6],
  } as unknown as ReadableSpan;
}
const LOW = "0".repeat(18) + "0".repeat(14);
const HIGH = "0".repeat(18) + "f".repeat(14);

test("the share of traces is the ratio, the weight its inverse, and it depends on the trace id alone", () => {
  let kept = 0;
  for (let i = 0; i < 20_000; i++) {
    const id = randomBytes(16).toString("hex");
    const decision = byRatio(id, 0.25);
    assert.deepEqual(decision, byRatio(id, 0.25));
    if (decision.weight) {
      kept++;
      assert.deepEqual(decision, { weight: 4, reason: "ratio", threshold: "c" });
      assert.equal(byRatio(id, 0.5).weight, 2, "who keeps a quarter is within who keeps half");
    }
  }
  assert.ok(Math.abs(kept / 20_000 - 0.25) < 0.02, String(kept));
  assert.equal(byRatio(LOW, 1).weight, 1);
  assert.equal(byRatio(HIGH, 0).weight, 0);
});

function traces(rules: Parameters<typeof samplingOf>[0]) {
  const out: [string, Decision][] = [];
  const found = new LocalTraces(samplingOf(rules), (ended, decision) => out.push([ended.name, decision]));
  return { found, out };
}

test("one error keeps the whole trace, decided when its root ends", () => {
  const { found, out } = traces({ ratio: 0 });
  for (let i = 0; i < 3; i++) found.started(LOW);
  found.ended(span(LOW, { parent: true, error: true }));
  found.ended(span(LOW, { parent: true }));
  assert.equal(out.length, 0);
  found.ended(span(LOW));
  assert.deepEqual(
    out.map(([, decision]) => decision),
    Array.from({ length: 3 }, () => ({ weight: 1, reason: "error" })),
  );
});

test("slow traces, marked traces and those of an own rule are kept; the rest is not", () => {
  for (const [rules, made, mark, reason] of [
    [{ ratio: 0, slowMs: 100 }, span(LOW, { ms: 101 }), false, "slow"],
    [{ ratio: 0 }, span(LOW), true, "feedback"],
    [{ ratio: 0, keep: () => true }, span(LOW), false, "rule"],
    [{ ratio: 0, slowMs: 100 }, span(LOW, { ms: 99 }), false, undefined],
    [{ ratio: 0, keepErrors: false }, span(LOW, { error: true }), false, undefined],
  ] as const) {
    const { found, out } = traces(rules);
    found.started(LOW);
    if (mark) assert.equal(found.keep(LOW), true);
    found.ended(made);
    assert.equal(out[0]?.[1].reason, reason);
    assert.equal(out[0]?.[1].weight, reason ? 1 : 0);
  }
});

test("spans that end after their root follow its decision; a remote parent is a local root", () => {
  const { found, out } = traces({ ratio: 0.5 });
  found.started(HIGH);
  found.started(HIGH);
  found.ended(span(HIGH, { parent: true, remote: true }));
  assert.equal(out.length, 1);
  found.ended(span(HIGH, { parent: true, error: true }));
  assert.deepEqual(
    out.map(([, decision]) => decision.weight),
    [2, 2],
  );
});

test("what never ends does not pile up", () => {
  const { found, out } = traces({ ratio: 0.5 });
  for (let i = 0; i < 20_000; i++) {
    const id = i.toString(16).padStart(18, "0") + "f".repeat(14);
    found.started(id);
    found.started(id);
    found.ended(span(id, { parent: true }));
  }
  const { traces: open, held } = found as unknown as { traces: Map<string, unknown>; held: number };
  assert.ok(open.size <= 5_000 && held <= 10_001, `${open.size} ${held}`);
  assert.ok(out.length >= 10_000);
});

test("nonsense is everything, and said", (t) => {
  const warn = t.mock.method(console, "warn", () => undefined);
  assert.equal(samplingOf(7).ratio, 1);
  assert.equal(samplingOf(NaN).ratio, 1);
  assert.equal(warn.mock.callCount(), 1);
});
