// One warning of each kind, then silence.

const said = new Set<string>();

/** Says `message` on the console once for each `kind`; never throws. */
export function warnOnce(kind: string, message: string): void {
  if (said.has(kind)) return;
  said.add(kind);
  try {
    console.warn(`sightline: ${message}`);
  } catch {
    // A console that is gone must not stop the program.
  }
}

/** For tests: what was said can be said again. */
export function forgetWarnings(): void {
  said.clear();
}

/** What went wrong, in a few words. */
export function reasonOf(error: unknown): string {
  try {
    const cause = error instanceof Error ? (error.cause as Error | undefined) : undefined;
    const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return cause?.message ? `${words} (${cause.message})` : words;
  } catch {
    return "an error that cannot be read";
  }
}
