// A program in TypeScript that uses everything; it must compile with `tsc --strict`, as ESM and as CommonJS.
import {
  init, context, trace, traced, llmCall, retrieval, tool, score, feedback, flush, shutdown, handler, middleware,
  counts, currentTrace, redactPatterns, spanProcessor, traceHeaders, vercel, VERSION,
  type ActiveSpan, type Count, type Options, type Redact, type Sampling, type Score, type Usage, type Who,
} from "@sightline/sdk";
import * as browser from "@sightline/sdk/browser";
import type { Outcome } from "@sightline/sdk/widget";

const sampling: Sampling = { ratio: 0.5, slowMs: 1000, keep: (spans) => spans.length > 5 };
const redact: Redact = [true, (_field, text) => text, () => null, { fields: { "user.id": "hash", "http.*": "drop" }, salt: "s" }];
const options: Options = { service: "typed", sampling, redact, propagate: ["session"], provider: false };
const report = init(options);
const found: string[] = report.found;
const ready: Promise<void> | undefined = report.ready;

const add = traced("add", (a: number, b: number): number => a + b);
const sum: number = add(1, 2);
const later: Promise<string> = trace("later", async (span: ActiveSpan) => `${span.traceId}`);
const who: Who = { user: "u", session: null, tags: ["a"], plan: { seats: 5 } };
const result: number = context(who, () => sum);
const usage: Usage = { input: 1, output: 2 };
const said: Promise<string> = llmCall({ model: "m", messages: [], parameters: { temperature: 0 } }, async (call) => {
  call.usage(usage);
  call.response({ model: "m-2", finishReason: "stop" });
  return "x";
});
async function* words(): AsyncGenerator<string> {
  yield "a";
}
const stream: AsyncGenerator<string> = trace({ name: "words", kind: "chain", input: 5 }, () => words());
const documents: Promise<{ id: number }[]> = retrieval({ query: "q", topK: 2 }, async () => [{ id: 1 }]);
const temperature: number = tool({ name: "t", arguments: { city: "Bern" } }, () => 20) + tool("u", () => 1);
const judged: Score = { name: "helpful", value: true, source: "evaluator" };
const id: string | undefined = score(judged) ?? feedback({ value: "up", traceId: "0".repeat(32) });
const ids: { traceId: string; spanId: string } | undefined = currentTrace();
const headers: Record<string, string> = traceHeaders();
const telemetry: { isEnabled: boolean } = vercel("summary", { plan: "pro" });
const clean: string = redactPatterns("input.value", VERSION);
const spans: Count = counts().spans;
const processors: { forceFlush(): Promise<void> }[] = [spanProcessor()];

// Overloads, generics and properties stay; methods keep their types behind a decorator.
function say(text: string): string;
function say(number: number): number;
function say(what: unknown): unknown {
  return what;
}
const spoken: [string, number] = [traced(say)("a"), traced("say", say)(1)];
const firstOf = traced({ kind: "tool", capture: false }, <T,>(items: readonly T[]): T | undefined => items[0]);
const first: number | undefined = firstOf([1]);
class Bot {
  @traced("answer")
  async answer(question: string): Promise<string> {
    return question;
  }
  @traced
  plain(): number {
    return 1;
  }
}
const answer: Promise<string> = new Bot().answer("why");

// A framework's own request, and what keeps a function of a cloud until all is sent.
class NextRequest extends Request {
  readonly nextUrl = new URL("http://x");
}
const GET: (request: NextRequest, info: { params: Promise<{ id: string }> }) => Promise<Response> = handler(
  async (request: NextRequest, info: { params: Promise<{ id: string }> }) =>
    new Response(request.nextUrl.pathname + (await info.params).id),
  { name: "GET /x", context: (request) => ({ path: request.nextUrl.pathname }), waitUntil: (work) => void work },
);
const POST: (request: Request) => Promise<Response> = handler(async (request) => new Response(request.url));
const layer = middleware({ context: (request) => ({ user: String(request.headers["x-user"]) }) });

browser.init({ endpoint: "https://x", key: "sl_p_x", propagateTo: [/x/], redact: (field, text) => (field ? text : null) });
browser.context({ user: "u" });
const pages: Promise<Response> = browser.trace("ask", (span: browser.PageSpan) => span.run(() => fetch("/x")));
const rated: string | undefined = browser.score({ name: "x", value: 1 }) ?? browser.feedback({ value: "down" });
const sent: number = browser.counts().sent;
const traceId: string | undefined = browser.currentTrace()?.traceId;
function listen(): void {
  const element = document.createElement("sightline-feedback");
  element.trace = "0".repeat(32);
  element.disabled = false;
  element.addEventListener("sightline-feedback", ({ detail }) => {
    const outcome: Promise<Outcome> = detail.sent;
    void [detail.value === null, outcome];
  });
}

// @ts-expect-error a score has a name
score({ value: 1 });
// @ts-expect-error a value is a number, true or false, or a word
score({ name: "x", value: [1] });
// @ts-expect-error thumbs are up or down
feedback({ value: "sideways" });
// @ts-expect-error an endpoint is a text
init({ endpoint: 5 });
// @ts-expect-error there is no such option
init({ api_key: "x" });
// @ts-expect-error there is no such rule
init({ redact: { fields: { "user.id": "shred" } } });
// @ts-expect-error the browser needs to know where to send
browser.init({});
// @ts-expect-error a call has a model
llmCall({ messages: [] }, () => 1);
// @ts-expect-error work is a function
trace("x", 5);
// @ts-expect-error the types of arguments stay
add("1", 2);
// @ts-expect-error the result's type stays
const wrong: string = trace("x", () => 5);
// @ts-expect-error there is no such kind
trace({ name: "x", kind: "thing" }, () => 1);

void [found, ready, later, result, said, stream, documents, temperature, id, ids, headers, telemetry, clean, spans];
void [processors, spoken, first, answer, GET, POST, layer, pages, rated, sent, traceId, listen, wrong];
export const done: Promise<[boolean, void]> = Promise.all([flush(), shutdown(500)]);
