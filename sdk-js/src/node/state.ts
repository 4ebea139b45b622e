// The one runtime of a process, shared by the ESM and the CommonJS copy of this package.
import type { Runtime } from "./runtime.js";

const PLACE = Symbol.for("sightline.sdk.runtime");
type Global = typeof globalThis & { [PLACE]?: Runtime | undefined };

/** What `init()` made; undefined before it and after `shutdown()`. */
export function current(): Runtime | undefined {
  return (globalThis as Global)[PLACE];
}

/** Sets or removes it. */
export function setCurrent(runtime: Runtime | undefined): void {
  (globalThis as Global)[PLACE] = runtime;
}
