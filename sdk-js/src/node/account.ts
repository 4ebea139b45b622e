// What became of everything, for whoever asks in the process itself.
import { type Counts, noCounts } from "./counts.js";
import { current } from "./state.js";

/** Spans and log records: ended, sampled out, dropped by reason, acknowledged by the server. */
export function counts(): Counts {
  return structuredClone(current()?.counts() ?? noCounts());
}
