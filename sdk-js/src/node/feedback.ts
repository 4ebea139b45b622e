// `score()` and `feedback()`: on the active span, or on any trace, span or session.
import { context as active, trace as otel } from "@opentelemetry/api";
import { SCORE_ID, SESSION_ID, USER_ID } from "../names.js";
import { type Feedback, feedbackScore, type Score, scoreEvent, scoreFault } from "../core/scores.js";
import type { Attributes } from "../core/values.js";
import { reasonOf, warnOnce } from "../core/warnings.js";
import { contextAttributes } from "./context.js";
import { sha256 } from "./hashing.js";
import { nowNs } from "./span_record.js";
import { current } from "./state.js";

/**
 * A score of the active span, or of the trace, span or session that it names.
 *
 *     score({ name: "groundedness", value: 0.8, source: "evaluator", method: "judge" });
 *
 * @returns the score's id, with which it can be replaced; undefined when it could not be sent.
 */
export function score(given: Score): string | undefined {
  try {
    const fault = scoreFault(given);
    if (fault) {
      warnOnce("score", fault);
      return undefined;
    }
    const here = otel.getSpanContext(active.active());
    const sessionId = whoIs()?.[SESSION_ID];
    const place = {
      traceId: here?.traceId,
      spanId: here?.spanId,
      sessionId: sessionId as string | undefined,
    };
    const event = scoreEvent(given, place, nowNs(), hashed);
    if (!event.traceId && event.attributes[SESSION_ID] === undefined) {
      warnOnce(
        "score nowhere",
        `score "${given.name}" is about nothing: give traceId or sessionId, or call it inside trace()`,
      );
      return undefined;
    }
    const runtime = current();
    if (!runtime) {
      warnOnce("score init", "score() and feedback() do nothing before init(); call it at the start");
      return undefined;
    }
    // What people say is rare and dear. Scores of evaluators come with every trace: none would be left out.
    if (["end_user", "person"].includes(given.source ?? "") && event.traceId) runtime.keep(event.traceId);
    runtime.emit(event);
    return event.attributes[SCORE_ID] as string;
  } catch (error) {
    warnOnce("score failed", `a score is lost: ${reasonOf(error)}`);
    return undefined;
  }
}

/**
 * What the user thought of it.
 *
 *     feedback({ traceId, value: "up", comment: "just what I needed" });
 *
 * @returns the score's id; undefined when it could not be sent.
 */
export function feedback(given: Feedback): string | undefined {
  try {
    const author = given.author ?? (whoIs()?.[USER_ID] as string | undefined);
    return score({ ...feedbackScore(given), author });
  } catch (error) {
    warnOnce("feedback failed", `feedback is lost: ${reasonOf(error)}`);
    return undefined;
  }
}

function whoIs(): Attributes | undefined {
  return contextAttributes(active.active(), current()?.config.propagate ?? []);
}

function hashed(parts: string[]): string {
  return sha256(parts.join("\0")).slice(0, 32);
}

/** The ids of the active span, to be shown to a user who may score it later; undefined outside a span. */
export function currentTrace(): { traceId: string; spanId: string } | undefined {
  const here = otel.getSpanContext(active.active());
  return here && { traceId: here.traceId, spanId: here.spanId };
}
