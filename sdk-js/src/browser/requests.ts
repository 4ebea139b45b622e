// `fetch` and XMLHttpRequest to allowed origins: a span for each, the trace goes on in its header.
import * as names from "../names.js";
import { activeSpan, type Page, PageSpan } from "./tracer.js";
import { attributeName } from "../core/who.js";

/** Whether a request to an address carries the trace. */
export type Allowed = (url: URL) => boolean;

// Sightline may stand behind the page's own origin.
const OWN = ["/v1/traces", "/v1/logs"];
const STREAMS = /event-stream|ndjson|jsonl/;

/** The rule of `propagateTo`; the page's own origin is always allowed, the server of Sightline never. */
export function allowedBy(list: (string | RegExp)[], endpoint: string): Allowed {
  return (url) =>
    !OWN.some((path) => url.href.startsWith(endpoint + path)) &&
    (url.origin === location.origin ||
      list.some((one) =>
        // Not test(), which goes on where it was before in patterns with the flag g.
        typeof one === "string" ? url.origin === one.replace(/\/+$/, "") : url.href.search(one) >= 0,
      ));
}

function begun(page: Page, method: string, url: URL): PageSpan {
  const span = new PageSpan(page, `${method} ${url.pathname}`, activeSpan(page), 3);
  // Queries and fragments often carry what is nobody else's business.
  span.set({
    "http.request.method": method,
    "url.full": url.origin + url.pathname,
    "server.address": url.hostname,
  });
  return span;
}

function answered(span: PageSpan, status: number): void {
  span.set({ "http.response.status_code": status });
  if (status >= 400) span.error({ name: String(status), message: `HTTP ${status}` });
}

function baggage(span: PageSpan, propagate: string[]): string {
  return propagate
    .map(attributeName)
    .filter((name) => span.who[name] !== undefined)
    .map((name) => `${name}=${encodeURIComponent(String(span.who[name]))}`)
    .filter((entry) => entry.length < 300)
    .join(",");
}

/** Follows `fetch`; returns what takes that back. */
export function followFetch(page: Page, allowed: Allowed, propagate: string[]): () => void {
  const original = globalThis.fetch;
  const followed: typeof fetch = async (input, init) => {
    let span: PageSpan | undefined;
    let asked: Parameters<typeof fetch> = [input, init];
    const began = performance.now();
    try {
      const url = new URL(input instanceof Request ? input.url : String(input), location.href);
      if (allowed(url)) {
        const request = input instanceof Request ? input : undefined;
        const method = (init?.method ?? request?.method ?? "GET").toUpperCase();
        const headers = new Headers(init?.headers ?? request?.headers);
        span = begun(page, method, url);
        if (!headers.has("traceparent")) headers.set("traceparent", span.traceparent);
        const carried = baggage(span, propagate);
        if (carried && !headers.has("baggage")) headers.set("baggage", carried);
        asked = [input, { ...init, headers }];
      }
    } catch {
      // What the page asks for is its own business; `fetch` says what is wrong with it.
    }
    try {
      const answer = await original.apply(globalThis, asked);
      return span ? watched(span, answer, began) : answer;
    } catch (error) {
      span?.error(error);
      span?.end();
      throw error;
    }
  };
  globalThis.fetch = followed;
  return () => {
    if (globalThis.fetch === followed) globalThis.fetch = original;
  };
}

/** The answer, whose span ends with it; a stream's with its last chunk. */
function watched(span: PageSpan, answer: Response, began: number): Response {
  answered(span, answer.status);
  const { body, status, statusText, headers, url, redirected, type } = answer;
  if (!body || !STREAMS.test(headers.get("content-type") ?? "")) {
    span.end();
    return answer;
  }
  let chunks = 0;
  const reader = body.getReader();
  const stop = (): void => {
    span.set({ [names.CHUNKS]: chunks });
    span.end();
  };
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          stop();
          controller.close();
        } else {
          if (!chunks++) span.set({ [names.TIME_TO_FIRST_CHUNK]: (performance.now() - began) / 1000 });
          controller.enqueue(value);
        }
      } catch (error) {
        span.error(error);
        stop();
        controller.error(error);
      }
    },
    cancel(reason) {
      span.set({ [names.LEFT_EARLY]: "closed" });
      stop();
      return reader.cancel(reason);
    },
  });
  const fresh = new Response(stream, { status, statusText, headers });
  for (const [key, value] of Object.entries({ url, redirected, type }))
    Object.defineProperty(fresh, key, { value });
  return fresh;
}

interface Followed extends XMLHttpRequest {
  sightline?: [method: string, url: URL] | undefined;
}

/** Follows XMLHttpRequest; returns what takes that back. */
export function followXhr(page: Page, allowed: Allowed): () => void {
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (this: Followed, ...args: unknown[]) {
    try {
      const url = new URL(String(args[1]), location.href);
      this.sightline = allowed(url) ? [String(args[0]).toUpperCase(), url] : undefined;
    } catch {
      this.sightline = undefined;
    }
    return open.apply(this, args as Parameters<typeof open>);
  } as typeof open;
  XMLHttpRequest.prototype.send = function (this: Followed, body) {
    if (this.sightline) {
      const span = begun(page, ...this.sightline);
      this.setRequestHeader("traceparent", span.traceparent);
      this.addEventListener("loadend", () => {
        if (this.status) answered(span, this.status);
        else span.error({ name: "NetworkError", message: "no answer" });
        span.end();
      });
    }
    return send.call(this, body);
  };
  return () => {
    Object.assign(XMLHttpRequest.prototype, { open, send });
  };
}
