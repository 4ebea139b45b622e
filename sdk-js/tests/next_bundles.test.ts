import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { forgetWarnings } from "../src/core/warnings.js";
import { warnOfBundles } from "../src/node/next_bundles.js";

const NODE = { NEXT_RUNTIME: "nodejs" };

/** A folder as `next build` leaves it: its settings, and the routes of app/. */
function built(t: TestContext, config: object, routes: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "next-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, ".next", "server"), { recursive: true });
  const write = (name: string, what: object): void => {
    writeFileSync(join(folder, ".next", name), JSON.stringify(what));
  };
  write("required-server-files.json", { version: 1, config });
  write("server/app-paths-manifest.json", Object.fromEntries(routes.map((route) => [route, "x.js"])));
  return folder;
}

function said(t: TestContext, run: () => void): string[] {
  forgetWarnings();
  const warned = t.mock.method(console, "warn", () => undefined);
  run();
  const words = warned.mock.calls.map(({ arguments: [one] }) => String(one));
  warned.mock.restore();
  return words;
}

test("a library that Next.js bundles is named, with the line that helps", (t) => {
  const folder = built(t, { serverExternalPackages: ["sharp"] }, ["/_not-found/page", "/api/chat/route"]);
  const [words = "", ...more] = said(t, () => {
    warnOfBundles(["openai", "@langchain/core"], folder, NODE);
    warnOfBundles(["openai"], folder, NODE);
  });
  assert.match(words, /Next\.js bundles openai, @langchain\/core, so calls in app\/ are not traced/);
  assert.match(words, /serverExternalPackages: \["sharp","openai","@langchain\/core"\] in next\.config/);
  assert.deepEqual(more, []);
});

test("nothing is said where nothing is wrong, or nothing is known", (t) => {
  const outside = built(t, { serverExternalPackages: ["openai"] }, ["/api/chat/route"]);
  const older = built(t, { experimental: { serverComponentsExternalPackages: ["openai"] } }, ["/page"]);
  const pages = built(t, {}, ["/_not-found/page"]);
  const words = said(t, () => {
    for (const folder of [outside, older, pages, tmpdir()]) warnOfBundles(["openai"], folder, NODE);
    warnOfBundles([], built(t, {}, ["/page"]), NODE);
    warnOfBundles(["openai"], built(t, {}, ["/page"]), {});
  });
  assert.deepEqual(words, []);
});
