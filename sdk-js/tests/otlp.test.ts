import assert from "node:assert/strict";
import { test } from "node:test";
import { keyValues, logsRequest, metricsRequest, tracesRequest, type SpanRecord } from "../src/core/otlp.js";
import * as names from "../src/names.js";

const span: SpanRecord = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "half \ud800 pair",
  kind: 3,
  start: "1700000000000000001",
  end: "1700000000000000002",
  attributes: { text: "a", whole: 2, fraction: 0.5, flag: true, list: ["a", "b"], [names.SCORE_VALUE]: 1 },
  events: [{ name: "e", timeUnixNano: "1", attributes: { secret: "x" } }],
  status: { code: 2, message: "bad" },
  scope: { name: "app", version: "1" },
};

test("spans are grouped by scope, integers are texts, scores are fractions", () => {
  const request = tracesRequest({ "service.name": "s" }, [span, { ...span, scope: { name: "other" } }]) as {
    resourceSpans: {
      resource: object;
      scopeSpans: { scope: { name: string }; spans: Record<string, unknown>[] }[];
    }[];
  };
  const [resource] = request.resourceSpans;
  assert.deepEqual(resource?.resource, {
    attributes: [{ key: "service.name", value: { stringValue: "s" } }],
  });
  assert.deepEqual(
    resource?.scopeSpans.map((group) => group.scope.name),
    ["app", "other"],
  );
  const said = resource?.scopeSpans[0]?.spans[0];
  assert.equal(said?.name, "half \ufffd pair");
  assert.deepEqual(said?.attributes, [
    { key: "text", value: { stringValue: "a" } },
    { key: "whole", value: { intValue: "2" } },
    { key: "fraction", value: { doubleValue: 0.5 } },
    { key: "flag", value: { boolValue: true } },
    { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] } } },
    { key: names.SCORE_VALUE, value: { doubleValue: 1 } },
  ]);
});

test("every text that leaves is offered for cleaning, with its field", () => {
  const seen: string[] = [];
  const clean = (field: string, text: string): string => {
    seen.push(field);
    return text.toUpperCase();
  };
  const said = JSON.stringify(tracesRequest({}, [span], clean));
  assert.deepEqual(seen, ["name", "text", "list", "list", "secret", "status.message"]);
  assert.ok(said.includes('"BAD"') && said.includes('"X"'));
  logsRequest({}, [{ eventName: "e", attributes: { a: "b" }, body: "c", time: "1" }], clean);
  assert.deepEqual(seen.slice(6), ["body", "a"]);
});

test("numbers that are no numbers are said as protobuf's JSON says them", () => {
  assert.deepEqual(keyValues({ a: NaN, b: Infinity }), [
    { key: "a", value: { doubleValue: "NaN" } },
    { key: "b", value: { doubleValue: "Infinity" } },
  ]);
});

test("sums are cumulative and monotonic, gauges are gauges", () => {
  const points = [{ value: 3, attributes: { outcome: "ended" } }];
  const said = JSON.stringify(
    metricsRequest(
      {},
      [
        { name: "n", unit: "1", points },
        { name: "g", unit: "By", points, gauge: true },
      ],
      "1",
      "2",
    ),
  );
  assert.match(said, /"sum":\{"dataPoints":\[.*"aggregationTemporality":2,"isMonotonic":true/);
  assert.match(said, /"gauge":\{"dataPoints"/);
  assert.match(said, /"asInt":"3"/);
});
