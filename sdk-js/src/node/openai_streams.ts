// Time to the first chunk, gaps and usage of OpenAI's streams, on the span that an instrumentation has made
// for the call. None of them has these; everything else about the call stays theirs.
import { context as active, type Span, trace as otel } from "@opentelemetry/api";
import { Answer } from "./answers.js";
import { noteUsage } from "./calls.js";
import { ChunkClock } from "./chunk_clock.js";
import { quietly } from "./spans.js";
import { watched } from "./streams.js";

interface Promising {
  _thenUnwrap?: (change: (value: unknown) => unknown) => unknown;
}
type Create = (this: unknown, body: { stream?: unknown } | undefined, ...rest: unknown[]) => Promising;
const DONE = Symbol.for("sightline.sdk.streams");

/** Watches the streams of an `OpenAI` class, below the instrumentation, whose span is the active one then. */
export function watchStreams(OpenAI: unknown): void {
  const found = OpenAI as Record<
    string,
    { Completions?: { prototype: object }; prototype?: object } | undefined
  >;
  for (const prototype of [found.Chat?.Completions?.prototype, found.Responses?.prototype]) {
    if (prototype) patch(prototype as { create?: Create & { [DONE]?: boolean } });
  }
}

function patch(prototype: { create?: Create & { [DONE]?: boolean } }): void {
  const original = prototype.create;
  if (typeof original !== "function" || original[DONE]) return;
  const create: Create & { [DONE]?: boolean } = function (body, ...rest) {
    const clock = new ChunkClock();
    const answer = original.call(this, body, ...rest);
    const span = otel.getActiveSpan();
    if (!body?.stream || !span?.isRecording() || typeof answer._thenUnwrap !== "function") return answer;
    return answer._thenUnwrap((stream) => timed(stream, span, clock)) as Promising;
  };
  create[DONE] = true;
  prototype.create = create;
}

function timed(stream: unknown, span: Span, clock: ChunkClock): unknown {
  const answer = new Answer(0);
  const note = (): void => {
    quietly("timing a stream", () => {
      if (!span.isRecording()) return;
      clock.note(span, true);
      noteUsage(span, answer.usage);
    });
  };
  const watcher = {
    chunk: (chunk: unknown) => {
      clock.tick();
      quietly("reading a chunk", () => {
        answer.read(chunk);
      });
    },
    done: note,
    failed: note,
    left: note,
  };
  return watched(stream, watcher, active.active()) ?? stream;
}
