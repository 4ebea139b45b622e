// Work in a span that ends when the work does: returned, a promise settled, a stream read or left.
import { type Context, context as active, type Span, trace as otel } from "@opentelemetry/api";
import * as names from "../names.js";
import { quietly, setError } from "./spans.js";
import { watched } from "./streams.js";
import type { Watcher } from "./watcher.js";

/** What is told while some work runs, and when it ends. */
export interface Ear extends Partial<Pick<Watcher, "chunk">> {
  /** What the work gave back, before anything is read of it. */
  response?(value: unknown): void;
  /** The result, or undefined at the end of a stream. */
  result?(value: unknown, streamed: boolean): void;
  /** What the work threw; true when that was an answer and no error. */
  thrown?(error: unknown): boolean;
  /** The span has ended, whichever way. */
  ended?(): void;
}

/** Runs `fn` inside a new span and ends the span when the work is done; errors go through as they are. */
export function inSpan<T>(span: Span, parent: Context, fn: () => T, ear: Ear): T {
  const inside = otel.setSpan(parent, span);
  const end = (): void => {
    span.end();
    quietly("after a span", () => ear.ended?.());
  };
  const failed = (error: unknown): never => {
    let answer = false;
    quietly("what was thrown", () => {
      answer = ear.thrown?.(error) ?? false;
    });
    if (!answer) setError(span, error);
    end();
    throw error;
  };
  const finished = (value: unknown, streamed: boolean): void => {
    quietly("the end of a span", () => ear.result?.(value, streamed));
    end();
  };
  const settle = (value: unknown): unknown => {
    answered(ear, value);
    const stream = watched(
      value,
      {
        chunk: (chunk) => {
          quietly("reading a chunk", () => ear.chunk?.(chunk));
        },
        done: () => {
          finished(undefined, true);
        },
        failed: (error) => {
          quietly("the end of a stream", () => ear.result?.(undefined, true));
          setError(span, error);
          end();
        },
        left: (how) => {
          span.setAttribute(names.LEFT_EARLY, how);
          finished(undefined, true);
        },
      },
      inside,
    );
    if (stream !== undefined) return stream;
    finished(value, false);
    return value;
  };
  let value: T;
  try {
    value = active.with(inside, fn);
  } catch (error) {
    return failed(error);
  }
  if (isThenable(value)) return value.then(settle, failed) as T;
  return settle(value) as T;
}

/** Apart from the watching of streams, which must not hold them: a stream nobody holds ends its span. */
function answered(ear: Ear, value: unknown): void {
  quietly("an answer", () => ear.response?.(value));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
  } catch {
    return false;
  }
}
