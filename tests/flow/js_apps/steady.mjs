// `steady.mjs COUNT TOTAL`: spans; says "kept" when so many in all are in the folder, with those of programs
// before, and waits to be killed. `steady.mjs COUNT memory`: what so many spans leave in memory, half way and at the end.
import { counts, flush, init, trace } from "@sightline/sdk";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const count = Number(process.argv[2]);
init({ service: "steady", instrument: false });

function kept() {
  const root = process.env.SIGHTLINE_SPOOL_DIR;
  const own = readdirSync(root).find((name) => name.startsWith(`${process.pid}-`));
  if (!own || !existsSync(join(root, own))) return 0;
  const files = readdirSync(join(root, own)).filter((name) => name.includes(".traces."));
  return files.reduce((sum, name) => sum + Number(name.split(".")[2]), 0);
}

if (process.argv[3] === "memory") {
  const used = [];
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < count / 2; i++) {
      trace({ name: "work", input: "word ".repeat(50) }, () => "answer ".repeat(20));
      if (i % 1000 === 0) await flush();
    }
    await flush();
    global.gc();
    used.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  console.log(JSON.stringify({ used, counts: counts().spans }));
} else {
  for (let i = 0; i < count; i++) trace(`steady ${i}`, () => undefined);
  while (kept() < Number(process.argv[3])) await pause(20);
  console.log("kept");
  setInterval(() => undefined, 1000);
}
