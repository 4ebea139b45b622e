// The program's own packages: which are installed, and the copy of them that the program uses.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** A loaded module: its namespace, and its main export (the default one where there is one). */
export interface Loaded {
  space: Record<string, unknown>;
  main: unknown;
}

declare const __ESM__: boolean;

/** Where packages are looked for: beside the program, in the working directory, beside this file. */
function bases(): string[] {
  const script = process.argv[1];
  return [...(script ? [script] : []), join(process.cwd(), "index.js")];
}

/** A CommonJS copy of an installed package; undefined when there is none. Errors inside it come through. */
export function requireFrom(name: string): unknown {
  // A bundler may have left no address of this file.
  const own = [import.meta.url as string | undefined].filter((url) => url !== undefined) as string[];
  for (const base of [...bases(), ...own]) {
    const require = createRequire(base);
    try {
      require.resolve(name);
    } catch {
      continue;
    }
    return require(name) as unknown;
  }
  return undefined;
}

/** The version of an installed package; undefined when it is not there. */
export function versionOf(name: string): string | undefined {
  const folder = folderOf(name);
  return (
    folder && (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string }).version
  );
}

function folderOf(name: string): string | undefined {
  for (const base of bases()) {
    for (let at = dirname(base); ; at = dirname(at)) {
      const folder = join(at, "node_modules", name);
      try {
        readFileSync(join(folder, "package.json"));
        return folder;
      } catch {
        if (dirname(at) === at) break;
      }
    }
  }
  return undefined;
}

/**
 * A library as the program loads it: its CommonJS copy, at once, for a program of such modules; else its ES
 * module, and its CommonJS copy where that is loaded, too.
 */
export function loadLibrary(name: string): Loaded[] | Promise<Loaded[]> {
  return __ESM__ ? loadModule(name) : common(name);
}

function common(name: string): Loaded[] {
  const found = requireFrom(name);
  return found === undefined ? [] : [loaded(found)];
}

async function loadModule(name: string): Promise<Loaded[]> {
  const found: Loaded[] = [];
  try {
    const address = esmAddress(name);
    if (address) found.push(loaded(await import(/* webpackIgnore: true */ /* @vite-ignore */ address)));
  } catch {
    // A package without an ES module; Node gives its CommonJS copy then.
  }
  return found.length === 0 || cached(name) ? [...found, ...common(name)] : found;
}

/** A module as it was given. */
export function loaded(module: unknown): Loaded {
  const space = (module ?? {}) as Record<string, unknown>;
  return { space, main: space.default ?? module };
}

function cached(name: string): boolean {
  const folder = folderOf(name);
  const cache = createRequire(join(process.cwd(), "index.js")).cache;
  return folder !== undefined && Object.keys(cache).some((file) => file.startsWith(folder));
}

/** The file that `import` of a name gives to the program; by the package's `exports`, as Node reads them. */
function esmAddress(name: string): string | undefined {
  const parts = name.split("/");
  const pack = parts.slice(0, name.startsWith("@") ? 2 : 1).join("/");
  const path = `.${name.slice(pack.length)}`;
  const folder = folderOf(pack);
  if (!folder) return undefined;
  const said = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  const exported = said.exports as Record<string, unknown> | string | undefined;
  const entry =
    typeof exported === "object" ? (exported[path] ?? (path === "." ? exported : undefined)) : exported;
  const file =
    chosen(entry) ?? (said.module as string | undefined) ?? (said.main as string | undefined) ?? "index.js";
  return pathToFileURL(join(folder, file)).href;
}

function chosen(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (typeof entry !== "object" || entry === null) return undefined;
  for (const [condition, value] of Object.entries(entry)) {
    if (["node", "import", "module-sync", "default"].includes(condition)) {
      const found = chosen(value);
      if (found) return found;
    }
  }
  return undefined;
}
