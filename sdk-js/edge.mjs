// What the build does for runtimes that are no Node.
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A plugin of esbuild: a module of src/node/ gives way to the one of the same name in src/edge/. */
export const edgeInstead = {
  name: "edge",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
      const found = join(resolveDir, path).replace(/\.js$/, ".ts");
      if (basename(dirname(found)) !== "node") return undefined;
      const edge = join(dirname(found), "..", "edge", basename(found));
      return existsSync(edge) ? { path: edge } : undefined;
    }),
};
