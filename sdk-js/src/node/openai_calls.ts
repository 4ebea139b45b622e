// What instrumentations of OpenAI leave out, on the span that one of them has made for the call: time to the
// first chunk, gaps and usage of streams, and calls that fail: OpenInference never ends their span, and a
// stream that breaks off ends the program by a promise that it does not catch. All else stays theirs.
import { context as active, type Span, trace as otel } from "@opentelemetry/api";
import { Answer } from "./answers.js";
import { noteUsage } from "./calls.js";
import { ChunkClock } from "./chunk_clock.js";
import { OUTPUT_MESSAGES } from "../names.js";
import { textOf } from "../core/values.js";
import { capturing, limit, quietly, setAll, setError } from "./spans.js";
import { watched } from "./streams.js";

interface Promising {
  _thenUnwrap?: (change: (value: unknown) => unknown) => unknown;
  responsePromise?: Promise<unknown>;
}
type Create = ((this: unknown, body: { stream?: unknown } | undefined, ...rest: unknown[]) => Promising) & {
  [DONE]?: boolean;
};
type Scoped = Span & { instrumentationScope?: { name?: string } };
interface Branch {
  iterator?: () => { next: () => Promise<IteratorResult<unknown>> };
}
interface Teeing {
  tee?: () => [Branch, Branch];
}
type Resource = { prototype?: { create?: Create } } | undefined;
const DONE = Symbol.for("sightline.sdk.calls");

/** Watches the calls of an `OpenAI` class, below the instrumentation, whose span is the active one then. */
export function watchCalls(OpenAI: unknown): void {
  const found = OpenAI as Record<string, Resource> & { Chat?: { Completions?: Resource } };
  for (const one of [found.Chat?.Completions, found.Responses, found.Completions, found.Embeddings]) {
    if (one?.prototype) patch(one.prototype);
  }
}

function patch(prototype: { create?: Create }): void {
  const original = prototype.create;
  if (typeof original !== "function" || original[DONE]) return;
  const create: Create = function (body, ...rest) {
    const clock = new ChunkClock();
    const before = otel.getSpan(active.active());
    const answer = original.call(this, body, ...rest);
    const span = before?.isRecording() ? before : undefined;
    if (!span || !isOfInstrumentation(span)) return answer;
    // The promise of the HTTP answer: whoever wants the bare answer can still have it.
    answer.responsePromise?.then(undefined, (error: unknown) => {
      setImmediate(() => {
        endFailed(span, error);
      });
    });
    if (!body?.stream || typeof answer._thenUnwrap !== "function") return answer;
    return answer._thenUnwrap((stream) => timed(stream, span, clock)) as Promising;
  };
  create[DONE] = true;
  prototype.create = create;
}

/** The span of the call itself, not one of the program's that happens to be active. */
function isOfInstrumentation(span: Span): boolean {
  const { instrumentationScope, span: wrapped } = span as Scoped & { span?: Scoped };
  return (
    (instrumentationScope ?? wrapped?.instrumentationScope)?.name?.includes("instrumentation-openai") ?? false
  );
}

function endFailed(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  setError(span, error);
  span.end();
}

function timed(stream: unknown, span: Span, clock: ChunkClock): unknown {
  const answer = new Answer(limit());
  const note = (): void => {
    quietly("timing a stream", () => {
      if (!span.isRecording()) return;
      clock.note(span, true);
      noteUsage(span, answer.usage);
    });
  };
  const failed = (error: unknown): void => {
    note();
    quietly("a stream that failed", () => {
      // What it said so far would be set by the instrumentation at the end, which does not come.
      const messages = capturing() ? answer.messages() : undefined;
      if (messages) setAll(span, { [OUTPUT_MESSAGES]: textOf(messages, limit()) });
      endFailed(span, error);
    });
  };
  const chunk = (value: unknown): void => {
    clock.tick();
    quietly("reading a chunk", () => {
      answer.read(value);
    });
  };
  quietly("a stream", () => {
    shield(stream as Teeing);
  });
  return watched(stream, { chunk, done: note, failed, left: note }, active.active()) ?? stream;
}

/** The second branch is the instrumentation's: an error ends it, and is thrown in the program's alone. */
function shield(stream: Teeing): void {
  const { tee } = stream;
  if (typeof tee !== "function") return;
  stream.tee = () => {
    const [ours, theirs] = tee.call(stream);
    const { iterator } = theirs;
    if (typeof iterator === "function") {
      theirs.iterator = () => {
        const found = iterator.call(theirs);
        const over = (): IteratorResult<unknown> => ({ done: true, value: undefined });
        return { next: () => found.next().catch(over), [Symbol.asyncIterator]: () => theirs.iterator?.() };
      };
    }
    return [ours, theirs];
  };
}
