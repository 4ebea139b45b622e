// Spans, log records and metrics as OTLP/JSON: ids in hex, 64-bit integers as texts.
import { SCORE_VALUE, TIME_TO_FIRST_CHUNK, WEIGHT } from "../names.js";
import { type Attributes, type AttributeValue, textOf } from "./values.js";

/** The text that may leave, given the attribute's name and its text; null when the field stays here. */
export type Clean = (field: string, text: string) => string | null;

export interface EventRecord {
  name: string;
  timeUnixNano: string;
  attributes?: Attributes;
}

export interface LinkRecord {
  traceId: string;
  spanId: string;
  attributes?: Attributes;
}

/** An ended span; `kind` and `status` are OTLP's numbers. */
export interface SpanRecord {
  traceId: string;
  spanId: string;
  parentSpanId?: string | undefined;
  traceState?: string | undefined;
  name: string;
  kind: number;
  start: string;
  end: string;
  attributes: Attributes;
  events?: EventRecord[];
  links?: LinkRecord[];
  status?: { code: number; message?: string | undefined };
  scope?: { name: string; version?: string | undefined };
}

/** Something that happened, as a log record: a score, an error. */
export interface LogEvent {
  eventName: string;
  attributes: Attributes;
  body?: string | undefined;
  traceId?: string | undefined;
  spanId?: string | undefined;
  time: string;
  severity?: number | undefined;
}

/** A sum since `start`, or a gauge; each point with its own attributes. */
export interface Metric {
  name: string;
  unit: string;
  points: { value: number; attributes: Attributes }[];
  gauge?: boolean;
}

// Whole numbers would be integers; these are fractions for everyone who reads them.
const FRACTIONS = new Set([SCORE_VALUE, WEIGHT, TIME_TO_FIRST_CHUNK]);
// What is no attribute is text; nothing should come here that is none.
const LONGEST = 10_000;
const same: Clean = (_, text) => text;

function any(value: AttributeValue, key: string, clean: Clean): object | undefined {
  switch (typeof value) {
    case "string": {
      const said = clean(key, value);
      return said === null ? undefined : { stringValue: whole(said) };
    }
    case "boolean":
      return { boolValue: value };
    case "number":
      if (Number.isSafeInteger(value) && !FRACTIONS.has(key)) return { intValue: String(value) };
      return { doubleValue: Number.isFinite(value) ? value : String(value) };
    default:
      if (!Array.isArray(value)) return { stringValue: textOf(value, LONGEST) };
      return { arrayValue: { values: value.flatMap((item) => any(item, key, clean) ?? []) } };
  }
}

/** Half of a surrogate pair is no text in UTF-8. */
function whole(text: string): string {
  return /\p{Cs}/u.test(text) ? text.replace(/\p{Cs}/gu, "\ufffd") : text;
}

/** Attributes as OTLP's list of keys and values. */
export function keyValues(attributes: Attributes, clean: Clean = same): object[] {
  const out = [];
  for (const key in attributes) {
    const value = attributes[key];
    const said = value === undefined ? undefined : any(value, key, clean);
    if (said) out.push({ key: whole(key), value: said });
  }
  return out;
}

function span(found: SpanRecord, clean: Clean): object {
  const message = found.status?.message;
  return {
    traceId: found.traceId,
    spanId: found.spanId,
    parentSpanId: found.parentSpanId,
    traceState: found.traceState,
    name: whole(clean("name", found.name) ?? ""),
    kind: found.kind,
    startTimeUnixNano: found.start,
    endTimeUnixNano: found.end,
    attributes: keyValues(found.attributes, clean),
    events: found.events?.map((event) => ({
      name: whole(event.name),
      timeUnixNano: event.timeUnixNano,
      attributes: keyValues(event.attributes ?? {}, clean),
    })),
    links: found.links?.map((link) => ({ ...link, attributes: keyValues(link.attributes ?? {}, clean) })),
    status: found.status && {
      code: found.status.code,
      message: message && whole(clean("status.message", message) ?? ""),
    },
  };
}

/** An export request of spans that share a resource. */
export function tracesRequest(resource: Attributes, spans: SpanRecord[], clean: Clean = same): object {
  const scopes = new Map<string, { scope: object; spans: object[] }>();
  for (const found of spans) {
    const { name = "sightline", version } = found.scope ?? {};
    const key = `${name}@${version ?? ""}`;
    let group = scopes.get(key);
    if (!group) scopes.set(key, (group = { scope: { name, version }, spans: [] }));
    group.spans.push(span(found, clean));
  }
  const scopeSpans = [...scopes.values()];
  return { resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans }] };
}

/** An export request of log records. */
export function logsRequest(resource: Attributes, events: LogEvent[], clean: Clean = same): object {
  const logRecords = events.map((event) => ({
    timeUnixNano: event.time,
    observedTimeUnixNano: event.time,
    severityNumber: event.severity ?? 9,
    eventName: event.eventName,
    body: event.body === undefined ? undefined : { stringValue: whole(clean("body", event.body) ?? "") },
    attributes: keyValues(event.attributes, clean),
    traceId: event.traceId,
    spanId: event.spanId,
  }));
  const scopeLogs = [{ scope: { name: "sightline" }, logRecords }];
  return { resourceLogs: [{ resource: { attributes: keyValues(resource) }, scopeLogs }] };
}

/** An export request of metrics: cumulative monotonic sums, and gauges. */
export function metricsRequest(resource: Attributes, metrics: Metric[], start: string, now: string): object {
  const said = metrics.map(({ name, unit, points, gauge }) => {
    const dataPoints = points.map(({ value, attributes }) => ({
      startTimeUnixNano: start,
      timeUnixNano: now,
      asInt: String(value),
      attributes: keyValues(attributes),
    }));
    const sum = { dataPoints, aggregationTemporality: 2, isMonotonic: true };
    return gauge ? { name, unit, gauge: { dataPoints } } : { name, unit, sum };
  });
  const scopeMetrics = [{ scope: { name: "sightline" }, metrics: said }];
  return { resourceMetrics: [{ resource: { attributes: keyValues(resource) }, scopeMetrics }] };
}
