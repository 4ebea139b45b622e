// The end of a program that nothing tells of its end: `flush()` or `waitUntil` of `handler()` sends the rest.

/** Nothing can be done; returns what takes that back. */
export function atTheEnd(): () => void {
  return () => undefined;
}
