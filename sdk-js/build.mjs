// Builds the package: `node build.mjs` into dist/, `--check` types and formats, `--format`, `--test` runs tests.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { edgeInstead } from "./edge.mjs";

const LARGEST = 10_000;
const node = process.execPath;
const SOURCES = ["src/**/*.ts", "tests/**/*.ts", "*.mjs", "*.json", "!package-lock.json"];
const flag = process.argv[2];

function run(program, ...words) {
  const { status } = spawnSync(node, [program, ...words], { stdio: "inherit" });
  if (status) process.exit(status);
}

const tsc = (...words) => run("node_modules/typescript/bin/tsc", ...words);
const prettier = (how) => run("node_modules/prettier/bin/prettier.cjs", how, "--log-level=warn", ...SOURCES);

const quiet = { bundle: true, logLevel: "warning", legalComments: "none" };
const forNode = { ...quiet, platform: "node", target: "node18", packages: "external" };
// A CommonJS file has no import.meta; what asks for its address gets the same from __filename.
const common = {
  format: "cjs",
  define: { "import.meta.url": "__address", __ESM__: "false" },
  banner: { js: 'const __address = require("node:url").pathToFileURL(__filename).href;' },
};
const esm = { format: "esm", define: { __ESM__: "true" } };
const forEdge = {
  ...quiet,
  platform: "neutral",
  target: "es2022",
  packages: "external",
  plugins: [edgeInstead],
};
const forBrowsers = { ...quiet, platform: "browser", target: ["es2020", "safari14"] };

async function bundle() {
  await rm("dist", { recursive: true, force: true });
  const entries = (await readdir("src")).filter((name) => ["browser.ts", "widget.ts"].includes(name));
  await build({
    ...forNode,
    ...esm,
    entryPoints: ["src/index.ts", "src/register.ts"],
    outdir: "dist/esm",
    splitting: true,
  });
  await build({ ...forNode, ...common, entryPoints: ["src/index.ts"], outdir: "dist/cjs" });
  await build({ ...forEdge, ...esm, entryPoints: ["src/index.ts"], outdir: "dist/edge" });
  for (const name of entries) {
    const entryPoints = [`src/${name}`];
    await build({ ...forBrowsers, format: "esm", entryPoints, outdir: "dist/esm" });
    await build({ ...forBrowsers, format: "cjs", entryPoints, outdir: "dist/cjs" });
  }
  await build({
    ...forBrowsers,
    format: "iife",
    globalName: "sightline",
    minify: true,
    entryPoints: ["src/browser.ts"],
    outfile: "dist/browser.min.js",
  });
  tsc(
    "--noEmit",
    "false",
    "--emitDeclarationOnly",
    "--outDir",
    "dist/types",
    "--rootDir",
    "src",
    "-p",
    "tsconfig.build.json",
  );
  // The edge has the types of the ES modules.
  await rm("dist/types/edge", { recursive: true });
  for (const kind of ["esm", "cjs"]) await cp("dist/types", `dist/${kind}`, { recursive: true });
  await rm("dist/types", { recursive: true });
  // `node --require @sightline/sdk/register`; a CommonJS module cannot wait for what is loaded.
  await writeFile("dist/cjs/register.js", 'require("./index.js").init();\n');
  await writeFile("dist/cjs/package.json", '{ "type": "commonjs" }\n');
  const size = gzipSync(await readFile("dist/browser.min.js"), { level: 9 }).length;
  console.log(`browser: ${size} bytes compressed`);
  if (size >= LARGEST) {
    console.error(`the browser's bundle has ${size} bytes compressed, fewer than ${LARGEST} are allowed`);
    process.exit(1);
  }
}

async function tests() {
  await rm("build", { recursive: true, force: true });
  await mkdir("build", { recursive: true });
  const found = (await readdir("tests")).filter((name) => name.endsWith(".test.ts"));
  const entryPoints = found.map((name) => `tests/${name}`);
  await build({
    ...forNode,
    ...esm,
    entryPoints,
    outdir: "build",
    sourcemap: "inline",
    outExtension: { ".js": ".mjs" },
  });
  const files = found.map((name) => `build/${name.replace(/\.ts$/, ".mjs")}`);
  run("--enable-source-maps", "--test", ...files);
}

if (flag === "--check") {
  tsc("--noEmit");
  prettier("--check");
} else if (flag === "--format") {
  prettier("--write");
} else if (flag === "--test") {
  await tests();
} else {
  await bundle();
}
