import assert from "node:assert/strict";
import { test } from "node:test";
import { Answer } from "../src/node/answers.js";

const read = (...values: unknown[]): Answer => {
  const answer = new Answer(10_000);
  for (const value of values) answer.read(value);
  return answer;
};

test("OpenAI chat, whole", () => {
  const answer = read({
    object: "chat.completion",
    id: "c-1",
    model: "gpt-4o-2024-08-06",
    choices: [
      {
        finish_reason: "tool_calls",
        message: {
          role: "assistant",
          content: "Hello",
          tool_calls: [{ id: "t1", function: { name: "f", arguments: '{"a":1}' } }],
        },
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
  });
  assert.deepEqual([answer.model, answer.id, answer.finish], ["gpt-4o-2024-08-06", "c-1", ["tool_calls"]]);
  assert.deepEqual(answer.usage, { input: 10, output: 5, cacheRead: 4, reasoning: 2 });
  assert.deepEqual(answer.messages(), [
    {
      role: "assistant",
      finish_reason: "tool_calls",
      parts: [
        { type: "text", content: "Hello" },
        { type: "tool_call", id: "t1", name: "f", arguments: '{"a":1}' },
      ],
    },
  ]);
});

test("OpenAI chat, in chunks, usage in the last one", () => {
  const answer = read(
    { choices: [{ delta: { role: "assistant", content: "" } }], id: "c", model: "m" },
    { choices: [{ delta: { content: "Hel" } }] },
    {
      choices: [
        {
          delta: {
            content: "lo",
            tool_calls: [{ index: 0, id: "t", function: { name: "f", arguments: '{"a"' } }],
          },
        },
      ],
    },
    {
      choices: [
        { delta: { tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }, finish_reason: "stop" },
      ],
    },
    { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
  );
  assert.deepEqual([answer.text, answer.tools[0]?.arguments, answer.finish], ["Hello", '{"a":1}', ["stop"]]);
  assert.deepEqual(answer.usage, { input: 3, output: 2 });
});

test("OpenAI responses, whole and in events: the text counts once", () => {
  const whole = {
    object: "response",
    id: "r",
    model: "m",
    status: "completed",
    output: [
      { type: "message", content: [{ type: "output_text", text: "Hi" }] },
      { type: "function_call", call_id: "x", name: "f", arguments: "{}" },
    ],
    usage: {
      input_tokens: 7,
      output_tokens: 3,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 1 },
    },
  };
  const events = read(
    { type: "response.created", response: { ...whole, output: [], status: "in_progress", usage: null } },
    { type: "response.output_text.delta", delta: "H" },
    { type: "response.output_text.delta", delta: "i" },
    { type: "response.completed", response: whole },
  );
  for (const answer of [read(whole), events]) {
    assert.deepEqual([answer.text, answer.tools.length, answer.finish], ["Hi", 1, ["completed"]]);
    assert.deepEqual(answer.usage, { input: 7, output: 3, cacheRead: 0, reasoning: 1 });
  }
});

test("Anthropic: what came from cache is part of the input", () => {
  const usage = {
    input_tokens: 5,
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 20,
    output_tokens: 1,
  };
  const whole = read({
    type: "message",
    id: "m1",
    model: "claude",
    stop_reason: "end_turn",
    content: [
      { type: "text", text: "Hi" },
      { type: "tool_use", id: "t", name: "f", input: { a: 1 } },
    ],
    usage: { ...usage, output_tokens: 9 },
  });
  assert.deepEqual(whole.usage, { input: 125, output: 9, cacheRead: 100, cacheWrite: 20 });
  assert.deepEqual([whole.text, whole.tools.at(-1)?.arguments], ["Hi", '{"a":1}']);
  const events = read(
    { type: "message_start", message: { type: "message", id: "m1", model: "claude", content: [], usage } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
    {
      type: "content_block_start",
      index: 1,
      content_block: { type: "tool_use", id: "t", name: "f", input: {} },
    },
    { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"a":1}' } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
    { type: "message_stop" },
  );
  assert.deepEqual(events.usage, whole.usage);
  assert.deepEqual(
    [events.text, events.tools.at(-1)?.arguments, events.finish],
    ["Hi", '{"a":1}', ["end_turn"]],
  );
});

test("Gemini, Ollama, the Vercel AI SDK, embeddings, plain text", () => {
  const gemini = read({
    candidates: [{ content: { parts: [{ text: "Hi" }] }, finishReason: "STOP" }],
    modelVersion: "g",
    usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, thoughtsTokenCount: 3 },
  });
  assert.deepEqual([gemini.text, gemini.usage.output, gemini.usage.reasoning], ["Hi", 5, 3]);
  const ollama = read({
    model: "l",
    message: { content: "Hi" },
    done: true,
    done_reason: "stop",
    prompt_eval_count: 3,
    eval_count: 2,
  });
  assert.deepEqual([ollama.text, ollama.usage, ollama.finish], ["Hi", { input: 3, output: 2 }, ["stop"]]);
  const vercel = read({
    text: "Hi",
    finishReason: "stop",
    usage: { inputTokens: 3, outputTokens: 2, cachedInputTokens: 1 },
  });
  assert.deepEqual(vercel.usage, { input: 3, output: 2, cacheRead: 1 });
  assert.deepEqual(read({ object: "list", data: [{ embedding: [1] }], usage: { prompt_tokens: 3 } }).usage, {
    input: 3,
  });
  assert.equal(read("a", "b").text, "ab");
});

test("nonsense is left alone, text is bounded", () => {
  const answer = read(
    null,
    5,
    [],
    { choices: "x" },
    { choices: [null, 5, { message: 7 }] },
    { type: "message", content: 5 },
    { usage: 5 },
  );
  assert.deepEqual([answer.text, answer.usage, answer.messages()], ["", {}, undefined]);
  const long = new Answer(100);
  for (let i = 0; i < 1000; i++) long.read("x".repeat(50));
  assert.ok(long.text.length <= 150);
});
