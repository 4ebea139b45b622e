// Encoded requests that wait to be sent, oldest first: in memory, or in files of a folder. Bounded in bytes.
import type { Encoded } from "./sending.js";

/** A queue of encoded requests. What does not fit any more is handed to `lost`, oldest first. */
export interface Waiting {
  readonly bytes: number;
  readonly size: number;
  add(what: Encoded): void;
  /** The oldest, which stays until it is removed. */
  first(): Encoded | undefined;
  remove(what: Encoded): void;
  close(): void;
}

/** Keeps requests in memory. */
export class MemoryWaiting implements Waiting {
  bytes = 0;
  private readonly requests: Encoded[] = [];

  constructor(
    private readonly most: number,
    private readonly lost: (what: Encoded) => void,
  ) {}

  get size(): number {
    return this.requests.length;
  }

  add(what: Encoded): void {
    this.requests.push(what);
    this.bytes += what.body.byteLength;
    while (this.bytes > this.most) {
      const oldest = this.requests[0];
      if (!oldest) break;
      this.remove(oldest);
      this.lost(oldest);
    }
  }

  first(): Encoded | undefined {
    return this.requests[0];
  }

  remove(what: Encoded): void {
    const at = this.requests.indexOf(what);
    if (at < 0) return;
    this.requests.splice(at, 1);
    this.bytes -= what.body.byteLength;
  }

  close(): void {
    // Nothing is open.
  }
}
