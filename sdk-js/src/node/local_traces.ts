// Ended spans, held until their local trace ends and can be decided about. Bounded: the oldest goes first.
import { type ReadableSpan } from "@opentelemetry/sdk-trace";
import { isLocalRoot } from "./span_record.js";
import { type Decision, decide, type Sampling } from "./sampling.js";

interface LocalTrace {
  open: number;
  held: ReadableSpan[];
  marked: boolean;
  decision?: Decision;
}

type Emit = (span: ReadableSpan, decision: Decision) => void;
const MOST_TRACES = 5_000;
const MOST_HELD = 10_000;

/** Traces of this process by their id. */
export class LocalTraces {
  private readonly traces = new Map<string, LocalTrace>();
  private held = 0;

  constructor(
    private readonly rules: Required<Sampling>,
    private readonly emit: Emit,
  ) {}

  /** A span has begun. */
  started(traceId: string): void {
    let trace = this.traces.get(traceId);
    if (!trace) {
      if (this.traces.size >= MOST_TRACES) this.settleOldest();
      this.traces.set(traceId, (trace = { open: 0, held: [], marked: false }));
    }
    trace.open++;
  }

  /** A span has ended; with the last one, or with the local root, the trace is decided. */
  ended(span: ReadableSpan): void {
    const { traceId } = span.spanContext();
    const trace = this.traces.get(traceId);
    if (!trace) {
      this.emit(span, decide([span], this.rules, false));
      return;
    }
    trace.open--;
    if (trace.decision) {
      this.emit(span, trace.decision);
    } else {
      trace.held.push(span);
      this.held++;
      if (isLocalRoot(span) || trace.open <= 0) this.settle(trace);
      else if (this.held > MOST_HELD) this.settleOldest();
    }
    if (trace.open <= 0) this.traces.delete(traceId);
  }

  /** Keeps a trace that has not been decided yet; whether it was in time. */
  keep(traceId: string): boolean {
    const trace = this.traces.get(traceId);
    if (trace) trace.marked = true;
    return trace !== undefined && !trace.decision;
  }

  /** Decides about everything that is held. */
  settleAll(): void {
    for (const trace of this.traces.values()) this.settle(trace);
  }

  private settleOldest(): void {
    for (const [traceId, trace] of this.traces) {
      if (trace.decision && trace.open > 0 && this.traces.size < MOST_TRACES) continue;
      this.settle(trace);
      if (this.traces.size >= MOST_TRACES) this.traces.delete(traceId);
      return;
    }
  }

  private settle(trace: LocalTrace): void {
    if (trace.held.length === 0) return;
    trace.decision ??= decide(trace.held, this.rules, trace.marked);
    const { held, decision } = trace;
    trace.held = [];
    this.held -= held.length;
    for (const span of held) this.emit(span, decision);
  }
}
