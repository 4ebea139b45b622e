// `trace()`: a span around any piece of work, ended when the work is: a promise settled, a stream read.
import {
  type Attributes as OtelAttributes,
  type Context,
  context as active,
  INVALID_SPAN_CONTEXT,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace as otel,
} from "@opentelemetry/api";
import * as names from "../names.js";
import { attributeOf, textOf } from "../core/values.js";
import { reasonOf, warnOnce } from "../core/warnings.js";
import type { Who } from "../core/who.js";
import { withWho } from "./context.js";
import { current } from "./state.js";
import { VERSION } from "./version.js";

/** What a span is in the words of OpenInference. */
export type Kind =
  "chain" | "agent" | "tool" | "retriever" | "reranker" | "embedding" | "llm" | "guardrail" | "evaluator";

/** How to make a span. */
export interface SpanOptions {
  name: string;
  kind?: Kind | undefined;
  attributes?: Record<string, unknown> | undefined;
  /** What went in; shown on the span. */
  input?: unknown;
  /** false: neither arguments nor results are noted (true). */
  capture?: boolean | undefined;
  /** Headers of an incoming request, whose trace is continued. */
  headers?: Headers | Record<string, unknown> | undefined;
  /** Who and what for, as in `context()`. */
  context?: Who | undefined;
}

/** The span inside `trace()`; all of it is harmless at any time. */
export interface ActiveSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Sets attributes. */
  set(attributes: Record<string, unknown>): void;
  /** What came out, where it is not the returned value. */
  output(value: unknown): void;
  /** Something that happened at this moment. */
  event(name: string, attributes?: Record<string, unknown>): void;
  /** An error that is handled, but shall be seen. */
  error(error: unknown): void;
}

const OTEL_KIND: Partial<Record<Kind, SpanKind>> = { llm: SpanKind.CLIENT, embedding: SpanKind.CLIENT };

/** The longest text. */
export function limit(): number {
  return current()?.config.maxValueChars ?? 1_000_000;
}

/** Whether content is noted. */
export function capturing(): boolean {
  return current()?.config.captureContent ?? true;
}

/** The tracer of this package; harmless without `init()`. */
export function tracer() {
  return otel.getTracer("sightline", VERSION);
}

/** The context of a request with these headers. */
export function contextOf(headers: Headers | Record<string, unknown> | undefined): Context {
  const here = active.active();
  if (!headers) return here;
  try {
    const plain =
      typeof (headers as Headers).forEach === "function" ? Object.fromEntries(headers as Headers) : headers;
    return propagation.extract(here, plain);
  } catch {
    return here;
  }
}

/** Sets attributes of any value on a span. */
export function setAll(span: Span, attributes: Record<string, unknown> | undefined): void {
  for (const key of Object.keys(attributes ?? {})) {
    const value = attributeOf(attributes?.[key], limit());
    if (value !== undefined) span.setAttribute(key, value);
  }
}

/** Runs something for its side effect only: a failure is warned about once. */
export function quietly(what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    warnOnce(what, `${what} failed and is left out: ${reasonOf(error)}`);
  }
}

/** Sets a value as text with its media type. */
export function setValue(span: Span, name: string, typeName: string, value: unknown): void {
  if (value === undefined || !capturing()) return;
  span.setAttribute(name, textOf(value, limit()));
  span.setAttribute(typeName, typeof value === "string" ? "text/plain" : "application/json");
}

/** Notes an error on a span. */
export function setError(span: Span, error: unknown): void {
  quietly("noting an error", () => {
    const message = reasonOf(error).slice(0, 2000);
    span.recordException(error instanceof Error ? error : message);
    span.setAttribute(names.ERROR_TYPE, typeOf(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  });
}

/** The name of an error's class: many leave `name` as it is. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return error.name === "Error" ? error.constructor.name || "Error" : error.name;
}

/** The public face of a span. */
export function face(span: Span): ActiveSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    set: (attributes) => {
      quietly("set()", () => {
        setAll(span, attributes);
      });
    },
    output: (value) => {
      quietly("output()", () => {
        setValue(span, names.OUTPUT_VALUE, names.OUTPUT_MIME_TYPE, value);
      });
    },
    event: (name, attributes) => {
      quietly("event()", () => {
        const said: OtelAttributes = {};
        for (const key of Object.keys(attributes ?? {})) said[key] = attributeOf(attributes?.[key], limit());
        span.addEvent(textOf(name, 200), said);
      });
    },
    error: (error) => {
      setError(span, error);
    },
  };
}

/** Begins a span as options say; the second is its parent's context, with who and what for. */
export function begin(options: SpanOptions, otelKind?: SpanKind): [Span, Context] {
  const here = active.active();
  try {
    let parent = contextOf(options.headers);
    if (options.context) parent = withWho(parent, options.context);
    const kind = otelKind ?? OTEL_KIND[options.kind ?? "chain"] ?? SpanKind.INTERNAL;
    const span = tracer().startSpan(textOf(options.name, 200), { kind }, parent);
    quietly("beginning a span", () => {
      if (options.kind) span.setAttribute(names.SPAN_KIND, textOf(options.kind, 50).toUpperCase());
      setAll(span, options.attributes);
      if (options.capture !== false) setValue(span, names.INPUT_VALUE, names.INPUT_MIME_TYPE, options.input);
    });
    return [span, parent];
  } catch (error) {
    warnOnce("begin", `a span could not be begun: ${reasonOf(error)}`);
    return [otel.wrapSpanContext(INVALID_SPAN_CONTEXT), here];
  }
}
