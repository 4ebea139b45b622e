// Bundles scripts, styles and fonts into the folder given, with hashed names and a manifest.
// node bundle.mjs OUT
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const out = process.argv[2];
const fresh = `${out}.new`;
await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });

const result = await build({
  entryPoints: { app: "src/app.ts", "app-style": "styles/app.css" },
  bundle: true,
  minify: true,
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  legalComments: "none",
  metafile: true,
  outdir: fresh,
  logLevel: "warning",
});

if (result.warnings.length) process.exit(1);
const names = { "src/app.ts": "app.js", "styles/app.css": "app.css" };
const files = {};
const sizes = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  const file = basename(path);
  files[names[output.entryPoint] ?? file] = file;
}
// The feedback widget is for other people's pages: the same source as in the package @sightline/sdk, a file of its
// own, and no part of what our pages weigh.
const widget = await build({
  entryPoints: { widget: "../sdk-js/src/widget.ts" },
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome111", "firefox119", "safari16.4"],
  entryNames: "[name]-[hash]",
  legalComments: "none",
  metafile: true,
  outdir: fresh,
  logLevel: "warning",
});
if (widget.warnings.length) process.exit(1);
files["widget.js"] = basename(Object.keys(widget.metafile.outputs)[0]);

const mark = await readFile("src/mark.svg");
const markFile = `mark-${createHash("sha256").update(mark).digest("hex").slice(0, 8).toUpperCase()}.svg`;
await writeFile(join(fresh, markFile), mark);
files["mark.svg"] = markFile;

for (const file of Object.values(files)) {
  const body = await readFile(join(fresh, file));
  sizes[file] = { bytes: body.length };
  if (extname(file) === ".woff2") continue;
  const packed = gzipSync(body, { level: 9 });
  sizes[file].gzip = packed.length;
  await writeFile(join(fresh, `${file}.gz`), packed);
}
await writeFile(join(fresh, "manifest.json"), JSON.stringify({ files, sizes }, null, 2) + "\n");
await rm(out, { recursive: true, force: true });
await rename(fresh, out);
const apart = sizes[files["widget.js"]].gzip;
const total = Object.values(sizes).reduce((sum, size) => sum + (size.gzip ?? 0), 0) - apart;
const fonts = Object.values(sizes).reduce((sum, size) => sum + (size.gzip ? 0 : size.bytes), 0);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`${kilobytes(total)} compressed, fonts ${kilobytes(fonts)}, widget ${kilobytes(apart)}`);
if (total > 150_000) {
  console.error(`scripts and styles weigh ${total} bytes compressed, at most 150,000 are allowed`);
  process.exit(1);
}
if (apart > 4_000) {
  console.error(`the widget weighs ${apart} bytes compressed, at most 4,000 are allowed`);
  process.exit(1);
}
