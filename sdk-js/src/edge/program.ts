// What the program runs in, where it is no Node: Vercel's edge runtime, Next.js with `runtime = "edge"`.
import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";

interface Store {
  run<T>(value: Context, fn: () => T): T;
  getStore(): Context | undefined;
}
type Global = typeof globalThis & {
  process?: { env?: Record<string, string | undefined> };
  AsyncLocalStorage?: new () => Store;
};

/** The event that tells of a Node stream's error; there are none here. */
export const ERROR_MONITOR: symbol = Symbol("error");

/** Variables of the environment. */
export function variables(): Record<string, string | undefined> {
  return (globalThis as Global).process?.env ?? {};
}

/** What says of the resource where this runs. */
export function surroundings(): Record<string, string> {
  return { "telemetry.sdk.language": "webjs" };
}

/** The name of a program that has none. */
export function scriptName(): string {
  return "edge";
}

/** Keeps contexts across awaits; where the platform has no way to, until the first of them. */
export function contextManager(): ContextManager {
  const Storage = (globalThis as Global).AsyncLocalStorage;
  return new EdgeContexts(Storage ? new Storage() : new Synchronous());
}

class EdgeContexts implements ContextManager {
  constructor(private readonly store: Store) {}

  active(): Context {
    return this.store.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.store.run(context, () => fn.call(thisArg, ...args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== "function") return target;
    const { store } = this;
    return function (this: unknown, ...args: unknown[]) {
      return store.run(context, () => target.apply(this, args) as unknown);
    } as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

class Synchronous implements Store {
  private now: Context | undefined;

  getStore(): Context | undefined {
    return this.now;
  }

  run<T>(value: Context, fn: () => T): T {
    const before = this.now;
    this.now = value;
    try {
      return fn();
    } finally {
      this.now = before;
    }
  }
}
