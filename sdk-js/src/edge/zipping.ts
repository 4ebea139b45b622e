// Compression of requests by streams of the Web.

/** Compressed; undefined where the platform cannot, and the text goes as it is. */
export async function zip(text: string): Promise<Uint8Array | undefined> {
  try {
    // Next.js has one that throws.
    const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Uint8Array(await new Response(packed).arrayBuffer());
  } catch {
    return undefined;
  }
}

/** The same at once, which cannot be had here. */
export function zipNow(): Uint8Array | undefined {
  return undefined;
}
