import assert from "node:assert/strict";
import { test } from "node:test";
import { isContent } from "../src/node/content.js";
import { redactPatterns } from "../src/redaction/tokens.js";
import { redactor } from "../src/node/redaction.js";

const cases: [string, string][] = [
  ["write to alice@example.com, please", "write to [EMAIL], please"],
  ["card 4111 1111 1111 1111 ok", "card [CARD] ok"],
  ["no card 4111 1111 1111 1112 here", "no card 4111 1111 1111 1112 here"],
  ["IBAN DE89 3704 0044 0532 0130 00.", "IBAN [IBAN]."],
  ["not DE89 3704 0044 0532 0130 02", "not DE89 3704 0044 0532 0130 02"],
  [`key sk-proj-${"a1B2".repeat(8)} end`, "key [SECRET] end"],
  [`ghp_${"aB3".repeat(12)}`, "[SECRET]"],
  ["order 1234567890123456 of zeros 0000000000000000", "order 1234567890123456 of zeros 0000000000000000"],
  ["nothing at all", "nothing at all"],
  ["call +49 30 123 4567, (415) 555-2671 or tel 5551234567", "call [PHONE], [PHONE] or tel [PHONE]"],
  ["order 5551234567 of 2026-11-26", "order 5551234567 of 2026-11-26"],
  [
    "SSN 536-22-1234, DNI 12345678Z, BSN 111222333",
    "SSN [NATIONAL_ID], DNI [NATIONAL_ID], BSN [NATIONAL_ID]",
  ],
  ["DNI 12345678A, number 111222333", "DNI 12345678A, number 111222333"],
  ['{"password": "hunter2", "phone": 14155552671}', '{"password": "[SECRET]", "phone": "[PHONE]"}'],
  ["host: example.com\nauthorization: opaque12345", "host: example.com\nauthorization: [SECRET]"],
  [JSON.stringify({ a: JSON.stringify({ m: "müller@firma.de" }) }), '{"a":"{\\"m\\":\\"[EMAIL]\\"}"}'],
  ['{"m": "m\\u00fcller\\u0040firma.de"}', '{"m": "[EMAIL]"}'],
  [
    "full width １２３-４５-６７８９ and wide ５３６-２２-１２３４",
    "full width １２３-４５-６７８９ and wide [NATIONAL_ID]",
  ],
  [`curl -H "Authorization: Bearer ${"a1B2".repeat(8)}"`, 'curl -H "Authorization: Bearer [SECRET]"'],
  ["the bearer of this letter", "the bearer of this letter"],
  ["postgres://shop:hunter2@db.internal/shop", "postgres://shop:[SECRET]@db.internal/shop"],
  ["https://shop.example/a:b@c", "https://shop.example/a:b@c"],
  [`-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- and on`, "[SECRET] and on"],
  [`gsk_${"aB3".repeat(16)}`, "[SECRET]"],
  [`pylf_v1_eu_${"aB3".repeat(12)}`, "[SECRET]"],
  ["sk-a-rather-long-name-of-a-branch", "sk-a-rather-long-name-of-a-branch"],
  [`task_${"a1".repeat(20)} risk-${"a1".repeat(20)}`, `task_${"a1".repeat(20)} risk-${"a1".repeat(20)}`],
];
for (const [text, said] of cases) {
  test(`redacts: ${text.slice(0, 30)}`, () => {
    assert.equal(redactPatterns("x", text), said);
  });
}

test("patterns come to an end on long hostile texts", () => {
  for (const text of [
    "a@".repeat(50_000),
    "1 ".repeat(50_000),
    "a.".repeat(50_000) + "@",
    "DE12" + "A1B2 ".repeat(20_000),
    "eyJ" + "a".repeat(100_000),
    "eyJ".repeat(30_000),
    "Bearer " + "a".repeat(100_000),
    "Bearer ".repeat(20_000),
    "://a:".repeat(20_000),
    "sk-".repeat(30_000),
    "-----BEGIN PRIVATE KEY-----".repeat(5_000),
    ...[
      "0",
      "1 ",
      "1.",
      "12-",
      "+1",
      "00 1",
      "(0",
      "A1",
      "DE12",
      "\\",
      '\\"',
      "\\u0040",
      "é@é.",
      "token:",
      "password='",
    ].map((piece) => piece.repeat(Math.floor(120_000 / piece.length))),
    ...[
      "key:[",
      '"key":["',
      "cookie=",
      "eyJa.eyJ",
      "basic ",
      "curl -u a:",
      "%40a",
      "ａ１",
      "pass is ",
      "4111 ",
    ].map((piece) => piece.repeat(Math.floor(120_000 / piece.length))),
  ]) {
    const began = performance.now();
    redactPatterns("x", text);
    assert.ok(performance.now() - began < 2000, text.slice(0, 4));
  }
});

test("names in one word cost no multiple of the text, and what comes behind them is still found", () => {
  for (const piece of ["cookie=", "token:"]) {
    const began = process.cpuUsage();
    const said = redactPatterns("x", piece.repeat(34_000) + " \n authorization: opaque12345 a@b.example");
    const { user, system } = process.cpuUsage(began);
    assert.ok(said.endsWith(" \n authorization: [SECRET] [EMAIL]"), said.slice(-100));
    assert.ok((user + system) / 1000 < 700, `${piece}: ${(user + system) / 1000} ms`);
  }
});

test("a long text is looked at in windows and nothing is lost between them", () => {
  for (const shift of [0, 1, 7, 12]) {
    const text = "x".repeat(256 * 1024 - shift) + " SSN 536-22-1234 " + "y".repeat(300_000) + " a@b.example";
    const said = redactPatterns("x", text);
    assert.ok(said.includes(" SSN [NATIONAL_ID] y") && said.endsWith(" [EMAIL]"), String(shift));
  }
});

test("fields of secrets go whole, those of machines are not looked at", () => {
  const clean = redactor(true);
  assert.equal(clean?.("http.request.header.authorization", "opaque"), "[SECRET]");
  assert.equal(clean?.("gen_ai.response.id", "chatcmpl-4111111111111111"), "chatcmpl-4111111111111111");
  const own = redactor([true, (field, text) => `${field}=${text}`]);
  assert.equal(own?.("service.name", "shop"), "service.name=shop", "own functions see every field");
  assert.equal(redactor({ fields: { "service.name": "drop" } })?.("service.name", "shop"), null);
});

test("functions run in their order; where one fails the text stays here", (t) => {
  t.mock.method(console, "warn", () => undefined);
  const both = redactor([true, (field, text) => (field === "user.id" ? "hash" : text)]);
  assert.equal(both?.("user.id", "a@b.example"), "hash");
  assert.equal(both?.("input.value", "a@b.example"), "[EMAIL]");
  assert.equal(redactor(() => 5 as never)?.("x", "secret"), "[redaction failed]");
  assert.equal(redactor(false), undefined);
  assert.equal(redactor(undefined), undefined);
});

test("content is known in everybody's words, metadata stays", () => {
  const content = [
    "input.value",
    "gen_ai.input.messages",
    "llm.input_messages.0.message.content",
    "ai.prompt.messages",
    "traceloop.entity.input",
    "gen_ai.prompt.0.content",
    "retrieval.documents.1.document.content",
    "ai.response.text",
  ];
  for (const key of content) assert.ok(isContent(key), key);
  for (const key of [
    "gen_ai.request.model",
    "user.id",
    "gen_ai.usage.input_tokens",
    "llm.model_name",
    "ai.model.id",
  ]) {
    assert.ok(!isContent(key), key);
  }
});
