// The end of a process: what is left is sent, within a bound, and the program ends as it would have.
import type { Runtime } from "./runtime.js";

const BOUND_MS = 3_000;
// A server that is away shall not hold up the end of a program.
const ATTEMPTS = 2;

/** Sends the rest at the end of the program and at signals; returns what takes that back. */
export function atTheEnd(runtime: Runtime, signals: boolean): () => void {
  let tried = false;
  const idle = (): void => {
    if (tried || !runtime.outbox.pending) return;
    tried = true;
    // A flush keeps the program alive until it is done; then `beforeExit` comes again.
    void runtime.flush(BOUND_MS, ATTEMPTS).then((sent) => {
      if (sent) tried = false;
    });
  };
  const gone = (): void => {
    runtime.leave();
  };
  const told = (signal: NodeJS.Signals): void => {
    const others = process.listenerCount(signal) > 1;
    void runtime.flush(BOUND_MS, ATTEMPTS).finally(() => {
      process.removeListener(signal, told);
      // With nobody else listening a signal ends the program; it shall still do so.
      if (!others) process.kill(process.pid, signal);
    });
  };
  process.on("beforeExit", idle);
  process.on("exit", gone);
  const heard: NodeJS.Signals[] = signals ? ["SIGTERM", "SIGINT"] : [];
  for (const signal of heard) process.on(signal, told);
  return () => {
    process.removeListener("beforeExit", idle);
    process.removeListener("exit", gone);
    for (const signal of heard) process.removeListener(signal, told);
  };
}
