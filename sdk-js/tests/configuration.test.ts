import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetWarnings } from "../src/core/warnings.js";
import { configure } from "../src/node/configuration.js";

test("arguments come before our variables, those before OpenTelemetry's, those before defaults", () => {
  const otel = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318/",
    OTEL_SERVICE_NAME: "otel",
    OTEL_EXPORTER_OTLP_HEADERS: "x-a=1,authorization=Bearer%20o",
    OTEL_RESOURCE_ATTRIBUTES: "team=a%20b,zone=1",
  };
  const ours = {
    ...otel,
    SIGHTLINE_ENDPOINT: "https://ours.example",
    SIGHTLINE_SERVICE: "ours",
    SIGHTLINE_API_KEY: "k",
  };
  const first = configure({}, otel);
  assert.deepEqual([first.endpoint, first.service], ["http://otel:4318", "otel"]);
  assert.deepEqual(first.headers, { "x-a": "1", authorization: "Bearer o" });
  assert.deepEqual(first.attributes, { team: "a b", zone: "1" });
  const second = configure({ attributes: { zone: 2 } }, ours);
  assert.deepEqual([second.endpoint, second.service], ["https://ours.example", "ours"]);
  assert.equal(second.headers.authorization, "Bearer k");
  assert.equal(second.attributes.zone, 2);
  assert.equal(configure({ endpoint: "http://x/" }, ours).endpoint, "http://x");
  assert.equal(configure({}, {}).endpoint, "http://127.0.0.1:4318");
});

test("switches", () => {
  assert.equal(configure({}, { SIGHTLINE_DISABLED: "1" }).enabled, false);
  assert.equal(configure({}, { SIGHTLINE_DISABLED: "0" }).enabled, true);
  assert.equal(configure({}, { OTEL_SDK_DISABLED: "true" }).enabled, false);
  assert.equal(configure({ enabled: true }, { OTEL_SDK_DISABLED: "true" }).enabled, true);
  assert.equal(configure({}, { SIGHTLINE_CAPTURE_CONTENT: "false" }).captureContent, false);
  assert.equal(configure({}, { SIGHTLINE_SAMPLING: "0.25" }).sampling.ratio, 0.25);
});

test("what cannot be used is named once, and its default is used", (t) => {
  forgetWarnings();
  const warn = t.mock.method(console, "warn", () => undefined);
  for (let i = 0; i < 2; i++) {
    const config = configure(
      {
        endpoint: "ftp://x",
        apiKey: 5 as never,
        maxQueue: "many" as never,
        sampling: -1,
        propagate: "x" as never,
      },
      {},
    );
    assert.deepEqual(
      [config.endpoint, config.maxQueue, config.sampling.ratio],
      ["http://127.0.0.1:4318", 20_000, 1],
    );
    assert.equal(config.propagate.length, 4);
  }
  assert.equal(warn.mock.callCount(), 4);
});
