// `trace()` runs a piece of work in a span, `traced()` makes a function that always does.
import * as names from "../names.js";
import { textOf } from "../core/values.js";
import { ChunkClock } from "./chunk_clock.js";
import { type ActiveSpan, begin, face, inSpan, limit, quietly, setValue, type SpanOptions } from "./spans.js";

/**
 * Runs `fn` in a span and gives its result back. The span ends when the promise is settled, or the generator,
 * stream or streamed response that `fn` returned was read.
 *
 *     const answer = await trace("answer", async () => generate(question));
 */
export function trace<T>(what: string | SpanOptions, fn: (span: ActiveSpan) => T): T {
  return run(typeof what === "string" ? { name: what } : what, fn);
}

/**
 * A function that runs in a span of its own at each call, with its arguments and result noted.
 *
 *     const answer = traced("answer", async (question: string) => generate(question));
 */
export function traced<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R;
export function traced<A extends unknown[], R>(
  what: string | SpanOptions,
  fn: (...args: A) => R,
): (...args: A) => R;
export function traced<A extends unknown[], R>(
  what: string | SpanOptions | ((...args: A) => R),
  given?: (...args: A) => R,
): (...args: A) => R {
  const fn = typeof what === "function" ? what : given;
  if (typeof fn !== "function") throw new TypeError(`traced() needs a function, got ${typeof fn}`);
  const options: SpanOptions =
    typeof what === "string"
      ? { name: what }
      : typeof what === "function"
        ? { name: fn.name || "anonymous" }
        : what;
  const wrapped = function (this: unknown, ...args: A): R {
    const input =
      options.capture === false ? undefined : args.length === 1 ? args[0] : args.length ? args : undefined;
    return run({ ...options, input: options.input ?? input }, () => fn.apply(this, args));
  };
  Object.defineProperty(wrapped, "name", { value: fn.name, configurable: true });
  return wrapped;
}

const MOST_CHUNKS = 1_000;

function run<T>(options: SpanOptions, fn: (span: ActiveSpan) => T): T {
  const [span, parent] = begin(options);
  const clock = new ChunkClock();
  const chunks: unknown[] = [];
  let chars = 0;
  let said = false;
  const active = face(span);
  const output = active.output;
  active.output = (value) => {
    said = true;
    output(value);
  };
  return inSpan(span, parent, () => fn(active), {
    chunk: (chunk) => {
      clock.tick();
      if (options.capture === false || said || chunks.length >= MOST_CHUNKS || chars > limit()) return;
      const text = decoded(chunk);
      chars += typeof text === "string" ? text.length : textOf(text, limit()).length;
      chunks.push(text);
    },
    result: (value, streamed) => {
      if (streamed) clock.note(span, false);
      if (options.capture === false || said) return;
      const whole = streamed ? joined(chunks) : value;
      quietly("noting a result", () => {
        setValue(span, names.OUTPUT_VALUE, names.OUTPUT_MIME_TYPE, whole);
      });
    },
  });
}

function decoded(chunk: unknown): unknown {
  return chunk instanceof Uint8Array ? new TextDecoder().decode(chunk) : chunk;
}

function joined(chunks: unknown[]): unknown {
  if (chunks.length === 0) return undefined;
  return chunks.every((chunk) => typeof chunk === "string") ? chunks.join("") : chunks;
}
