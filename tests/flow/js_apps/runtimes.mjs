// A program that is the same in Node, Bun and Deno: `runtimes.mjs flush|idle|exit|signal|serve`.
import { context, counts, feedback, flush, handler, init, llmCall, retrieval, score, trace } from "@sightline/sdk";

const how = process.argv[2];
// Where neither variables nor files may be read, the options say all of it.
const sentTo = process.env.SENT_TO;
const report = init({ service: "runtimes", endpoint: sentTo, instrument: !sentTo });
await report.ready;

const wait = () => new Promise((done) => setTimeout(done, 2));

async function answer(question) {
  await wait();
  await retrieval({ query: question, source: "handbook" }, async () => [{ id: "1", content: "c", score: 0.5 }]);
  const asked = { model: "m", provider: "own", messages: [{ role: "user", content: question }] };
  const stream = await llmCall(asked, async function* (call) {
    yield "a ";
    await wait();
    yield "span";
    call.usage({ input: 1, output: 2 });
  });
  let said = "";
  for await (const piece of stream) said += piece;
  // Two at once: each finds its own parent behind an await.
  await Promise.all([1, 2].map((n) => trace(`branch ${n}`, () => wait().then(() => trace(`leaf ${n}`, wait)))));
  score({ name: "grounded", value: 0.9 });
  feedback({ value: "up" });
  return said;
}

if (how === "serve") {
  const { default: OpenAI } = await import("openai");
  const openai = new OpenAI({ apiKey: "none", baseURL: `${process.env.PROVIDER_URL}/v1` });
  const listener = handler(async () => {
    const messages = [{ role: "user", content: "What is a span?" }];
    const stream = await openai.chat.completions.create({ model: "gpt-4o", messages, stream: true });
    const body = new ReadableStream({
      async start(controller) {
        const encoder = new TextEncoder();
        for await (const chunk of stream) controller.enqueue(encoder.encode(chunk.choices[0]?.delta?.content ?? ""));
        controller.close();
      },
    });
    return new Response(body);
  });
  const at = { port: 0, hostname: "127.0.0.1" };
  if (globalThis.Deno) Deno.serve({ ...at, onListen: ({ port }) => console.log(port) }, listener);
  else console.log(Bun.serve({ ...at, fetch: listener }).port);
} else {
  await context({ user: "ada", session: "s-1" }, () => trace("answer", () => answer("what?")));
  if (how === "flush") console.log(JSON.stringify({ flushed: await flush(), counts: counts() }));
  if (how === "exit") process.exit(3);
  if (how === "signal") {
    setInterval(wait, 1000);
    console.log("ready");
  }
}
