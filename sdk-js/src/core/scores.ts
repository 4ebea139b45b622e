// Scores and feedback as log records with the event name `gen_ai.evaluation.result`.
import * as names from "../names.js";
import type { LogEvent } from "./otlp.js";
import { attributeOf, type Attributes, textOf } from "./values.js";

/** What was judged, how, by whom. `value`: a number, true or false, or a word of a category. */
export interface Score {
  name: string;
  value?: number | boolean | string | undefined;
  /** A word for the value, such as "good". */
  label?: string | undefined;
  comment?: string | undefined;
  /** What the answer should have been. */
  correction?: string | undefined;
  /** The same id replaces the score. Without one, the same author's same score of the same target does. */
  id?: string | undefined;
  /** What it is about, when it is not the active span. */
  traceId?: string | undefined;
  spanId?: string | undefined;
  sessionId?: string | undefined;
  target?: "span" | "trace" | "session" | undefined;
  /** "evaluator" unless given. */
  source?: "end_user" | "person" | "evaluator" | "rule" | undefined;
  author?: string | undefined;
  method?: string | undefined;
  /** Takes the score with this id back. */
  deleted?: boolean | undefined;
}

/** Feedback of the person who uses the product: thumbs, stars, a comment. */
export interface Feedback extends Omit<Score, "name" | "value" | "source"> {
  /** "helpful" unless given. */
  name?: string | undefined;
  value?: number | boolean | "up" | "down" | undefined;
}

/** Where a score goes when it says nothing itself. */
export interface Place {
  traceId?: string | undefined;
  spanId?: string | undefined;
  sessionId?: string | undefined;
}

const LONGEST = 20_000;

/** What is wrong with a score, as a sentence; undefined when it can be sent. */
export function scoreFault(score: Score): string | undefined {
  const { name, value } = score;
  if (typeof name !== "string" || !name) {
    return `a score needs a name (a text), got ${typeof name}; write score({ name: "helpful", value: 1 })`;
  }
  if (value !== undefined && !["number", "boolean", "string"].includes(typeof value)) {
    return `score "${name}": value is of type ${typeof value}, expected a number, true or false, or a word`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    return `score "${name}": value is ${value}, expected a finite number`;
  }
  if (value === undefined && !score.label && !score.comment && !score.correction && !score.deleted) {
    return `score "${name}" says nothing; give value, label, comment or correction`;
  }
  return idFault(name, "traceId", score.traceId, 32) ?? idFault(name, "spanId", score.spanId, 16);
}

function idFault(name: string, which: string, id: unknown, digits: number): string | undefined {
  const fits = typeof id === "string" && id.length === digits && /^[0-9a-f]+$/i.test(id);
  if (id === undefined || fits) return undefined;
  return `score "${name}": ${which} is ${textOf(id, 60)}, expected ${digits} hex digits, as a span has them`;
}

/** The log record of a score; `now` in ns as text, `idOf` makes an id of what makes a score the same. */
export function scoreEvent(
  score: Score,
  place: Place,
  now: string,
  idOf: (parts: string[]) => string,
): LogEvent {
  const { value, source = "evaluator" } = score;
  const at: Place = score.traceId !== undefined || score.sessionId !== undefined ? score : place;
  const spanId = score.target === "trace" ? undefined : (score.spanId ?? at.spanId);
  const session = score.target === "session" ? (score.sessionId ?? place.sessionId) : score.sessionId;
  const onSession = session !== undefined;
  const traceId = onSession ? undefined : at.traceId;
  const attributes: Attributes = {};
  const put = (name: string, said: unknown): void => {
    const found = attributeOf(said, LONGEST);
    if (found !== undefined) attributes[name] = found;
  };
  put(names.SCORE_NAME, score.name);
  put(names.SCORE_SOURCE, source);
  put(names.SCORE_TARGET, onSession ? "session" : spanId ? "span" : "trace");
  put(names.SCORE_DATA_TYPE, dataType(score));
  put(names.SCORE_VALUE, typeof value === "string" ? undefined : value === undefined ? value : Number(value));
  put(names.SCORE_LABEL, score.label ?? (typeof value === "string" ? value : undefined));
  put(names.SCORE_EXPLANATION, score.comment);
  put(names.SCORE_CORRECTION, score.correction);
  put(names.SCORE_AUTHOR, score.author);
  put(names.SCORE_METHOD, score.method);
  put(names.SCORE_DELETED, score.deleted);
  put(names.SESSION_ID, session);
  // The Python SDK makes the same of the same, so that either replaces the other's.
  const who = [score.name, source, score.author ?? "", score.method ?? ""];
  const where = [
    (traceId ?? "").padStart(32, "0"),
    ((!onSession && spanId) || "").padStart(16, "0"),
    session ?? "",
  ];
  put(names.SCORE_ID, score.id ?? idOf([...who, ...where]));
  const event = { eventName: names.SCORE_EVENT, attributes, time: now, traceId };
  return onSession ? event : { ...event, spanId };
}

/** Feedback as a score: thumbs are true and false, its source is the end user. */
export function feedbackScore(feedback: Feedback): Score {
  const { value } = feedback;
  const thumbs = value === "up" ? true : value === "down" ? false : value;
  const onTrace = feedback.spanId === undefined && feedback.sessionId === undefined;
  const target = feedback.target ?? (onTrace ? "trace" : undefined);
  return { ...feedback, target, name: feedback.name ?? "helpful", value: thumbs, source: "end_user" };
}

function dataType(score: Score): string {
  if (typeof score.value === "boolean") return "boolean";
  if (typeof score.value === "number") return "numeric";
  if (score.value !== undefined || score.label !== undefined) return "categorical";
  return score.correction !== undefined ? "correction" : "comment";
}
