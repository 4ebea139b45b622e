// Nothing can be looked for here; what traces itself (`ai`) or by hand (`llmCall`) is traced.
import type { Report } from "../node/instrumentations.js";
export type { Report };

/** Finds nothing. */
export function turnOn(): Report {
  return { found: [], turnedOn: [], toInstall: [], ready: Promise.resolve() };
}
