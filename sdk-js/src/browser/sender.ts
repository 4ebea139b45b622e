// The way out of a page: bounded queues, batches, patience, and a last beacon as the page goes.
import { type Clean, type LogEvent, logsRequest, type SpanRecord, tracesRequest } from "../core/otlp.js";
import type { Attributes } from "../core/values.js";
import { warnOnce } from "../core/warnings.js";

const PAUSE_MS = 2_000;
const BATCH = 50;
// Browsers let 64 kB outlive a page, of all requests together; characters may be of 3 bytes.
const LAST_BYTES = 30_000;
const KEPT_BYTES = 60_000;

/** What became of spans and log records together. */
export interface Counts {
  ended: number;
  sent: number;
  dropped: number;
}

type Item = { span: SpanRecord } | { log: LogEvent };

/** Sends what it is given, later and in batches; never throws. */
export class Sender {
  readonly counts: Counts = { ended: 0, sent: 0, dropped: 0 };
  private queue: Item[] = [];
  /** On their way by a request that outlives the page; a beacon would make them two. */
  private flying: Item[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private working: Promise<boolean> | undefined;
  private notBefore = 0;
  private failures = 0;

  constructor(
    private readonly endpoint: string,
    private readonly key: string | undefined,
    private readonly resource: Attributes,
    private readonly clean: Clean,
    private readonly most: number,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  add(item: Item): void {
    this.counts.ended++;
    this.queue.push(item);
    while (this.queue.length > this.most) {
      this.queue.shift();
      this.counts.dropped++;
    }
    this.wake();
  }

  /** Sends all; whether the server took it. */
  async flush(): Promise<boolean> {
    if (this.working) await this.working;
    while (this.queue.length) if (!(await this.work())) return false;
    return true;
  }

  /** As the page goes: what waits is handed to the browser. */
  leave(): void {
    for (;;) {
      const [items, path, body] = this.next(LAST_BYTES);
      if (!items.length) return;
      // With a public key in the address plain text will do, which spares the browser its question (CORS).
      const address = `${this.endpoint}${path}${this.key ? `?key=${encodeURIComponent(this.key)}` : ""}`;
      const sent = this.key ? body : new Blob([body], { type: "application/json" });
      if (!navigator.sendBeacon?.(address, sent)) return;
      this.counts.sent += this.taken(items);
    }
  }

  private wake(): void {
    if (this.timer || this.working) return;
    const pause = Math.max(this.notBefore - Date.now(), this.queue.length >= BATCH ? 0 : PAUSE_MS);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.work();
    }, pause);
  }

  private work(): Promise<boolean> {
    this.working ??= this.send().then((sent) => {
      this.working = undefined;
      if (this.queue.length) this.wake();
      return sent;
    });
    return this.working;
  }

  private async send(): Promise<boolean> {
    if (!this.queue.length) return true;
    const [items, path, body] = this.next(LAST_BYTES);
    const keepalive = new Blob([body]).size < KEPT_BYTES;
    if (keepalive) this.flying = items;
    let status = 0;
    let wait = 0;
    try {
      const answer = await this.fetch.call(globalThis, this.endpoint + path, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...(this.key && { "x-api-key": this.key }) },
        keepalive,
        credentials: "omit",
        referrerPolicy: "origin",
      });
      status = answer.status;
      wait = Number(answer.headers.get("retry-after")) * 1000;
    } catch {
      warnOnce("unreachable", `cannot reach ${this.endpoint}; is this page's origin allowed there (CORS)?`);
    }
    this.flying = [];
    if (status === 0 || status === 429 || status >= 500) {
      this.notBefore =
        Date.now() + (wait > 0 ? Math.min(wait, 3e5) : Math.min(1e3 * 2 ** this.failures++, 6e4));
      return false;
    }
    this.failures = 0;
    const done = this.taken(items);
    if (status < 300) {
      this.counts.sent += done;
    } else {
      this.counts.dropped += done;
      warnOnce(`status ${status}`, `${this.endpoint} answered ${status}; check the key and its origins`);
    }
    return true;
  }

  /** The oldest items of one kind, as many as fit, and their request. */
  private next(most: number): [items: Item[], path: string, body: string] {
    const free = this.queue.filter((item) => !this.flying.includes(item));
    const kind = free[0] && "span" in free[0];
    const alike = free.filter((item) => "span" in item === kind);
    for (let size = BATCH; ; size = Math.ceil(size / 2)) {
      const items = alike.slice(0, size);
      const [path, body] = this.request(items);
      if (body.length <= most || size === 1) return [items, path, body];
    }
  }

  /** Takes what is done out of the queue; how many of it were still there. */
  private taken(items: Item[]): number {
    const before = this.queue.length;
    this.queue = this.queue.filter((item) => !items.includes(item));
    return before - this.queue.length;
  }

  private request(items: Item[]): [string, string] {
    const spans = items.flatMap((item) => ("span" in item ? item.span : []));
    const logs = items.flatMap((item) => ("log" in item ? item.log : []));
    return spans.length
      ? ["/v1/traces", JSON.stringify(tracesRequest(this.resource, spans, this.clean))]
      : ["/v1/logs", JSON.stringify(logsRequest(this.resource, logs, this.clean))];
  }
}
