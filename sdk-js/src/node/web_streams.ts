// Web streams and answers, watched on their way to whoever reads them.
import { forgotten, type Watcher } from "./watcher.js";

type Controller = ReadableStreamDefaultController<unknown> | ReadableByteStreamController;

/** The same web stream, watched. */
export function watchedReadable(stream: ReadableStream<unknown>, watcher: Watcher): ReadableStream<unknown> {
  const bytes = isOfBytes(stream);
  const reader = stream.getReader();
  const source = {
    async pull(controller: Controller): Promise<void> {
      try {
        const { done, value } = await reader.read();
        if (done) {
          watcher.done();
          controller.close();
          if (bytes) (controller as ReadableByteStreamController).byobRequest?.respond(0);
        } else {
          watcher.chunk(value);
          controller.enqueue(value as Uint8Array<ArrayBuffer>);
        }
      } catch (error) {
        watcher.failed(error);
        controller.error(error);
      }
    },
    async cancel(reason: unknown): Promise<void> {
      watcher.left("closed");
      await reader.cancel(reason);
    },
  };
  const fresh = bytes
    ? new ReadableStream({ ...source, type: "bytes" }, { highWaterMark: 0 })
    : new ReadableStream(source, { highWaterMark: 0 });
  forgotten.register(fresh, watcher);
  return fresh;
}

/** Whether it can be read into the reader's own buffers; what is given on shall be as good. */
function isOfBytes(stream: ReadableStream<unknown>): boolean {
  try {
    (stream as ReadableStream<Uint8Array<ArrayBuffer>>).getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/** The same answer with its body watched. */
export function watchedResponse(answer: Response, body: ReadableStream<unknown>, watcher: Watcher): Response {
  const { status, statusText, headers, url, redirected, type } = answer;
  // Statuses outside 200 to 599 and some types cannot be made anew; such an answer goes on unwatched.
  if (status < 200 || answer.bodyUsed || body.locked) {
    watcher.done();
    return answer;
  }
  const stream = watchedReadable(body, watcher) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const fresh = new Response(stream, { status, statusText, headers });
  for (const [key, value] of Object.entries({ url, redirected, type }))
    Object.defineProperty(fresh, key, { value, configurable: true });
  return fresh;
}
