// Programs that end in every way: `endings.mjs idle|exit|throw|signal|worker|cluster`.
import { init, trace } from "@sightline/sdk";
import cluster from "node:cluster";
import { Worker, isMainThread, workerData } from "node:worker_threads";

const how = isMainThread ? process.argv[2] : workerData;
init({ service: `ending-${how}`, instrument: false });

function work(name) {
  trace(name, (span) => console.log(span.traceId));
}

if (how === "signal") {
  work("signal");
  setInterval(() => undefined, 1000);
  console.log("ready");
} else if (how === "worker" && isMainThread) {
  work("main thread");
  new Worker(new URL(import.meta.url), { workerData: "worker" });
} else if (how === "cluster" && cluster.isPrimary) {
  work("primary");
  cluster.fork();
} else {
  work(how);
  if (how === "exit") process.exit(3);
  if (how === "throw") throw new Error("the program's own");
  if (how === "cluster") cluster.worker.disconnect();
}
