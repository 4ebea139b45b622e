// Servers that answer with anything but what they should: nothing hangs, one warning of each kind.
import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { context, propagation, trace as otel } from "@opentelemetry/api";
import { forgetWarnings } from "../src/core/warnings.js";
import * as sdk from "../src/index.js";

const warnings: string[] = [];
console.warn = (text: string) => warnings.push(text);
const open: Server[] = [];

beforeEach(async () => {
  await sdk.shutdown(50);
  for (const one of [otel, context, propagation]) one.disable();
  warnings.length = 0;
  forgetWarnings();
});
afterEach(async () => {
  await sdk.shutdown(10);
  for (const one of open.splice(0)) {
    one.closeAllConnections();
    one.close();
  }
});
async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((ok) => server.listen(0, "127.0.0.1", ok));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const start = (endpoint: string, options: sdk.Options = {}): sdk.Report =>
  sdk.init({ endpoint, service: "unit", instrument: false, handleSignals: false, ...options });

const HTML = "<!doctype html><h1>Welcome to nginx!</h1>";
const kinds: [name: string, listener: RequestListener, warning: RegExp, kept: boolean][] = [
  [
    "a web page",
    (_, response) => void response.end(HTML),
    /answered 200 but no JSON: is it a Sightline/,
    false,
  ],
  ["nothing at all", (_, response) => void response.destroy(), /cannot reach http:\/\/127/, true],
  [
    "half an answer",
    (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setImmediate(() => response.destroy());
    },
    /cannot reach/,
    true,
  ],
  ["a number", (_, response) => void response.end("5"), /answered 200 but no JSON/, false],
  ["null", (_, response) => void response.end("null"), /answered 200 but no JSON/, false],
  [
    "a redirect",
    (_, response) => void response.writeHead(301, { location: "https://elsewhere.example/" }).end(),
    /redirects to https:\/\/elsewhere.example\/; give init\(\) the address/,
    true,
  ],
  [
    "not found",
    (_, response) => void response.writeHead(404).end(HTML),
    /Check endpoint: it is the server's address/,
    false,
  ],
  [
    "wrong key",
    (_, response) => void response.writeHead(401).end("no such key"),
    /answered 401: no such key. Check apiKey/,
    false,
  ],
  [
    "bytes",
    (_, response) => void response.writeHead(200).end(Buffer.from([0xff, 0xfe, 0, 1])),
    /no JSON/,
    false,
  ],
];
for (const [name, listener, warning, kept] of kinds) {
  test(`a server that answers ${name}: one warning, then silence, and the program goes on`, async () => {
    start(await serving(listener));
    for (let i = 0; i < 3; i++) {
      assert.equal(
        sdk.trace(`n${i}`, () => i),
        i,
      );
      await sdk.flush(150);
    }
    const about = warnings.filter((text) => warning.test(text));
    assert.equal(about.length, 1, warnings.join("\n"));
    assert.ok(warnings.length <= 2, warnings.join("\n"));
    const { ended, acknowledged, dropped } = sdk.counts().spans;
    assert.deepEqual([ended, acknowledged, dropped], [3, 0, kept ? {} : { refused: 3 }]);
  });
}

test("an answer that never ends is read no further than it is worth", async () => {
  let written = 0;
  const endless: RequestListener = (_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write("{".repeat(16_384))) written += 16_384;
    };
    response.on("drain", more);
    more();
  };
  start(await serving(endless));
  sdk.trace("endless", () => undefined);
  const began = performance.now();
  await sdk.flush(2000);
  assert.ok(performance.now() - began < 2000);
  assert.ok(written < 20_000_000, `${written} bytes were taken`);
  assert.deepEqual(sdk.counts().spans.dropped, { refused: 1 });
});

test("more refused than was sent, or less than nothing, keeps the account right", async () => {
  for (const rejectedSpans of ["99", "-5", "many", {}]) {
    await sdk.shutdown(10);
    start(
      await serving(
        (_, response) => void response.end(JSON.stringify({ partialSuccess: { rejectedSpans } })),
      ),
    );
    sdk.trace("one", () => undefined);
    await sdk.flush(500);
    const { acknowledged, dropped } = sdk.counts().spans;
    assert.equal(acknowledged + (dropped.refused ?? 0), 1, JSON.stringify(rejectedSpans));
  }
});

test("a key is cleaned, and one that cannot be right is never said", async () => {
  const seen: unknown[] = [];
  const url = await serving((request, response) => {
    seen.push(request.headers.authorization);
    response.end("{}");
  });
  start(url, { apiKey: " sl_i_abc\n" });
  sdk.trace("one", () => undefined);
  assert.equal(await sdk.flush(), true);
  assert.equal(seen[0], "Bearer sl_i_abc");
  await sdk.shutdown();
  start(url, { apiKey: "sl_i_geh\neim" });
  sdk.trace("two", () => undefined);
  assert.equal(await sdk.flush(), true);
  assert.ok(
    warnings.some((text) => text.includes("apiKey has 12 characters")),
    warnings.join("\n"),
  );
  assert.ok(!warnings.join().includes("geh"));
});

test("init(): twice, with nothing, with nonsense, with names that there are not", async () => {
  const url = await serving((_, response) => void response.end("{}"));
  for (const nonsense of [null, "http://x", 5, [], () => 1] as never[]) {
    assert.deepEqual(Object.keys(sdk.init(nonsense)).slice(0, 3), ["found", "turnedOn", "toInstall"]);
    await sdk.shutdown(10);
  }
  start(`${url}/v1/traces/`, { api_key: "x", serviceName: "y" } as sdk.Options);
  start("http://127.0.0.1:9");
  sdk.trace("once", () => undefined);
  assert.equal(await sdk.flush(), true);
  assert.equal(sdk.counts().spans.acknowledged, 1);
  const said = warnings.join("\n");
  assert.match(said, /there is no option "api_key"; it is written apiKey/);
  assert.match(said, /there is no option "serviceName"; there are endpoint, apiKey/);
  assert.match(said, /init\(\) takes an object such as/);
});
