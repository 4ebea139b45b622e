// Spans of a page. No AsyncLocalStorage here: what is active is known until the first await, then the one
// open trace is taken; with several open at once, `span.run()` says which.
import * as names from "../names.js";
import type { EventRecord, SpanRecord } from "../core/otlp.js";
import { addAttributes, type Attributes, cut, textOf } from "../core/values.js";
import type { Sender } from "./sender.js";
import type { Who } from "../core/who.js";
import { withWho } from "./who.js";

const LONGEST = 16_000;

/** This moment in ns, as text. */
export const nowNs = (at = performance.now()): string =>
  `${Math.round((performance.timeOrigin + at) * 1000)}000`;

/** `bytes` random bytes in hex. */
export const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

/** Name and message of whatever was thrown. */
export function wordsOf(error: unknown): [name: string, message: string] {
  try {
    const { name, message } = (error ?? {}) as Partial<Error>;
    return [cut(String(name ?? "Error"), 200), cut(String(message ?? textOf(error, 1000)), 1000)];
  } catch {
    return ["Error", "[unreadable]"];
  }
}

/** What all spans of a page share. */
export interface Page {
  sender: Sender;
  who: Attributes;
  ratio: number;
  content: boolean;
  active: PageSpan | undefined;
  open: PageSpan[];
}

/** A span of a page. */
export class PageSpan {
  readonly spanId = randomHex(8);
  readonly traceId: string;
  readonly sampled: boolean;
  readonly who: Attributes;
  private readonly record: SpanRecord;
  private readonly events: EventRecord[] = [];
  private ended = false;

  constructor(
    private readonly page: Page,
    name: string,
    parent: { traceId: string; spanId: string; sampled: boolean; who?: Attributes } | undefined,
    kind = 1,
    start = nowNs(),
  ) {
    this.traceId = parent?.traceId ?? randomHex(16);
    // The last 56 bits decide, as in every other service; 13 hex digits are as many as a number holds.
    const chance = parseInt(this.traceId.slice(-14, -1), 16) / 2 ** 52;
    this.sampled = parent ? parent.sampled : chance >= 1 - page.ratio;
    this.who = parent?.who ?? page.who;
    this.record = {
      traceId: this.traceId,
      spanId: this.spanId,
      parentSpanId: parent?.spanId,
      name: textOf(name, 200),
      kind,
      start,
      end: start,
      attributes: {},
      events: this.events,
      status: { code: 0 },
      scope: { name: "sightline.browser" },
    };
  }

  /** Sets attributes. */
  set(attributes: Record<string, unknown>): void {
    addAttributes(this.record.attributes, attributes, LONGEST);
  }

  /** What came out; noted with `captureContent` alone. */
  output(value: unknown): void {
    if (this.page.content) this.set({ [names.OUTPUT_VALUE]: textOf(value, LONGEST) });
  }

  /** Something that happened at this moment. */
  event(name: string, attributes?: Record<string, unknown>): void {
    if (this.events.length >= 100) return;
    this.events.push({
      name: textOf(name, 200),
      timeUnixNano: nowNs(),
      attributes: addAttributes({}, attributes, LONGEST),
    });
  }

  /** An error. */
  error(error: unknown): void {
    const [name, message] = wordsOf(error);
    this.set({ [names.ERROR_TYPE]: name });
    this.record.status = { code: 2, message };
  }

  /** Runs `fn` with this span as the active one, for work that begins after an await. */
  run<T>(fn: () => T): T {
    const before = this.page.active;
    this.page.active = this;
    try {
      return fn();
    } finally {
      this.page.active = before;
    }
  }

  /** The header that carries the trace on. */
  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-0${Number(this.sampled)}`;
  }

  /** Ends it, at a time in ms of the page's clock when it was not now. */
  end(at?: number): void {
    if (this.ended) return;
    this.ended = true;
    this.page.open = this.page.open.filter((other) => other !== this);
    if (!this.sampled) return;
    const { record, page } = this;
    record.end = nowNs(at);
    record.attributes = { ...this.who, ...record.attributes };
    if (page.ratio < 1) {
      record.attributes[names.WEIGHT] = 1 / page.ratio;
      record.attributes[names.SAMPLING_REASON] = "ratio";
    }
    page.sender.add({ span: record });
  }
}

/** The span that new ones belong to. */
export function activeSpan(page: Page): PageSpan | undefined {
  if (page.active) return page.active;
  const last = page.open[page.open.length - 1];
  return page.open.every((span) => span.traceId === last?.traceId) ? last : undefined;
}

/** Options of `trace()`. */
export interface TraceOptions {
  name: string;
  attributes?: Record<string, unknown>;
  input?: unknown;
  context?: Who;
}

/** Runs `fn` in a span that ends with it, or when its promise is settled. */
export function traceIn<T>(page: Page, what: string | TraceOptions, fn: (span: PageSpan) => T): T {
  const options = typeof what === "string" ? { name: what } : what;
  const parent = activeSpan(page);
  const span = new PageSpan(page, options.name, parent);
  if (options.context) Object.assign(span, { who: withWho(span.who, options.context) });
  span.set(options.attributes ?? {});
  if (page.content && options.input !== undefined)
    span.set({ [names.INPUT_VALUE]: textOf(options.input, LONGEST) });
  page.open.push(span);
  const failed = (error: unknown): never => {
    span.error(error);
    span.end();
    throw error;
  };
  const done = <V>(value: V): V => {
    if (value !== undefined) span.output(value);
    span.end();
    return value;
  };
  try {
    const value: unknown = span.run(() => fn(span));
    const later = value as PromiseLike<unknown> | undefined | null;
    return (typeof later?.then === "function" ? later.then(done, failed) : done(value)) as T;
  } catch (error) {
    return failed(error);
  }
}
