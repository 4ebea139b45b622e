import assert from "node:assert/strict";
import { test } from "node:test";
import { isContent } from "../src/node/content.js";
import { redactPatterns } from "../src/node/patterns.js";
import { redactor } from "../src/node/redaction.js";

const cases: [string, string][] = [
  ["write to alice@example.com, please", "write to [email], please"],
  ["card 4111 1111 1111 1111 ok", "card [card] ok"],
  ["no card 4111 1111 1111 1112 here", "no card 4111 1111 1111 1112 here"],
  ["IBAN DE89 3704 0044 0532 0130 00.", "IBAN [iban]."],
  ["not DE89 3704 0044 0532 0130 02", "not DE89 3704 0044 0532 0130 02"],
  [`key sk-proj-${"a1B2".repeat(8)} end`, "key [key] end"],
  [`ghp_${"a".repeat(36)}`, "[key]"],
  ["order 1234567890123456 of zeros 0000000000000000", "order 1234567890123456 of zeros 0000000000000000"],
  ["nothing at all", "nothing at all"],
  [`curl -H "Authorization: Bearer ${"a1B2".repeat(8)}"`, 'curl -H "Authorization: Bearer [key]"'],
  ["the bearer of this letter", "the bearer of this letter"],
  ["postgres://shop:hunter2@db.internal/shop", "postgres://shop:[key]@db.internal/shop"],
  ["https://shop.example/a:b@c", "https://shop.example/a:b@c"],
  [`-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- and on`, "[key] and on"],
  [`gsk_${"aB3".repeat(16)}`, "[key]"],
  [`pylf_v1_eu_${"aB3".repeat(12)}`, "[key]"],
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
  ]) {
    const began = performance.now();
    redactPatterns("x", text);
    assert.ok(performance.now() - began < 2000, text.slice(0, 4));
  }
});

test("functions run in their order; where one fails the text stays here", (t) => {
  t.mock.method(console, "warn", () => undefined);
  const both = redactor([true, (field, text) => (field === "user.id" ? "hash" : text)]);
  assert.equal(both?.("user.id", "a@b.example"), "hash");
  assert.equal(both?.("input.value", "a@b.example"), "[email]");
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
