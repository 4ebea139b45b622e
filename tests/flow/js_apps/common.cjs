// A program in CommonJS.
const { init, trace, llmCall, flush, counts } = require("@sightline/sdk");
init({ service: "common" });
const OpenAI = require("openai");
const openai = new OpenAI({ apiKey: "none", baseURL: `${process.env.PROVIDER_URL}/v1` });
(async () => {
  const traceId = await trace("root", async (span) => {
    const asked = { model: "gpt-4o", messages: [{ role: "user", content: "hi" }] };
    await openai.chat.completions.create(asked, { maxRetries: 0 }).catch((error) => span.error(error));
    return span.traceId;
  });
  const sent = await flush();
  console.log(JSON.stringify({ traceId, sent, ended: counts().spans.ended }));
})();
