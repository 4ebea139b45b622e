import assert from "node:assert/strict";
import { test } from "node:test";
import { feedbackScore, type Score, scoreEvent, scoreFault } from "../src/core/scores.js";
import * as names from "../src/names.js";

const here = { traceId: "t".repeat(32), spanId: "s".repeat(16), sessionId: "sess" };
const event = (score: Score, place = here) => scoreEvent(score, place, "1", (parts) => parts.join("|"));

test("a number goes onto the active span; its id is of what makes it the same", () => {
  const said = event({ name: "helpful", value: 0.5, method: "judge" });
  assert.equal(said.eventName, "gen_ai.evaluation.result");
  assert.deepEqual([said.traceId, said.spanId], [here.traceId, here.spanId]);
  assert.deepEqual(said.attributes, {
    [names.SCORE_NAME]: "helpful",
    [names.SCORE_ID]: `helpful|evaluator||judge|${here.traceId}|${here.spanId}|`,
    [names.SCORE_TARGET]: "span",
    [names.SCORE_DATA_TYPE]: "numeric",
    [names.SCORE_SOURCE]: "evaluator",
    [names.SCORE_VALUE]: 0.5,
    [names.SCORE_METHOD]: "judge",
  });
});

test("true and false are 1 and 0, words are categories", () => {
  assert.equal(event({ name: "ok", value: false }).attributes[names.SCORE_VALUE], 0);
  assert.equal(event({ name: "ok", value: false }).attributes[names.SCORE_DATA_TYPE], "boolean");
  const word = event({ name: "tone", value: "rude" }).attributes;
  assert.deepEqual(
    [word[names.SCORE_LABEL], word[names.SCORE_DATA_TYPE], word[names.SCORE_VALUE]],
    ["rude", "categorical", undefined],
  );
  assert.equal(event({ name: "c", comment: "x" }).attributes[names.SCORE_DATA_TYPE], "comment");
  assert.equal(event({ name: "c", correction: "x" }).attributes[names.SCORE_DATA_TYPE], "correction");
});

test("what it is about: another trace, a session, the trace of the active span", () => {
  const about = (score: Score): unknown[] => {
    const { traceId, spanId, attributes } = event(score);
    return [traceId, spanId, attributes[names.SESSION_ID], attributes[names.SCORE_TARGET]];
  };
  const one = "1".repeat(32);
  assert.deepEqual(about({ name: "x", value: 1, traceId: one }), [one, undefined, undefined, "trace"]);
  assert.deepEqual(about({ name: "x", value: 1, traceId: one, spanId: "a" }), [one, "a", undefined, "span"]);
  assert.deepEqual(about({ name: "x", value: 1, sessionId: "a" }), [undefined, undefined, "a", "session"]);
  assert.deepEqual(about({ name: "x", value: 1, target: "trace" }), [
    here.traceId,
    undefined,
    undefined,
    "trace",
  ]);
  assert.deepEqual(about({ name: "x", value: 1, target: "session" }), [
    undefined,
    undefined,
    "sess",
    "session",
  ]);
});

test("feedback is the end user's, thumbs are true and false", () => {
  assert.deepEqual(feedbackScore({ value: "up" }), {
    name: "helpful",
    value: true,
    source: "end_user",
    target: "trace",
  });
  assert.equal(feedbackScore({ value: "down", name: "nice" }).value, false);
  assert.equal(feedbackScore({ value: 4 }).value, 4);
});

test("what says nothing or nonsense is named", () => {
  assert.match(scoreFault({ name: "" }) ?? "", /needs a name/);
  assert.match(scoreFault({ name: "x" }) ?? "", /says nothing/);
  assert.match(scoreFault({ name: "x", value: NaN }) ?? "", /finite/);
  assert.match(scoreFault({ name: "x", value: {} as never }) ?? "", /of type object/);
  assert.match(
    scoreFault({ name: "x", value: 1, traceId: "12" }) ?? "",
    /traceId is 12, expected 32 hex digits/,
  );
  assert.match(scoreFault({ name: "x", value: 1, spanId: {} as never }) ?? "", /spanId is \{\}, expected 16/);
  assert.equal(scoreFault({ name: "x", value: 0, traceId: here.traceId.replaceAll("t", "a") }), undefined);
  assert.equal(
    typeof event({ name: "x", comment: { a: 1n } as never }).attributes[names.SCORE_EXPLANATION],
    "string",
  );
});
