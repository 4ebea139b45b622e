import assert from "node:assert/strict";
import { test } from "node:test";
import { feedbackScore, type Score, scoreEvent, scoreFault } from "../src/core/scores.js";
import * as names from "../src/names.js";

const here = { traceId: "t".repeat(32), spanId: "s".repeat(16), sessionId: "sess" };
const event = (score: Score, place = here) => scoreEvent(score, place, "1", () => "new-id");

test("a number goes onto the active span", () => {
  const said = event({ name: "helpful", value: 0.5, method: "judge" });
  assert.equal(said.eventName, "gen_ai.evaluation.result");
  assert.deepEqual([said.traceId, said.spanId], [here.traceId, here.spanId]);
  assert.deepEqual(said.attributes, {
    [names.SCORE_NAME]: "helpful",
    [names.SCORE_ID]: "new-id",
    [names.SCORE_TARGET]: "span",
    [names.SCORE_DATA_TYPE]: "numeric",
    [names.SCORE_SOURCE]: "person",
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
  const trace = event({ name: "x", value: 1, traceId: "1".repeat(32) });
  assert.deepEqual(
    [trace.traceId, trace.spanId, trace.attributes[names.SCORE_TARGET]],
    ["1".repeat(32), undefined, "trace"],
  );
  const session = event({ name: "x", value: 1, sessionId: "a" });
  assert.deepEqual(
    [session.traceId, session.attributes[names.SESSION_ID], session.attributes[names.SCORE_TARGET]],
    [undefined, "a", "session"],
  );
  const own = event({ name: "x", value: 1, target: "trace" });
  assert.deepEqual([own.traceId, own.spanId], [here.traceId, undefined]);
  assert.equal(event({ name: "x", value: 1, target: "session" }).attributes[names.SESSION_ID], "sess");
});

test("feedback is the end user's, thumbs are true and false", () => {
  assert.deepEqual(feedbackScore({ value: "up" }), { name: "feedback", value: true, source: "end_user" });
  assert.equal(feedbackScore({ value: "down", name: "helpful" }).value, false);
  assert.equal(feedbackScore({ value: 4 }).value, 4);
});

test("what says nothing or nonsense is named", () => {
  assert.match(scoreFault({ name: "" }) ?? "", /needs a name/);
  assert.match(scoreFault({ name: "x" }) ?? "", /says nothing/);
  assert.match(scoreFault({ name: "x", value: NaN }) ?? "", /finite/);
  assert.match(scoreFault({ name: "x", value: {} as never }) ?? "", /of type object/);
  assert.equal(scoreFault({ name: "x", value: 0 }), undefined);
});
