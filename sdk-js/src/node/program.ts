// What the program runs in: its variables, its process, how contexts are kept across awaits.
import type { ContextManager } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { errorMonitor } from "node:events";
import { basename, extname } from "node:path";

/** The event that tells of a stream's error without keeping it from others. */
export const ERROR_MONITOR: symbol = errorMonitor;

/** Variables of the environment; those that may not be read (Deno without `--allow-env`) are not there. */
export function variables(): Record<string, string | undefined> {
  return new Proxy<Record<string, string | undefined>>(
    {},
    {
      get: (_, name: string) => {
        try {
          return process.env[name];
        } catch {
          return undefined;
        }
      },
    },
  );
}

/** What says of the resource where this runs. */
export function surroundings(): Record<string, string> {
  return { "telemetry.sdk.language": "nodejs", "process.pid": String(process.pid) };
}

/** The name of the program's script, for a program that has none. */
export function scriptName(): string {
  const file = process.argv[1];
  return file ? basename(file, extname(file)) : "node";
}

/** Keeps contexts across awaits, timers and callbacks. */
export function contextManager(): ContextManager {
  return new AsyncLocalStorageContextManager().enable();
}
