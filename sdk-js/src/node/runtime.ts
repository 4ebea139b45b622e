// What runs in a process after `init()`: the processor of spans, the outbox, the way to the end.
import { type Context } from "@opentelemetry/api";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { LogEvent } from "../core/otlp.js";
import { reasonOf, warnOnce } from "../core/warnings.js";
import type { Config } from "./configuration.js";
import { contextAttributes } from "./context.js";
import type { Counts } from "./counts.js";
import { LocalTraces } from "./local_traces.js";
import type { Outbox } from "./outbox.js";
import { EVERYTHING } from "./sampling.js";

/** One for each process (and each worker thread). */
export class Runtime implements SpanProcessor {
  private readonly traces: LocalTraces | undefined;

  constructor(
    readonly config: Config,
    readonly senderId: string,
    readonly outbox: Outbox,
  ) {
    const { ratio } = config.sampling;
    if (ratio < 1) {
      this.traces = new LocalTraces(config.sampling, (span, decision) => {
        outbox.addSpan(span, decision);
      });
    }
  }

  /** OpenTelemetry calls it as a span begins. */
  onStart(span: Span, parent: Context): void {
    try {
      const attributes = contextAttributes(parent, this.config.propagate);
      if (attributes) span.setAttributes(attributes);
      this.traces?.started(span.spanContext().traceId);
    } catch (error) {
      warnOnce("start", `a span could not be begun as it should be: ${reasonOf(error)}`);
    }
  }

  /** OpenTelemetry calls it when a span has ended. */
  onEnd(span: ReadableSpan): void {
    try {
      if (!(span.spanContext().traceFlags & 1)) return;
      if (this.traces) this.traces.ended(span);
      else this.outbox.addSpan(span, EVERYTHING);
    } catch (error) {
      warnOnce("end", `a span is lost: ${reasonOf(error)}`);
    }
  }

  /** Takes a log record; never throws. */
  emit(event: LogEvent): void {
    try {
      this.outbox.addLog(event);
    } catch (error) {
      warnOnce("emit", `a score is lost: ${reasonOf(error)}`);
    }
  }

  /** Keeps a trace that sampling has not decided about yet. */
  keep(traceId: string): void {
    this.traces?.keep(traceId);
  }

  counts(): Counts {
    return this.outbox.counts;
  }

  /** Sends what has ended; true when the server has taken all of it. */
  async flush(timeoutMs = 10_000, attempts = Infinity): Promise<boolean> {
    try {
      return await this.outbox.flush(timeoutMs, attempts);
    } catch (error) {
      warnOnce("flush", `flush failed: ${reasonOf(error)}`);
      return false;
    }
  }

  /** OpenTelemetry's flush. */
  async forceFlush(): Promise<void> {
    await this.flush();
  }

  /** Ends it, with a bound. */
  async shutdown(timeoutMs = 10_000): Promise<void> {
    this.traces?.settleAll();
    await this.outbox.shutdown(timeoutMs);
  }

  /** At the exit of the process, when nothing can be waited for. */
  leave(): void {
    try {
      this.traces?.settleAll();
      this.outbox.leave();
    } catch (error) {
      warnOnce("leave", `the rest could not be kept: ${reasonOf(error)}`);
    }
  }
}
