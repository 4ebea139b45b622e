// Streams and generators, watched on their way to whoever reads them: first chunk, gaps, end, left early.
import { type Context, context as active } from "@opentelemetry/api";
import { ERROR_MONITOR } from "./program.js";
import { forgotten, onlyOnce, type Watcher } from "./watcher.js";
import { watchedReadable, watchedResponse } from "./web_streams.js";

type Step = IteratorResult<unknown>;
type AnyIterator = { next: (...a: unknown[]) => Step | Promise<Step>; return?: unknown; throw?: unknown };

/** The same stream, watched; undefined when `value` is none. Its code runs in `inside`. */
export function watched<T>(value: T, watcher: Watcher, inside: Context): T | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return found(value, onlyOnce(watcher), inside) as T | undefined;
  } catch {
    // An object that does not even say what it is.
    return undefined;
  }
}

function found(object: object, watcher: Watcher, inside: Context): object | undefined {
  if (typeof Response === "function" && object instanceof Response) {
    return object.body ? watchedResponse(object, object.body, watcher) : undefined;
  }
  if (typeof ReadableStream === "function" && object instanceof ReadableStream)
    return watchedReadable(object, watcher);
  if (isNodeStream(object)) return watchedNodeStream(object, watcher);
  if (Symbol.asyncIterator in object || isGenerator(object)) return watchedIterable(object, watcher, inside);
  return undefined;
}

/** A generator or another iterator that gives itself: its `next` may be called by hand. */
function isGenerator(object: object): boolean {
  const iterable = Symbol.iterator in object || Symbol.asyncIterator in object;
  return iterable && "next" in object && typeof object.next === "function";
}

function watchedIterable(object: object, watcher: Watcher, inside: Context): object {
  const wrapIterator = (iterator: AnyIterator): AnyIterator => {
    const step = (call: () => Step | Promise<Step>): Step | Promise<Step> => {
      const seen = (result: Step): Step => {
        if (result.done) watcher.done();
        else watcher.chunk(result.value);
        return result;
      };
      const broke = (error: unknown): never => {
        watcher.failed(error);
        throw error;
      };
      try {
        const result = active.with(inside, call);
        return result instanceof Promise ? result.then(seen, broke) : seen(result as Step);
      } catch (error) {
        return broke(error);
      }
    };
    const made: AnyIterator = new Proxy(iterator, {
      get(target, key) {
        const found: unknown = Reflect.get(target, key);
        if (typeof found !== "function") return found;
        if (key === "next") return (...a: unknown[]) => step(() => target.next(...a));
        if (key === "return" || key === "throw") {
          return (argument: unknown) => {
            if (key === "throw") watcher.failed(argument);
            else watcher.left("closed");
            return active.with(inside, () => (found as (a: unknown) => unknown).call(target, argument));
          };
        }
        if (key === Symbol.asyncIterator || key === Symbol.iterator) {
          return () => {
            const own = (found as () => AnyIterator).call(target);
            return own === target ? made : wrapIterator(own);
          };
        }
        return found.bind(target) as unknown;
      },
    });
    return made;
  };
  if (isGenerator(object)) {
    const generator = wrapIterator(object as AnyIterator);
    forgotten.register(generator, watcher);
    return generator;
  }
  const open = object as Record<PropertyKey, unknown> & AsyncIterable<unknown>;
  forgotten.register(object, watcher);
  if (listens(open, watcher)) return object;
  // Streams of the OpenAI and Anthropic SDKs read themselves through `iterator`, also for `tee()`.
  const key = typeof open.iterator === "function" ? "iterator" : Symbol.asyncIterator;
  const original = open[key] as () => AnyIterator;
  const value = function (this: unknown): AnyIterator {
    return wrapIterator(original.call(open));
  };
  try {
    Object.defineProperty(open, key, { value, configurable: true, writable: true, enumerable: false });
    return open;
  } catch {
    // A frozen object: a new one around it.
    return { [Symbol.asyncIterator]: value };
  }
}

/** The SDKs' streams with events say everything by events, whether somebody iterates or not. */
function listens(stream: Record<PropertyKey, unknown>, watcher: Watcher): boolean {
  const { on } = stream;
  const eventful =
    typeof stream.finalMessage === "function" || typeof stream.finalChatCompletion === "function";
  if (!eventful || typeof on !== "function") return false;
  const hear = (event: string, listener: (value: unknown) => void): unknown =>
    on.call(stream, event, listener) as unknown;
  hear("streamEvent", (event) => {
    watcher.chunk(event);
  });
  hear("chunk", (chunk) => {
    watcher.chunk(chunk);
  });
  hear("error", (error) => {
    watcher.failed(error);
  });
  hear("abort", () => {
    watcher.left("closed");
  });
  hear("end", () => {
    watcher.done();
  });
  return true;
}

interface NodeStream {
  pipe: unknown;
  push: (chunk: unknown, ...rest: unknown[]) => boolean;
  readableEnded?: boolean;
  once: (event: string | symbol, listener: (argument: unknown) => void) => unknown;
}

function isNodeStream(object: object): object is NodeStream {
  return "pipe" in object && "push" in object && typeof object.push === "function" && "once" in object;
}

function watchedNodeStream(stream: NodeStream, watcher: Watcher): NodeStream {
  const { push } = stream;
  stream.push = (chunk, ...rest) => {
    if (chunk !== null) watcher.chunk(chunk);
    return push.call(stream, chunk, ...rest);
  };
  stream.once("end", () => {
    watcher.done();
  });
  // A listener for errors would keep one that nobody else hears from ending the program.
  stream.once(ERROR_MONITOR, (error) => {
    watcher.failed(error);
  });
  stream.once("close", () => {
    watcher.left("closed");
  });
  return stream;
}
