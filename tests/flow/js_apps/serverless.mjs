// A function of a cloud: it is frozen as soon as it has answered, so it sends before.
import { context, flush, init, trace, traced } from "@sightline/sdk";

init({ service: "function" });
const answer = traced("answer", async (question) => `${question}!`);

export async function run(event) {
  try {
    return await context({ user: event.user }, () => trace("run", () => answer(event.question)));
  } finally {
    await flush(2000);
  }
}
