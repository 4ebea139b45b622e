// `trace()` runs a piece of work in a span, `traced()` makes a function that always does.
import * as names from "../names.js";
import { textOf } from "../core/values.js";
import { ChunkClock } from "./chunk_clock.js";
import { type ActiveSpan, begin, face, limit, quietly, setValue, type SpanOptions } from "./spans.js";
import { inSpan } from "./running.js";

/**
 * Runs `fn` in a span and gives its result back. The span ends when the promise is settled, or the generator,
 * stream or streamed response that `fn` returned was read.
 *
 *     const answer = await trace("answer", async () => generate(question));
 */
export function trace<T>(what: string | SpanOptions, fn: (span: ActiveSpan) => T): T {
  return run(typeof what === "string" ? { name: what } : what, fn);
}

// With `unknown[]` no function would do whose arguments have types.
type AnyFunction = (...args: any[]) => unknown;
type Traced = Omit<SpanOptions, "name"> & { name?: string | undefined };

/** `traced()` before a method: as ECMAScript has decorators, and as TypeScript had them before. */
export interface Decorator {
  <F extends AnyFunction>(fn: F, where?: { readonly kind: "method" }): F;
  (target: object, key: string | symbol, descriptor: PropertyDescriptor): void;
}

/**
 * A function that runs in a span of its own at each call, with its arguments and result noted. It keeps
 * `this`, name, length, properties and types of the one it is made of.
 *
 *     const answer = traced("answer", async (question: string) => generate(question));
 *
 * Before a method of a class it is a decorator:
 *
 *     class Bot { @traced("answer") async answer(question: string) { return generate(question); } }
 */
export function traced<F extends AnyFunction>(fn: F, where?: { readonly kind: "method" }): F;
export function traced(target: object, key: string | symbol, descriptor: PropertyDescriptor): void;
export function traced<F extends AnyFunction>(what: string | Traced, fn: F): F;
export function traced(what?: string | Traced): Decorator;
export function traced(...given: unknown[]): unknown {
  const [first, second, third] = given;
  if (isMember(third)) {
    replaceMember({}, second, third);
    return undefined;
  }
  if (typeof first === "function") return wrap({}, first as AnyFunction);
  const options = typeof first === "string" ? { name: first } : ((first ?? {}) as Traced);
  if (typeof second === "function") return wrap(options, second as AnyFunction);
  if (given.length > 1) throw new TypeError(`traced() needs a function, got ${typeof second}`);
  return (fn: AnyFunction, key: unknown, descriptor: unknown) =>
    isMember(descriptor) ? replaceMember(options, key, descriptor) : wrap(options, fn);
}

type Member = PropertyDescriptor & { value: AnyFunction };

function isMember(descriptor: unknown): descriptor is Member {
  return typeof (descriptor as Member | undefined)?.value === "function";
}

function replaceMember(options: Traced, key: unknown, descriptor: Member): void {
  descriptor.value = wrap({ name: String(key), ...options }, descriptor.value);
}

function wrap(options: Traced, fn: AnyFunction): AnyFunction {
  const name = options.name ?? (fn.name || "anonymous");
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const input =
      options.capture === false ? undefined : args.length === 1 ? args[0] : args.length ? args : undefined;
    return run({ ...options, name, input: options.input ?? input }, () => fn.apply(this, args));
  };
  const { prototype: _, ...own } = Object.getOwnPropertyDescriptors(fn);
  for (const key of Reflect.ownKeys(own)) {
    quietly("keeping a function's properties", () => {
      Object.defineProperty(wrapped, key, (own as PropertyDescriptorMap)[key as string] ?? {});
    });
  }
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
