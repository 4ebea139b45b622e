// The end of a process: what is left is sent, within a bound, and the program ends as it would have.
import type { Runtime } from "./runtime.js";

const BOUND_MS = 3_000;
// A server that is away shall not hold up the end of a program.
const ATTEMPTS = 2;

/** Sends the rest at the end of the program and at signals; returns what takes that back. */
export function atTheEnd(runtime: Runtime, signals: boolean): () => void {
  let tried = false;
  let told = 0;
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
  const heard = (signal: NodeJS.Signals): void => {
    const others = process.listenerCount(signal) > 1;
    const end = (): void => {
      process.removeListener(signal, heard);
      // With nobody else listening a signal ends the program; it shall still do so.
      if (others) return;
      runtime.leave();
      process.kill(process.pid, signal);
    };
    // Whoever says it twice does not want to wait.
    if (told++) end();
    else void runtime.flush(BOUND_MS, ATTEMPTS).finally(end);
  };
  process.on("beforeExit", idle);
  process.on("exit", gone);
  const these: NodeJS.Signals[] = signals ? ["SIGTERM", "SIGINT"] : [];
  for (const signal of these) process.on(signal, heard);
  return () => {
    process.removeListener("beforeExit", idle);
    process.removeListener("exit", gone);
    for (const signal of these) process.removeListener(signal, heard);
  };
}
