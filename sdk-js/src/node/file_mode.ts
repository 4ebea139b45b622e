// No server at all: OTLP as JSON lines in a file that is set aside when it grows large; `sightline report`
// reads it, `sightline import` brings it to a server later.
import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { reasonOf, warnOnce } from "../core/warnings.js";
import type { Encoded, Final } from "./sending.js";

/** Appends requests; the file that is full becomes `FILE.1`, that one `FILE.2`, up to `keep`. */
export class FileOut {
  private made = false;

  constructor(
    private readonly path: string,
    private readonly most: number,
    private readonly keep: number,
  ) {}

  /** Writes a request, which is not compressed, as one line; never throws. */
  write(what: Encoded): Final {
    try {
      if (!this.made) mkdirSync(dirname(this.path), { recursive: true });
      this.made = true;
      const size = sizeOf(this.path);
      if (size > 0 && size + what.body.byteLength + 1 > this.most) this.rotate();
      appendFileSync(this.path, Buffer.concat([what.body, NEWLINE]), { mode: 0o600 });
      return { kind: "stored", rejected: 0 };
    } catch (error) {
      this.made = false;
      warnOnce(
        "file",
        `${this.path} cannot be written (${reasonOf(error)}); what cannot be is dropped and counted. ` +
          "Free some space, or name another file with SIGHTLINE_FILE",
      );
      return { kind: "refused", reason: "disk" };
    }
  }

  private rotate(): void {
    const name = (n: number): string => (n ? `${this.path}.${n}` : this.path);
    rmSync(name(this.keep), { force: true });
    for (let n = this.keep - 1; n >= 0; n--) {
      if (sizeOf(name(n)) >= 0) renameSync(name(n), name(n + 1));
    }
  }
}

const NEWLINE = Buffer.from("\n");

/** In bytes; -1 where there is none. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}
