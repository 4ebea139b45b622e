// The queue of what has ended, and requests made of it: numbered, without what may not leave, redacted.
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import * as names from "../names.js";
import { type Clean, type LogEvent, logsRequest, type SpanRecord, tracesRequest } from "../core/otlp.js";
import type { Attributes } from "../core/values.js";
import { reasonOf, warnOnce } from "../core/warnings.js";
import type { Config } from "./configuration.js";
import { isContent } from "./content.js";
import type { Decision } from "./sampling.js";
import type { Encoded, Signal } from "./sending.js";
import { recordOf, sizeOf } from "./span_record.js";

const BATCH = 256;
const BATCH_CHARS = 4_000_000;
const QUEUE_CHARS = 64_000_000;

interface Entry {
  span: ReadableSpan;
  decision: Decision;
  size: number;
}

/** A request as text. */
export interface Batch {
  signal: Signal;
  text: string;
  records: number;
  /** Spans that could not be read and are not in it. */
  unreadable?: number;
}

/** Bounded in records and in characters. */
export class Batches {
  private spans: Entry[] = [];
  private logs: LogEvent[] = [];
  private chars = 0;
  private readonly sequence = { spans: 0, logs: 0 };
  private readonly clean: Clean;

  constructor(
    private readonly config: Config,
    private readonly resource: Attributes,
  ) {
    this.clean = config.redact ?? ((_, text) => text);
  }

  /** Records that wait. */
  get size(): number {
    return this.spans.length + this.logs.length;
  }

  /** Whether a batch is full. */
  get full(): boolean {
    return this.spans.length >= BATCH || this.chars >= BATCH_CHARS;
  }

  /** Takes a span; false when there is no room. */
  addSpan(span: ReadableSpan, decision: Decision): boolean {
    const size = sizeOf(span);
    if (this.spans.length >= this.config.maxQueue || this.chars + size > QUEUE_CHARS) return false;
    this.spans.push({ span, decision, size });
    this.chars += size;
    return true;
  }

  /** Takes a log record; false when there is no room. */
  addLog(event: LogEvent): boolean {
    if (this.logs.length >= this.config.maxQueue) return false;
    this.logs.push(event);
    return true;
  }

  /** The next request; undefined when nothing waits. */
  take(): Batch | undefined {
    if (this.spans.length) {
      const entries = this.nextSpans();
      const records = entries.flatMap((entry) => this.recordOf(entry) ?? []);
      const text = JSON.stringify(tracesRequest(this.resource, records, this.clean));
      return { signal: "traces", text, records: records.length, unreadable: entries.length - records.length };
    }
    const events = this.logs.splice(0, BATCH).map((event) => this.allowed(event));
    if (!events.length) return undefined;
    for (const event of events) event.attributes[names.SEQUENCE] = ++this.sequence.logs;
    const text = JSON.stringify(logsRequest(this.resource, events, this.clean));
    return { signal: "logs", text, records: events.length };
  }

  /** The next few requests; `unreadable` is told how many spans are in none of them. */
  takeSome(most: number, unreadable: (spans: number) => void): Batch[] {
    const some: Batch[] = [];
    while (some.length < most) {
      const taken = this.take();
      if (!taken) break;
      unreadable(taken.unreadable ?? 0);
      if (taken.records) some.push(taken);
    }
    return some;
  }

  private nextSpans(): Entry[] {
    let chars = 0;
    let end = 0;
    while (end < this.spans.length && end < BATCH && (end === 0 || chars < BATCH_CHARS)) {
      chars += this.spans[end++]?.size ?? 0;
    }
    this.chars -= chars;
    return this.spans.splice(0, end);
  }

  /** The record, numbered; undefined for a span of which not even that can be read. */
  private recordOf({ span, decision }: Entry): SpanRecord | undefined {
    try {
      const record = this.allowed(recordOf(span, decision));
      record.attributes[names.SEQUENCE] = ++this.sequence.spans;
      return record;
    } catch (error) {
      warnOnce("unreadable", `a span cannot be read and is left out: ${reasonOf(error)}`);
      return undefined;
    }
  }

  /** Without content where it may not leave. */
  private allowed<T extends { attributes: Attributes; events?: { attributes?: Attributes }[] }>(
    record: T,
  ): T {
    if (this.config.captureContent) return record;
    const all = [record.attributes, ...(record.events ?? []).map((event) => event.attributes ?? {})];
    for (const attributes of all) {
      for (const key of Object.keys(attributes)) if (isContent(key)) delete attributes[key];
    }
    return record;
  }
}

/** A request as it is sent. */
export function packed(batch: Batch, zipped?: Uint8Array): Encoded {
  const body = zipped ?? new TextEncoder().encode(batch.text);
  return { signal: batch.signal, body, gzip: zipped !== undefined, records: batch.records };
}
