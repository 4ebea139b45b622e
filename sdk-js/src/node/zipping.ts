// Compression of requests, by Node: on another thread where it can be waited for.
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";

const threaded = promisify(gzip);

/** Compressed; undefined where the platform cannot, and the text goes as it is. */
export async function zip(text: string): Promise<Uint8Array | undefined> {
  return threaded(text, { level: 1 });
}

/** The same at once, at the end of a process. */
export function zipNow(text: string): Uint8Array | undefined {
  return gzipSync(text, { level: 1 });
}
