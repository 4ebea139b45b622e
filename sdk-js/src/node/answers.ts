// What providers' answers say, whole or piece by piece: text, tool calls, model, reason of the end, usage.

/** Tokens; `input` includes what came from cache, `output` includes reasoning. */
export interface Usage {
  input?: number | undefined;
  output?: number | undefined;
  cacheRead?: number | undefined;
  cacheWrite?: number | undefined;
  reasoning?: number | undefined;
}

type Obj = Record<string, unknown>;
const obj = (value: unknown): Obj | undefined =>
  typeof value === "object" && value !== null ? (value as Obj) : undefined;
const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

interface ToolCall {
  id?: string | undefined;
  name?: string | undefined;
  arguments: string;
}

/** Reads answers of OpenAI (chat, responses), Anthropic, Gemini, Ollama and the Vercel AI SDK. */
export class Answer {
  text = "";
  model: string | undefined;
  id: string | undefined;
  finish: string[] = [];
  usage: Usage = {};
  readonly tools: ToolCall[] = [];

  constructor(private readonly limit: number) {}

  /** Takes in a whole answer or a chunk of one; what it does not know it leaves. */
  read(value: unknown): void {
    if (typeof value === "string") {
      this.say(value);
      return;
    }
    const found = obj(value);
    if (!found) return;
    const type = text(found.type) ?? "";
    if (type.startsWith("response.") || found.object === "response") this.responses(found, type);
    else if (Array.isArray(found.choices)) this.chat(found);
    else if (found.type === "message" || type.startsWith("message_") || type.startsWith("content_block")) {
      this.anthropic(found, type);
    } else if (found.candidates || found.usageMetadata) this.gemini(found);
    else this.others(found);
  }

  /** The message as semantic conventions have it; undefined when nothing was said. */
  messages(): object[] | undefined {
    const parts: object[] = this.text ? [{ type: "text", content: this.text }] : [];
    for (const call of this.tools)
      parts.push({ type: "tool_call", id: call.id, name: call.name, arguments: call.arguments });
    return parts.length ? [{ role: "assistant", parts, finish_reason: this.finish[0] ?? "" }] : undefined;
  }

  private say(words: unknown): void {
    if (typeof words === "string" && this.text.length < this.limit) this.text += words;
  }

  private add(usage: Usage): void {
    for (const key of Object.keys(usage) as (keyof Usage)[]) {
      if (usage[key] !== undefined) this.usage[key] = usage[key];
    }
  }

  private tool(at: number, id: unknown, name: unknown, words: unknown): void {
    const call = (this.tools[at] ??= { arguments: "" });
    call.id ??= text(id);
    call.name ??= text(name);
    if (words !== undefined && call.arguments.length < this.limit) {
      call.arguments += typeof words === "string" ? words : JSON.stringify(words);
    }
  }

  private ended(reason: unknown): void {
    if (text(reason)) this.finish = [String(reason)];
  }

  private identity(found: Obj): void {
    this.model = text(found.model) ?? this.model;
    this.id = text(found.id) ?? this.id;
  }

  private chat(found: Obj): void {
    this.identity(found);
    const reasons: string[] = [];
    for (const choice of list(found.choices).map(obj)) {
      const message = obj(choice?.message) ?? obj(choice?.delta);
      this.say(message?.content ?? choice?.text);
      for (const call of list(message?.tool_calls).map(obj)) {
        const asked = obj(call?.function);
        this.tool(number(call?.index) ?? this.tools.length, call?.id, asked?.name, asked?.arguments);
      }
      if (text(choice?.finish_reason)) reasons.push(String(choice?.finish_reason));
    }
    if (reasons.length) this.finish = reasons;
    const usage = obj(found.usage);
    if (usage) {
      this.add({
        input: number(usage.prompt_tokens),
        output: number(usage.completion_tokens),
        cacheRead: number(obj(usage.prompt_tokens_details)?.cached_tokens),
        reasoning: number(obj(usage.completion_tokens_details)?.reasoning_tokens),
      });
    }
  }

  private responses(found: Obj, type: string): void {
    if (type === "response.output_text.delta") {
      this.say(found.delta);
      return;
    }
    const answer = obj(found.response) ?? (found.object === "response" ? found : undefined);
    if (!answer) return;
    this.identity(answer);
    const usage = obj(answer.usage);
    if (usage) {
      this.add({
        input: number(usage.input_tokens),
        output: number(usage.output_tokens),
        cacheRead: number(obj(usage.input_tokens_details)?.cached_tokens),
        reasoning: number(obj(usage.output_tokens_details)?.reasoning_tokens),
      });
    }
    const over = ["completed", "incomplete", "failed", "cancelled"].includes(String(answer.status));
    if (over) this.ended(obj(answer.incomplete_details)?.reason ?? answer.status);
    if (!over && type) return;
    const said: string[] = [];
    for (const item of list(answer.output).map(obj)) {
      for (const part of list(item?.content).map(obj)) if (text(part?.text)) said.push(String(part?.text));
      if (item?.type === "function_call")
        this.tool(this.tools.length, item.call_id, item.name, item.arguments);
    }
    if (!this.text) this.say(said.join("\n"));
  }

  private anthropic(found: Obj, type: string): void {
    const message = type === "message_start" ? obj(found.message) : type === "message" ? found : undefined;
    if (message) {
      this.identity(message);
      this.ended(message.stop_reason);
      for (const [at, block] of list(message.content).entries()) this.block(at, obj(block));
    }
    if (type === "content_block_start") this.block(number(found.index) ?? 0, obj(found.content_block));
    const delta = obj(found.delta);
    if (type === "content_block_delta") {
      this.say(delta?.text);
      if (delta?.type === "input_json_delta")
        this.tool(number(found.index) ?? 0, undefined, undefined, delta.partial_json);
    }
    if (type === "message_delta") this.ended(delta?.stop_reason);
    const usage = obj(message?.usage) ?? obj(found.usage);
    if (!usage) return;
    const fresh = number(usage.input_tokens);
    const cacheRead = number(usage.cache_read_input_tokens);
    const cacheWrite = number(usage.cache_creation_input_tokens);
    // Anthropic says what came from cache beside the input, not within it.
    const input = fresh === undefined ? undefined : fresh + (cacheRead ?? 0) + (cacheWrite ?? 0);
    this.add({ input, output: number(usage.output_tokens), cacheRead, cacheWrite });
  }

  private block(at: number, block: Obj | undefined): void {
    if (block?.type === "text") this.say(block.text);
    if (block?.type !== "tool_use") return;
    const asked = obj(block.input);
    this.tool(at, block.id, block.name, asked && Object.keys(asked).length ? asked : undefined);
  }

  private gemini(found: Obj): void {
    this.model = text(found.modelVersion) ?? this.model;
    this.id = text(found.responseId) ?? this.id;
    for (const candidate of list(found.candidates).map(obj)) {
      for (const part of list(obj(candidate?.content)?.parts).map(obj)) this.say(part?.text);
      this.ended(candidate?.finishReason);
    }
    const usage = obj(found.usageMetadata);
    if (!usage) return;
    const reasoning = number(usage.thoughtsTokenCount);
    const output = number(usage.candidatesTokenCount);
    this.add({
      input: number(usage.promptTokenCount),
      output: output === undefined ? undefined : output + (reasoning ?? 0),
      cacheRead: number(usage.cachedContentTokenCount),
      reasoning,
    });
  }

  /** Ollama, the Vercel AI SDK, embeddings. */
  private others(found: Obj): void {
    this.identity(found);
    this.say(obj(found.message)?.content ?? found.text ?? found.response);
    this.ended(found.finishReason ?? found.done_reason);
    const usage = obj(found.usage);
    this.add({
      input: number(
        usage?.inputTokens ?? usage?.promptTokens ?? usage?.prompt_tokens ?? found.prompt_eval_count,
      ),
      output: number(
        usage?.outputTokens ?? usage?.completionTokens ?? usage?.completion_tokens ?? found.eval_count,
      ),
      cacheRead: number(usage?.cachedInputTokens),
      reasoning: number(usage?.reasoningTokens),
    });
  }
}
