// When the chunks of a stream came: the first, the gaps between them, the stalls.
import type { Span } from "@opentelemetry/api";
import * as names from "../names.js";

const STALL_MS = 1_000;
const MOST_GAPS = 10_000;

/** Started with the call; told of each chunk. */
export class ChunkClock {
  private readonly began = performance.now();
  private first: number | undefined;
  private last = 0;
  private chunks = 0;
  private stalls = 0;
  private readonly gaps: number[] = [];

  tick(): void {
    const now = performance.now();
    this.chunks++;
    if (this.first === undefined) {
      this.first = now;
    } else {
      const gap = now - this.last;
      if (gap > STALL_MS) this.stalls++;
      if (this.gaps.length < MOST_GAPS) this.gaps.push(gap);
    }
    this.last = now;
  }

  /** Sets what was measured, in seconds; `model` for the stream of a model. */
  note(span: Span, model: boolean): void {
    if (model) span.setAttribute(names.STREAM, true);
    if (this.first === undefined) return;
    span.setAttribute(names.TIME_TO_FIRST_CHUNK, (this.first - this.began) / 1000);
    span.setAttribute(names.CHUNKS, this.chunks);
    const sorted = this.gaps.sort((a, b) => a - b);
    const longest = sorted.at(-1);
    if (longest === undefined) return;
    span.setAttribute(names.CHUNK_GAP_MAX, longest / 1000);
    span.setAttribute(names.CHUNK_GAP_P95, (sorted[Math.ceil(sorted.length * 0.95) - 1] ?? longest) / 1000);
    span.setAttribute(names.STALLS, this.stalls);
  }
}
