// Encoded requests in files, so that they outlive the process: written before they are sent, gone afterwards.
//
// Each process has a folder of its own, named by its process id and a random part, with a file `alive` that
// it touches. Folders of processes that are gone are taken over, by renaming, which one process wins.
import { randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { reasonOf, warnOnce } from "../core/warnings.js";
import type { Encoded, Signal } from "./sending.js";
import { MemoryWaiting, type Waiting } from "./waiting.js";

interface Kept {
  file: string;
  bytes: number;
  signal: Signal;
  records: number;
  gzip: boolean;
  foreign: boolean;
}

const TOUCH_MS = 15_000;
const SILENT_MS = 120_000;

/** A queue of requests on disk, bounded in bytes; oldest first, also those of processes before. */
export class Spool implements Waiting {
  bytes = 0;
  private readonly kept: Kept[] = [];
  private head: Encoded | undefined;
  private number = 0;
  private readonly touching: NodeJS.Timeout;

  private constructor(
    private readonly folder: string,
    private readonly most: number,
    private readonly lost: (what: Encoded) => void,
  ) {
    this.touching = setInterval(() => {
      this.touch();
    }, TOUCH_MS);
    this.touching.unref();
  }

  /** Opens a spool in `root`; memory where the folder cannot be used. */
  static open(root: string, most: number, lost: (what: Encoded) => void): Waiting {
    try {
      const name = `${process.pid}-${randomUUID()}`;
      const folder = join(root, name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, "alive"), "");
      const spool = new Spool(folder, most, lost);
      for (const other of readdirSync(root)) if (other !== name) spool.adopt(root, other);
      spool.kept.sort((a, b) => orderOf(a.file) - orderOf(b.file));
      spool.bound();
      return spool;
    } catch (error) {
      warnOnce("spool", `spoolDir ${root} cannot be used, memory is: ${reasonOf(error)}`);
      return new MemoryWaiting(most, lost);
    }
  }

  get size(): number {
    return this.kept.length;
  }

  add(what: Encoded): void {
    const name = `${Date.now()}-${++this.number}.${what.signal}.${what.records}.${what.gzip ? "gz" : "json"}`;
    const file = join(this.folder, name);
    try {
      writeFileSync(`${file}.part`, what.body, { mode: 0o600 });
      renameSync(`${file}.part`, file);
    } catch (error) {
      warnOnce("spool write", `spoolDir cannot be written, a batch is lost: ${reasonOf(error)}`);
      this.lost(what);
      return;
    }
    if (this.kept.length === 0) this.head = what;
    this.kept.push(keptOf(file, what.body.byteLength, false));
    this.bytes += what.body.byteLength;
    this.bound();
  }

  first(): Encoded | undefined {
    while (!this.head && this.kept[0]) {
      const [oldest] = this.kept;
      try {
        this.head = { ...oldest, body: readFileSync(oldest.file) };
      } catch (error) {
        warnOnce("spool read", `a file of spoolDir cannot be read and is left out: ${reasonOf(error)}`);
        this.shift();
      }
    }
    return this.head;
  }

  remove(what: Encoded): void {
    if (what === this.head) this.shift();
  }

  close(): void {
    clearInterval(this.touching);
    try {
      // Without it, whoever starts next takes over what is left, also another start in this process.
      rmSync(join(this.folder, "alive"), { force: true });
      if (this.kept.length === 0) rmdirSync(this.folder);
    } catch {
      // Whoever starts next takes it over.
    }
  }

  private shift(): void {
    const gone = this.kept.shift();
    this.head = undefined;
    if (!gone) return;
    this.bytes -= gone.bytes;
    try {
      rmSync(gone.file, { force: true });
    } catch (error) {
      warnOnce("spool remove", `a file of spoolDir cannot be removed: ${reasonOf(error)}`);
    }
  }

  private bound(): void {
    while (this.bytes > this.most) {
      const oldest = this.first();
      if (!oldest) return;
      this.shift();
      this.lost(oldest);
    }
  }

  private touch(): void {
    try {
      const now = new Date();
      utimesSync(join(this.folder, "alive"), now, now);
    } catch {
      // The folder was taken away; the next write says so.
    }
  }

  private adopt(root: string, name: string): void {
    const pid = Number(/^(\d+)-/.exec(name)?.[1]);
    if (!pid || alive(root, name, pid)) return;
    const from = join(root, name);
    const mine = join(this.folder, `of-${pid}`);
    try {
      renameSync(from, mine);
    } catch {
      return; // Another process was faster.
    }
    this.moveIn(mine);
  }

  private moveIn(from: string): void {
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const path = join(from, entry.name);
      if (entry.isDirectory()) {
        this.moveIn(path);
      } else if (/^\d+-\d+\.(traces|logs|metrics)\.\d+\.(gz|json)$/.test(entry.name)) {
        const file = join(this.folder, entry.name.replace("-", `-${++this.number}0`));
        renameSync(path, file);
        const { size } = statSync(file);
        this.kept.push(keptOf(file, size, true));
        this.bytes += size;
      }
    }
    rmSync(from, { recursive: true, force: true });
  }
}

/**
 * Whether a folder belongs to a process that runs. Process ids come again (in a container they are always the
 * same), so it must be touched, too; with this process's own id since it began: another thread does that.
 */
function alive(root: string, name: string, pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    const touched = statSync(join(root, name, "alive")).mtimeMs;
    const began = pid === process.pid ? Date.now() - process.uptime() * 1000 : 0;
    return touched >= began && Date.now() - touched < SILENT_MS;
  } catch {
    return false;
  }
}

function keptOf(file: string, bytes: number, foreign: boolean): Kept {
  const [, signal = "", records = "", ending] = file.slice(file.lastIndexOf("/") + 1).split(".");
  return { file, bytes, signal: signal as Signal, records: Number(records), gzip: ending === "gz", foreign };
}

function orderOf(file: string): number {
  return Number(/(\d+)-\d+\.\w+\.\d+\.\w+$/.exec(file)?.[1] ?? 0);
}
