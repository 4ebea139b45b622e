// OpenTelemetry's ended span as a plain record, and how large it is.
import type { HrTime } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import * as names from "../names.js";
import type { SpanRecord } from "../core/otlp.js";
import type { Attributes } from "../core/values.js";
import type { Decision } from "./sampling.js";

/** Nanoseconds since 1970 as text; [seconds, nanoseconds] is how OpenTelemetry keeps time. */
export function nanoseconds(time: HrTime): string {
  const [seconds, rest] = time;
  return `${seconds}${String(Math.round(rest)).padStart(9, "0")}`;
}

/** This moment. */
export function nowNs(): string {
  const ms = Date.now();
  return `${ms}000000`;
}

/** Spans of OpenTelemetry before 2 name these two otherwise. */
interface Older {
  parentSpanId?: string;
  instrumentationLibrary?: { name: string; version?: string };
}

/** Whether the span's parent is in this process; the root of a local trace has none here. */
export function isLocalRoot(span: ReadableSpan): boolean {
  const { parentSpanContext } = span;
  return parentSpanContext ? parentSpanContext.isRemote === true : !(span as Older).parentSpanId;
}

/** The record of a span; resource and numbers are the sender's. */
export function recordOf(span: ReadableSpan, decision: Decision): SpanRecord {
  const { traceId, spanId, traceState } = span.spanContext();
  const attributes = { ...span.attributes } as Attributes;
  if (decision.weight !== 1) attributes[names.WEIGHT] = decision.weight;
  if (decision.reason) attributes[names.SAMPLING_REASON] = decision.reason;
  const older = span as ReadableSpan & Older;
  const scope =
    (older.instrumentationScope as Older["instrumentationLibrary"]) ?? older.instrumentationLibrary;
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? older.parentSpanId,
    traceState: stateWith(traceState?.serialize(), decision.threshold),
    name: span.name,
    kind: span.kind + 1,
    start: nanoseconds(span.startTime),
    end: nanoseconds(span.endTime),
    attributes,
    events: span.events.map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(event.time),
      attributes: { ...event.attributes } as Attributes,
    })),
    links: span.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      attributes: { ...link.attributes } as Attributes,
    })),
    status: { code: span.status.code, message: span.status.message },
    scope: { name: scope?.name ?? "", version: scope?.version },
  };
}

function stateWith(state: string | undefined, threshold: string | undefined): string | undefined {
  if (!threshold) return state || undefined;
  const others = (state ?? "").split(",").filter((entry) => entry && !entry.startsWith("ot="));
  return [`ot=th:${threshold}`, ...others].join(",");
}

/** Characters of a span's texts, nearly. */
export function sizeOf(span: ReadableSpan): number {
  let size = 400;
  for (const key in span.attributes) {
    const value = span.attributes[key];
    size += typeof value === "string" ? value.length : Array.isArray(value) ? value.length * 20 : 8;
  }
  for (const event of span.events ?? []) {
    for (const key in event.attributes) {
      const value = event.attributes[key];
      size += typeof value === "string" ? value.length : 8;
    }
  }
  return size;
}
