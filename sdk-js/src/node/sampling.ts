// Which local traces are sent, decided when they end, and what each one then stands for.
import { type ReadableSpan } from "@opentelemetry/sdk-trace";
import { warnOnce } from "../core/warnings.js";

/** Rules: a share of all traces, and those that are kept in any case. */
export interface Sampling {
  /** The share of traces, 0 to 1 (1). */
  ratio?: number;
  /** Keep every trace with an error (true). */
  keepErrors?: boolean;
  /** Keep every trace that took longer than this, in ms (never). */
  slowMs?: number;
  /** Keep a trace by a rule of your own; it sees the ended spans. */
  keep?: ((spans: readonly ReadableSpan[]) => boolean) | undefined;
}

/** What becomes of a trace: `weight` is how many such traces it stands for, 0 for none. */
export interface Decision {
  weight: number;
  reason?: string;
  /** OpenTelemetry's threshold, in hex without zeros at its end. */
  threshold?: string;
}

export const EVERYTHING: Decision = { weight: 1 };
const NOTHING: Decision = { weight: 0 };
const ALL = 2n ** 56n;

/** Options, settled. */
export function samplingOf(given: number | Sampling | undefined): Required<Sampling> {
  const rules: Sampling = typeof given === "number" ? { ratio: given } : { ...given };
  let { ratio = 1 } = rules;
  if (typeof ratio !== "number" || !(ratio >= 0 && ratio <= 1)) {
    warnOnce("sampling", `init(): sampling ${String(ratio)} is no share between 0 and 1; everything is sent`);
    ratio = 1;
  }
  const slowMs = typeof rules.slowMs === "number" ? rules.slowMs : Infinity;
  return { ratio, keepErrors: rules.keepErrors ?? true, slowMs, keep: rules.keep };
}

/** Decides about the spans of one local trace; `marked` when somebody asked for it to be kept. */
export function decide(spans: readonly ReadableSpan[], rules: Required<Sampling>, marked: boolean): Decision {
  const reason = marked ? "feedback" : ruleFor(spans, rules);
  if (reason) return { weight: 1, reason };
  return byRatio(spans[0]?.spanContext().traceId ?? "", rules.ratio);
}

/** The ratio's decision: by the last 56 bits of the trace id, so that services agree. */
export function byRatio(traceId: string, ratio: number): Decision {
  if (ratio >= 1) return EVERYTHING;
  const threshold = ALL - BigInt(Math.round(ratio * Number(ALL)));
  if (ratio <= 0 || BigInt(`0x${traceId.slice(-14) || "0"}`) < threshold) return NOTHING;
  const hex = threshold.toString(16).padStart(14, "0").replace(/0+$/, "") || "0";
  return { weight: 1 / ratio, reason: "ratio", threshold: hex };
}

function ruleFor(spans: readonly ReadableSpan[], rules: Required<Sampling>): string | undefined {
  if (rules.keepErrors && spans.some((span) => span.status.code === 2)) return "error";
  if (spans.some((span) => span.duration[0] * 1e3 + span.duration[1] / 1e6 > rules.slowMs)) return "slow";
  try {
    if (rules.keep?.(spans)) return "rule";
  } catch {
    warnOnce("keep", "sampling.keep failed; the trace is sent");
    return "rule";
  }
  return undefined;
}
