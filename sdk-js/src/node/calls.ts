// Calls of models, retrieval and tools that nothing else instruments.
import { type Span, SpanKind } from "@opentelemetry/api";
import * as names from "../names.js";
import { textOf } from "../core/values.js";
import { Answer, type Usage } from "./answers.js";
import { ChunkClock } from "./chunk_clock.js";
import {
  type ActiveSpan,
  begin,
  capturing,
  face,
  limit,
  quietly,
  setAll,
  setValue,
  type SpanOptions,
} from "./spans.js";
import { inSpan } from "./running.js";

/** What is asked of a model. */
export interface LlmCall extends Omit<SpanOptions, "name" | "kind" | "input"> {
  model: string;
  /** "openai", "anthropic"… */
  provider?: string | undefined;
  messages?: unknown;
  system?: unknown;
  /** "chat" unless given; "embeddings", "text_completion"… */
  operation?: string | undefined;
  name?: string | undefined;
  /** Parameters such as temperature, max_tokens, top_p. */
  parameters?: Record<string, unknown> | undefined;
}

/** The span of a call; the answer is read from what `fn` returns, these are for what that does not say. */
export interface ActiveCall extends ActiveSpan {
  usage(usage: Usage): void;
  /** Model and id that answered, and why it stopped. */
  response(said: { model?: string; id?: string; finishReason?: string }): void;
}

/**
 * A call of a model. Text, tool calls, tokens and model are read from the result, also of a stream, which is
 * given on and whose first chunk and gaps are measured.
 *
 *     const answer = await llmCall({ model: "llama-4", provider: "own", messages }, () => ask(messages));
 */
export function llmCall<T>(call: LlmCall, fn: (call: ActiveCall) => T): T {
  const operation = textOf(call.operation ?? "chat", 100);
  const kind = operation === "embeddings" ? "embedding" : "llm";
  const name = call.name ?? `${operation} ${textOf(call.model, 100)}`;
  const [span, parent] = begin({ ...call, name, kind, capture: false }, SpanKind.CLIENT);
  quietly("llmCall()", () => {
    span.setAttribute(names.OPERATION, operation);
    setAll(span, { [names.REQUEST_MODEL]: call.model, [names.PROVIDER]: call.provider });
    for (const [key, value] of Object.entries(call.parameters ?? {}))
      setAll(span, { [`gen_ai.request.${key}`]: value });
    if (call.capture === false || !capturing()) return;
    if (call.messages !== undefined)
      span.setAttribute(names.INPUT_MESSAGES, textOf(conversation(call.messages), limit()));
    if (call.system !== undefined) span.setAttribute(names.SYSTEM_INSTRUCTIONS, textOf(call.system, limit()));
  });
  const answer = new Answer(limit());
  const clock = new ChunkClock();
  const said: Usage = {};
  const active: ActiveCall = {
    ...face(span),
    usage: (usage) => {
      quietly("usage()", () => Object.assign(said, usage));
    },
    response: (told) => {
      quietly("response()", () => {
        const { model, id, finishReason } = told;
        answer.model = model ?? answer.model;
        answer.id = id ?? answer.id;
        if (finishReason) answer.finish = [finishReason];
      });
    },
  };
  return inSpan(span, parent, () => fn(active), {
    chunk: (chunk) => {
      clock.tick();
      answer.read(chunk);
    },
    result: (value, streamed) => {
      if (!streamed) answer.read(value);
      if (streamed) clock.note(span, true);
      noteAnswer(span, answer, said, call.capture !== false && capturing());
    },
  });
}

function conversation(messages: unknown): unknown {
  return typeof messages === "string" ? [{ role: "user", content: messages }] : messages;
}

/** Sets tokens on a span; what is not known is left out. */
export function noteUsage(span: Span, usage: Usage): void {
  setAll(span, {
    [names.INPUT_TOKENS]: usage.input,
    [names.OUTPUT_TOKENS]: usage.output,
    [names.CACHE_READ_TOKENS]: usage.cacheRead,
    [names.CACHE_WRITE_TOKENS]: usage.cacheWrite,
    [names.REASONING_TOKENS]: usage.reasoning,
  });
}

function noteAnswer(span: Span, answer: Answer, said: Usage, content: boolean): void {
  setAll(span, {
    [names.RESPONSE_MODEL]: answer.model,
    [names.RESPONSE_ID]: answer.id,
    [names.FINISH_REASONS]: answer.finish.length ? answer.finish : undefined,
  });
  noteUsage(span, { ...answer.usage, ...said });
  const messages = content ? answer.messages() : undefined;
  if (messages) span.setAttribute(names.OUTPUT_MESSAGES, textOf(messages, limit()));
}

/** What is looked for. */
export interface Retrieval extends Omit<SpanOptions, "name" | "kind" | "input"> {
  query: string;
  /** Which index or collection. */
  source?: string | undefined;
  topK?: number | undefined;
  name?: string | undefined;
}

/**
 * A search for documents. The documents are the result, or its `documents`, `matches`, `results` or `hits`.
 *
 *     const found = await retrieval({ query, source: "handbook", topK: 5 }, () => index.search(query, 5));
 */
export function retrieval<T>(asked: Retrieval, fn: (span: ActiveSpan) => T): T {
  const name = asked.name ?? (asked.source ? `retrieval ${textOf(asked.source, 100)}` : "retrieval");
  const [span, parent] = begin({ ...asked, name, kind: "retriever", capture: false }, SpanKind.CLIENT);
  const content = (): boolean => asked.capture !== false && capturing();
  quietly("retrieval()", () => {
    setAll(span, {
      [names.OPERATION]: "retrieval",
      [names.DATA_SOURCE]: asked.source,
      [names.RETRIEVAL_TOP_K]: asked.topK,
    });
    if (content()) span.setAttribute(names.RETRIEVAL_QUERY, textOf(asked.query, limit()));
  });
  return inSpan(span, parent, () => fn(face(span)), {
    result: (value) => {
      const documents = documentsOf(value);
      if (documents && content()) span.setAttribute(names.RETRIEVAL_DOCUMENTS, textOf(documents, limit()));
    },
  });
}

function documentsOf(value: unknown): unknown[] | undefined {
  const whole = value as Record<string, unknown> | undefined | null;
  const found = [value, whole?.documents, whole?.matches, whole?.results, whole?.hits].find(Array.isArray) as
    unknown[] | undefined;
  return found?.map((item) => {
    if (typeof item === "string") return { content: item };
    const doc = item as Record<string, unknown> | null;
    const id = doc?.id ?? doc?._id;
    const content = doc?.content ?? doc?.text ?? doc?.pageContent ?? doc?.page_content;
    if (id === undefined && content === undefined) return item;
    return { id, content, score: doc?.score ?? doc?._score, metadata: doc?.metadata };
  });
}

/** Which tool, with which arguments. */
export interface ToolUse extends Omit<SpanOptions, "kind" | "input"> {
  arguments?: unknown;
  callId?: string | undefined;
}

/**
 * A tool at work.
 *
 *     const weather = await tool({ name: "weather", arguments: { city } }, () => forecast(city));
 */
export function tool<T>(used: ToolUse | string, fn: (span: ActiveSpan) => T): T {
  const use = typeof used === "string" ? { name: used } : used;
  const [span, parent] = begin({
    ...use,
    name: `execute_tool ${textOf(use.name, 100)}`,
    kind: "tool",
    capture: false,
  });
  const content = (): boolean => use.capture !== false && capturing();
  quietly("tool()", () => {
    setAll(span, {
      [names.OPERATION]: "execute_tool",
      [names.TOOL_NAME]: use.name,
      [names.TOOL_CALL_ID]: use.callId,
    });
    if (use.arguments !== undefined && content())
      span.setAttribute(names.TOOL_ARGUMENTS, textOf(use.arguments, limit()));
  });
  return inSpan(span, parent, () => fn(face(span)), {
    result: (value, streamed) => {
      if (!streamed && value !== undefined && content())
        span.setAttribute(names.TOOL_RESULT, textOf(value, limit()));
    },
  });
}

/** Notes a value as output; for `trace()`. */
export function noteOutput(span: Span, value: unknown): void {
  setValue(span, names.OUTPUT_VALUE, names.OUTPUT_MIME_TYPE, value);
}
