// Next.js puts copies of libraries into its bundles, which no instrumentation can reach; what it wrote when
// it built says which it left outside.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { warnOnce } from "../core/warnings.js";

interface Built {
  config?: {
    serverExternalPackages?: string[];
    experimental?: { serverComponentsExternalPackages?: string[] };
  };
}

/** Says once of libraries that would not be traced what to do; `folder` is where Next.js was started. */
export function warnOfBundles(libraries: string[], folder = process.cwd(), env = process.env): void {
  if (!libraries.length || env.NEXT_RUNTIME !== "nodejs") return;
  const built = read(join(folder, ".next", "required-server-files.json")) as Built | undefined;
  const routes = read(join(folder, ".next", "server", "app-paths-manifest.json"));
  // Routes of pages/ have their libraries outside.
  const own = Object.keys(routes ?? {}).some((route) => !route.startsWith("/_"));
  if (!built?.config || !own) return;
  const { serverExternalPackages = [], experimental } = built.config;
  const outside = [...serverExternalPackages, ...(experimental?.serverComponentsExternalPackages ?? [])];
  const inside = libraries.filter((library) => !outside.includes(library));
  if (!inside.length) return;
  warnOnce(
    "next bundles",
    `Next.js bundles ${inside.join(", ")}, so calls in app/ are not traced; ` +
      `set serverExternalPackages: ${JSON.stringify([...outside, ...inside])} in next.config and build again`,
  );
}

function read(path: string): object | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as object;
  } catch {
    return undefined;
  }
}
