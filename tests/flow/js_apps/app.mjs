// An application on Express with what AI applications use: OpenAI, Anthropic, the Vercel AI SDK, a Web-standard
// handler as Next.js has them. `node app.mjs`; its first line on the console is its port.
import { init, context, feedback, currentTrace, flush, handler, middleware, traced, traceHeaders, vercel } from "@sightline/sdk";

const report = init({ service: "shop", environment: "test", release: "1.2.3", propagate: ["session"] });
await report.ready;

const { default: OpenAI } = await import("openai");
const { default: Anthropic } = await import("@anthropic-ai/sdk");
const { generateText, streamText } = await import("ai");
const { createOpenAI } = await import("@ai-sdk/openai");
const { default: express } = await import("express");

const { PROVIDER_URL, PYTHON_URL, ORIGIN = "*" } = process.env;
const openai = new OpenAI({ apiKey: "none", baseURL: `${PROVIDER_URL}/v1` });
const anthropic = new Anthropic({ apiKey: "none", baseURL: PROVIDER_URL });
const vercelOpenai = createOpenAI({ apiKey: "none", baseURL: `${PROVIDER_URL}/v1` });
const question = [{ role: "user", content: "What is a span?" }];

const app = express();
app.use((request, response, next) => {
  response.set({ "access-control-allow-origin": ORIGIN, "access-control-allow-headers": "traceparent, baggage, content-type" });
  if (request.method === "OPTIONS") response.sendStatus(204);
  else next();
});
app.use(express.json());
app.use(middleware({ context: (request) => ({ user: request.get("x-user") ?? "alice", session: request.get("x-session") }) }));

app.post("/openai", async (request, response) => {
  const answer = await openai.chat.completions.create({ model: "gpt-4o", messages: question, temperature: 0.5 });
  response.json({ answer: answer.choices[0].message.content, ...currentTrace() });
});

app.post("/openai/stream", async (request, response) => {
  response.type("text/event-stream");
  const stream = await openai.chat.completions.create({
    model: "gpt-4o", messages: question, stream: true, stream_options: { include_usage: true },
  });
  response.write(`data: ${JSON.stringify(currentTrace())}\n\n`);
  for await (const chunk of stream) response.write(`data: ${JSON.stringify(chunk.choices[0]?.delta?.content ?? "")}\n\n`);
  response.end();
});

// Calls that fail: refused by the provider, and broken off in the middle of a stream.
app.post("/openai/fails/:model", async (request, response) => {
  const words = [];
  try {
    const asked = { model: request.params.model, messages: question, stream: request.params.model === "broken" };
    const stream = await openai.chat.completions.create(asked, { maxRetries: 0 });
    for await (const chunk of stream) words.push(chunk.choices[0]?.delta?.content);
    throw new Error("it did not fail");
  } catch (error) {
    response.json({ error: error.constructor.name, status: error.status, words: words.length, ...currentTrace() });
  }
});

app.post("/anthropic", async (request, response) => {
  const answer = await anthropic.messages.create({ model: "claude-sonnet-4-5", max_tokens: 100, messages: question });
  response.json({ answer: answer.content[0].text, ...currentTrace() });
});

app.post("/anthropic/stream", async (request, response) => {
  const stream = anthropic.messages.stream({ model: "claude-sonnet-4-5", max_tokens: 100, messages: question });
  response.json({ answer: (await stream.finalMessage()).content[0].text, ...currentTrace() });
});

app.post("/vercel", async (request, response) => {
  const { text } = await generateText({
    model: vercelOpenai.chat("gpt-4o"), prompt: "What is a span?", experimental_telemetry: vercel("explain"),
  });
  response.json({ answer: text, ...currentTrace() });
});

app.post("/vercel/stream", async (request, response) => {
  const result = streamText({
    model: vercelOpenai.chat("gpt-4o"), prompt: "What is a span?", experimental_telemetry: vercel("explain"),
  });
  let text = "";
  for await (const part of result.textStream) text += part;
  response.json({ answer: text, ...currentTrace() });
});

const ask = traced("ask python", async (words) => {
  const answer = await fetch(`${PYTHON_URL}/search`, { method: "POST", headers: traceHeaders(), body: words });
  return answer.json();
});

app.post("/python", async (request, response) => {
  response.json({ answer: await ask("spans"), ...currentTrace() });
});

app.post("/feedback", (request, response) => {
  response.json({ id: feedback({ ...request.body }) });
});

app.post("/flush", async (request, response) => {
  response.json({ flushed: await flush(), report: { found: report.found, turnedOn: report.turnedOn, toInstall: report.toInstall } });
});

// A route handler as Next.js calls it: a Request in, a Response out that is still being written.
const POST = handler(
  async (request) => {
    const { user } = await request.json();
    return context({ user, feature: "chat" }, async () => {
      const stream = await openai.chat.completions.create({ model: "gpt-4o", messages: question, stream: true });
      const encoder = new TextEncoder();
      const body = new ReadableStream({
        async start(controller) {
          for await (const chunk of stream) controller.enqueue(encoder.encode(chunk.choices[0]?.delta?.content ?? ""));
          controller.close();
        },
      });
      return new Response(body, { headers: { "x-trace": currentTrace().traceId, "content-type": "text/plain" } });
    });
  },
  { name: "POST /next" },
);

app.use(async (error, request, response, next) => {
  console.error(error);
  response.status(500).json({ error: String(error) });
});

const { createServer } = await import("node:http");
const server = createServer(async (request, response) => {
  if (!request.url.startsWith("/next")) return app(request, response);
  const parts = [];
  for await (const part of request) parts.push(part);
  const asked = new Request(`http://localhost${request.url}`, { method: "POST", headers: request.headers, body: Buffer.concat(parts) });
  const answer = await POST(asked, { params: {} });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  for await (const part of answer.body) response.write(part);
  response.end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
