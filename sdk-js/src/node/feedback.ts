// `score()` and `feedback()`: on the active span, or on any trace, span or session.
import { context as active, trace as otel } from "@opentelemetry/api";
import { randomUUID } from "node:crypto";
import { SESSION_ID } from "../names.js";
import { type Feedback, feedbackScore, type Score, scoreEvent, scoreFault } from "../core/scores.js";
import { reasonOf, warnOnce } from "../core/warnings.js";
import { contextAttributes } from "./context.js";
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
    const sessionId = contextAttributes(active.active(), [])?.[SESSION_ID];
    const place = {
      traceId: here?.traceId,
      spanId: here?.spanId,
      sessionId: sessionId as string | undefined,
    };
    const id = given.id ?? randomUUID();
    const event = scoreEvent({ ...given, id }, place, nowNs(), randomUUID);
    if (!event.traceId && event.attributes[SESSION_ID] === undefined) {
      warnOnce(
        "score nowhere",
        `score "${given.name}" is about nothing: give traceId or sessionId, or call it inside trace()`,
      );
      return undefined;
    }
    const runtime = current();
    runtime?.emit(event);
    return runtime ? id : undefined;
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
    return score(feedbackScore(given));
  } catch (error) {
    warnOnce("feedback failed", `feedback is lost: ${reasonOf(error)}`);
    return undefined;
  }
}

/** The ids of the active span, to be shown to a user who may score it later; undefined outside a span. */
export function currentTrace(): { traceId: string; spanId: string } | undefined {
  const here = otel.getSpanContext(active.active());
  return here && { traceId: here.traceId, spanId: here.spanId };
}
