// There is no disk: what waits is in memory.
import { warnOnce } from "../core/warnings.js";
import type { Encoded } from "../node/sending.js";
import { MemoryWaiting, type Waiting } from "../node/waiting.js";

export const Spool = {
  /** A queue in memory, whatever folder was named. */
  open(root: string, most: number, lost: (what: Encoded) => void): Waiting {
    warnOnce("spool", `spoolDir ${root} cannot be used, memory is: this runtime has no disk`);
    return new MemoryWaiting(most, lost);
  },
};
