// A program in TypeScript that uses everything; it must compile with `tsc --strict`, as ESM and as CommonJS.
import {
  init, context, trace, traced, llmCall, retrieval, tool, score, feedback, flush, shutdown, handler, middleware,
  counts, type ActiveSpan, type Options, type Score, type Usage,
} from "@sightline/sdk";
import { trace as browserTrace, init as browserInit, type PageSpan } from "@sightline/sdk/browser";

const options: Options = { service: "typed", sampling: { ratio: 0.5, slowMs: 1000 }, redact: [true, (_field, text) => text] };
const report = init(options);
const found: string[] = report.found;

const add = traced("add", (a: number, b: number): number => a + b);
const sum: number = add(1, 2);
const later: Promise<string> = trace("later", async (span: ActiveSpan) => `${span.traceId}`);
const result: number = context({ user: "u", session: null, tags: ["a"] }, () => sum);
const usage: Usage = { input: 1, output: 2 };
const said: Promise<string> = llmCall({ model: "m", messages: [] }, async (call) => {
  call.usage(usage);
  return "x";
});
async function* words(): AsyncGenerator<string> {
  yield "a";
}
const stream: AsyncGenerator<string> = trace("words", () => words());
const documents: Promise<{ id: number }[]> = retrieval({ query: "q", topK: 2 }, async () => [{ id: 1 }]);
const temperature: number = tool({ name: "t", arguments: { city: "Bern" } }, () => 20);
const judged: Score = { name: "helpful", value: true, source: "evaluator" };
const id: string | undefined = score(judged) ?? feedback({ value: "up", traceId: "0".repeat(32) });
const POST: (request: Request) => Promise<Response> = handler(async (request: Request) => new Response(request.url));
const layer = middleware({ context: (request) => ({ user: String(request.headers["x-user"]) }) });
const pages: Promise<Response> = browserTrace("ask", (span: PageSpan) => span.run(() => fetch("/x")));
// @ts-expect-error a score has a name
score({ value: 1 });
// @ts-expect-error an endpoint is a text
init({ endpoint: 5 });
// @ts-expect-error the browser needs to know where to send
browserInit({});

void [found, later, result, said, stream, documents, temperature, id, POST, layer, pages, counts().spans.dropped];
export const done: Promise<[boolean, void]> = Promise.all([flush(), shutdown(500)]);
