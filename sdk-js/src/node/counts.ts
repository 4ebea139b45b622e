// The sender's own account: what was made, and what became of it.
import * as names from "../names.js";
import type { Metric } from "../core/otlp.js";

export type Reason = "queue_full" | "spool_full" | "too_large" | "refused" | "disk" | "shutdown";

/** Of one signal. `dropped` by reason. */
export interface Count {
  ended: number;
  sampledOut: number;
  acknowledged: number;
  dropped: Partial<Record<Reason, number>>;
}

/** Of spans and of log records. */
export interface Counts {
  spans: Count;
  logs: Count;
}

/** Nothing yet. */
export function noCounts(): Counts {
  const none = (): Count => ({ ended: 0, sampledOut: 0, acknowledged: 0, dropped: {} });
  return { spans: none(), logs: none() };
}

/** Counts `amount` as dropped. */
export function drop(count: Count, reason: Reason, amount: number): void {
  if (amount > 0) count.dropped[reason] = (count.dropped[reason] ?? 0) + amount;
}

/** The account as metrics; `waiting` is what waits to be sent, in bytes. */
export function accountMetrics(counts: Counts, waiting: number): Metric[] {
  const points = (count: Count): Metric["points"] => {
    const said = [
      { value: count.ended, attributes: { [names.OUTCOME]: "ended" } },
      { value: count.sampledOut, attributes: { [names.OUTCOME]: "sampled_out" } },
      { value: count.acknowledged, attributes: { [names.OUTCOME]: "acknowledged" } },
    ];
    const lost = Object.entries(count.dropped).map(([reason, value]) => ({
      value,
      attributes: { [names.OUTCOME]: "dropped", [names.REASON]: reason },
    }));
    return [...said, ...lost];
  };
  return [
    { name: names.SDK_SPANS, unit: "{span}", points: points(counts.spans) },
    { name: names.SDK_LOGS, unit: "{record}", points: points(counts.logs) },
    { name: names.SDK_SPOOL_BYTES, unit: "By", points: [{ value: waiting, attributes: {} }], gauge: true },
  ];
}
