// There is no disk: nothing can be written to a file.
import { warnOnce } from "../core/warnings.js";
import type { Encoded, Final } from "../node/sending.js";

/** Refuses what should be written; it is dropped and counted. */
export class FileOut {
  constructor(private readonly path: string) {}

  write(_: Encoded): Final {
    warnOnce("file", `${this.path} cannot be written: this runtime has no disk; give init() an endpoint`);
    return { kind: "refused", reason: "disk" };
  }
}
