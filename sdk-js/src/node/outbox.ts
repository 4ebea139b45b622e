// From ended spans to the server: a bounded queue, numbers, redaction, encoding, sending, the account.
import { type ReadableSpan } from "@opentelemetry/sdk-trace";
import { type LogEvent, metricsRequest } from "../core/otlp.js";
import type { Attributes } from "../core/values.js";
import { reasonOf, warnOnce } from "../core/warnings.js";
import { type Batch, Batches, packed } from "./batches.js";
import type { Config } from "./configuration.js";
import { accountMetrics, type Count, type Counts, drop, noCounts, type Reason } from "./counts.js";
import { FileOut } from "./file_mode.js";
import type { Decision } from "./sampling.js";
import { type Encoded, type Final, type Outcome, send } from "./sending.js";
import { pause, unheld, within } from "./patience.js";
import { nowNs } from "./span_record.js";
import type { Waiting } from "./waiting.js";
import { zip, zipNow } from "./zipping.js";

const PAUSE_MS = 1_000;
const ACCOUNT_MS = 15_000;
const SIDE_BY_SIDE = 4;
const LONGEST_DELAY_MS = 30_000;

/** The way out of the process. Nothing in it throws or blocks. */
export class Outbox {
  readonly counts: Counts = noCounts();
  private readonly batches: Batches;
  private readonly began = nowNs();
  private readonly waiting: Waiting;
  private readonly file: FileOut | undefined;
  private timer: NodeJS.Timeout | undefined;
  private urgent = false;
  private readonly accounting: NodeJS.Timeout;
  private said = "";
  private working: Promise<void> | undefined;
  private failures = 0;
  private notBefore = 0;
  private closed = false;
  private packing: Batch[] = []; // being compressed: in the queue no more, and not waiting yet

  constructor(
    private readonly config: Config,
    private readonly resource: Attributes,
    waiting: (lost: (what: Encoded) => void) => Waiting,
  ) {
    this.batches = new Batches(config, resource);
    const { file, fileMaxBytes, fileKeep } = config;
    this.file = file === undefined ? undefined : new FileOut(file, fileMaxBytes, fileKeep);
    this.waiting = waiting((what) => {
      this.lost(what, "spool_full");
    });
    this.accounting = setInterval(() => void this.account(), ACCOUNT_MS);
    unheld(this.accounting);
    if (this.waiting.size) this.wake(PAUSE_MS);
  }

  /** Takes an ended span with its decision. */
  addSpan(span: ReadableSpan, decision: Decision): void {
    const { spans } = this.counts;
    spans.ended++;
    if (decision.weight === 0) {
      spans.sampledOut++;
      return;
    }
    if (this.closed || !this.batches.addSpan(span, decision)) {
      drop(spans, this.closed ? "shutdown" : "queue_full", 1);
      return;
    }
    this.wake(this.batches.full ? 0 : PAUSE_MS);
  }

  /** Takes a log record. */
  addLog(event: LogEvent): void {
    const { logs } = this.counts;
    logs.ended++;
    if (this.closed || !this.batches.addLog(event)) {
      drop(logs, this.closed ? "shutdown" : "queue_full", 1);
      return;
    }
    this.wake(PAUSE_MS);
  }

  /** Whether something is left to be sent. */
  get pending(): boolean {
    return this.batches.size + this.waiting.size + this.packing.length > 0;
  }

  /** Sends everything now; true when all of it was taken within `timeoutMs` and `attempts` that failed. */
  async flush(timeoutMs: number, attempts = Infinity): Promise<boolean> {
    const end = Date.now() + timeoutMs;
    this.notBefore = 0;
    this.failures = 0;
    while (this.pending && Date.now() < end && this.failures < attempts) {
      const left = end - Date.now();
      await within(this.work(), left);
      const delay = this.notBefore - Date.now();
      if (delay > 0 && this.pending) await pause(Math.min(delay, Math.max(end - Date.now(), 0)));
    }
    // What ends while the account is sent is not part of the question.
    const sent = !this.pending;
    if (sent) await within(this.account(), Math.max(end - Date.now(), 50));
    return sent;
  }

  /** Ends it: what cannot be sent within `timeoutMs` is kept in the folder, or counted as lost. */
  async shutdown(timeoutMs: number): Promise<void> {
    this.closed = true;
    await this.flush(timeoutMs);
    this.leave();
  }

  /** At the very end, when nothing can be waited for. */
  leave(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.accounting);
    if (this.file) this.leaveInFile(this.file);
    for (const taken of this.rest()) {
      if (this.config.spoolDir) this.waiting.add(packed(taken, zipNow(taken.text)));
      else drop(this.counts[taken.signal === "logs" ? "logs" : "spans"], "shutdown", taken.records);
    }
    this.waiting.close();
  }

  /** The rest and the account at once: a file need not be waited for. */
  private leaveInFile(file: FileOut): void {
    for (let what = this.waiting.first(); what; what = this.waiting.first()) {
      this.waiting.remove(what);
      this.settle(what, file.write(what));
    }
    for (const taken of this.rest()) {
      const what = packed(taken);
      this.settle(what, file.write(what));
    }
    const last = this.report();
    if (last) file.write(last.what);
    this.said = last?.said ?? this.said;
  }

  /** What is not a request yet. */
  private rest(): Batch[] {
    const rest = this.packing.splice(0);
    for (let taken = this.batches.take(); taken; taken = this.batches.take()) rest.push(taken);
    return rest;
  }

  private wake(delayMs: number): void {
    const soon = delayMs === 0;
    // One that is due at once is left to come: set anew with each span it never would.
    if (this.timer && (this.urgent || !soon)) return;
    if (this.working && soon) return;
    clearTimeout(this.timer);
    this.urgent = soon;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.urgent = false;
      void this.work().then(() => {
        if (this.pending && !this.closed) this.wake(Math.max(this.notBefore - Date.now(), 1));
      });
    }, delayMs);
    unheld(this.timer);
  }

  private work(): Promise<void> {
    this.working ??= this.round()
      .catch((error: unknown) => {
        warnOnce("worker", `sending failed in a way nobody expected: ${reasonOf(error)}`);
      })
      .finally(() => {
        this.working = undefined;
      });
    return this.working;
  }

  private async round(): Promise<void> {
    for (let some = this.some(); some.length; some = this.some()) {
      this.packing = some;
      const zipped = this.file
        ? []
        : await Promise.all(some.map(({ text }) => zip(text).catch(() => undefined)));
      // None are left where the process was left meanwhile.
      for (const [at, taken] of some.splice(0).entries()) this.waiting.add(packed(taken, zipped[at]));
      // In turn with sending; all of it while nothing can be sent.
      if (this.waiting.size > 4 && Date.now() >= this.notBefore) break;
    }
    while (Date.now() >= this.notBefore) {
      const first = this.waiting.first();
      if (!first || !(await this.deliver(first))) return;
    }
  }

  /** The next few batches: they are compressed side by side, on other threads. */
  private some(): Batch[] {
    return this.batches.takeSome(SIDE_BY_SIDE, (spans) => drop(this.counts.spans, "refused", spans));
  }

  /** Whether the next one may be sent at once. */
  private async deliver(what: Encoded): Promise<boolean> {
    const outcome = this.file?.write(what) ?? (await this.send(what));
    if (outcome.kind === "later") {
      const grown = Math.min(500 * 2 ** this.failures++, LONGEST_DELAY_MS);
      this.notBefore = Date.now() + (outcome.delayMs ?? grown * (0.75 + Math.random() / 2));
      return false;
    }
    this.failures = 0;
    this.waiting.remove(what);
    this.settle(what, outcome);
    return true;
  }

  private send(what: Encoded): Promise<Outcome> {
    return send(this.config.endpoint, { ...this.config.headers }, what);
  }

  /** Notes in the account what became of a request. */
  private settle(what: Encoded, outcome: Final): void {
    const count = this.countOf(what);
    if (outcome.kind === "refused") {
      this.lost(what, outcome.reason);
    } else if (count) {
      const rejected = Math.min(Math.max(outcome.rejected, 0), what.records);
      count.acknowledged += what.records - rejected;
      drop(count, "refused", rejected);
    }
  }

  /** A file gets the account at its end alone: it has no gaps to explain meanwhile. */
  private async account(): Promise<void> {
    const found = this.file ? undefined : this.report();
    if (found && (await this.send(found.what)).kind === "stored") this.said = found.said;
  }

  /** The account as a request; undefined when there is nothing new. */
  private report(): { what: Encoded; said: string } | undefined {
    const metrics = accountMetrics(this.counts, this.waiting.bytes);
    const said = JSON.stringify(metrics);
    if (said === this.said || (this.counts.spans.ended === 0 && this.counts.logs.ended === 0))
      return undefined;
    const text = JSON.stringify(metricsRequest(this.resource, metrics, this.began, nowNs()));
    return { what: packed({ signal: "metrics", text, records: 0 }), said };
  }

  private countOf(what: Encoded): Count | undefined {
    if (what.signal === "metrics" || what.foreign) return undefined;
    return this.counts[what.signal === "logs" ? "logs" : "spans"];
  }

  private lost(what: Encoded, reason: Reason): void {
    const count = this.countOf(what);
    if (count) drop(count, reason, what.records);
  }
}
