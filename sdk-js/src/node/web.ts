// Requests of others as spans: a wrapper of Web-standard handlers, a middleware of Express and its like.
import {
  context as active,
  type Context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace as otel,
} from "@opentelemetry/api";
import * as names from "../names.js";
import { ChunkClock } from "./chunk_clock.js";
import type { Who } from "../core/who.js";
import { withWho } from "./context.js";
import { current } from "./state.js";
import { contextOf, quietly, setAll, tracer } from "./spans.js";
import { inSpan } from "./running.js";

/** Options of both. */
export interface WebOptions<R> {
  /** The name of the route, such as "POST /chat"; else method and path. */
  name?: string | undefined;
  /** Who and what for, from the request. */
  context?: ((request: R) => Who) | undefined;
  /**
   * Of `handler()`, where a program stops with its answer: what keeps it until everything is sent, such as
   * `waitUntil` of `@vercel/functions` or of Cloudflare, or `after` of Next.js.
   */
  waitUntil?: ((work: Promise<unknown>) => unknown) | undefined;
}

/**
 * A handler `(Request) => Response` in a span that ends when the answer was read to its end, with the time to
 * its first chunk. It stands in the span that a framework has made of the request, or continues the caller's
 * trace. For route handlers of Next.js, Hono, SvelteKit, Remix; `Bun.serve` and `Deno.serve`.
 *
 *     export const POST = handler(async (request) => new Response(stream));
 */
export function handler<R extends Request, A extends unknown[], T>(
  fn: (request: R, ...rest: A) => T,
  options: WebOptions<R> = {},
): (request: R, ...rest: A) => T {
  return (request, ...rest) => {
    let headers: Record<string, unknown> = {};
    quietly("handler()", () => {
      headers = Object.fromEntries(request.headers);
    });
    const method = String(request?.method ?? "GET");
    const [span, parent] = begun(method, String(request?.url ?? "/"), headers, options.name, () =>
      options.context?.(request),
    );
    const clock = new ChunkClock();
    let ended = (): void => undefined;
    quietly("waitUntil", () => {
      const over = options.waitUntil && new Promise<void>((ok) => (ended = ok));
      if (over) options.waitUntil?.(over.then(() => current()?.flush()));
    });
    return inSpan(span, parent, () => active.bind(active.active(), fn)(request, ...rest), {
      chunk: () => {
        clock.tick();
      },
      response: (value) => {
        if (value instanceof Response) status(span, value.status);
      },
      result: (_, streamed) => {
        if (streamed) clock.note(span, false);
      },
      thrown: (error) => {
        const code = answeredBy(error);
        if (code !== undefined) status(span, code);
        return code !== undefined;
      },
      ended: () => {
        ended();
      },
    });
  };
}

/**
 * The status of an answer that was thrown: a `Response` (React Router), an object with a status that is no
 * error (SvelteKit), the redirects and "not found" of Next.js.
 */
function answeredBy(thrown: unknown): number | undefined {
  const { status: code, digest } = (thrown ?? {}) as { status?: unknown; digest?: unknown };
  if (!(thrown instanceof Error)) return typeof code === "number" && code >= 100 ? code : undefined;
  if (typeof digest !== "string" || !digest.startsWith("NEXT_")) return undefined;
  if (digest.startsWith("NEXT_REDIRECT")) return Number(digest.split(";").at(-2)) || 307;
  return Number(/;(\d{3})$/.exec(digest)?.[1] ?? 404);
}

interface NodeRequest {
  method?: string | undefined;
  url?: string | undefined;
  originalUrl?: string | undefined;
  headers: Record<string, unknown>;
  baseUrl?: string;
  route?: { path?: unknown };
}

interface NodeResponse {
  statusCode: number;
  writableFinished: boolean;
  write: (...args: never[]) => unknown;
  once: (event: string, listener: (...args: never[]) => void) => unknown;
}

/**
 * Middleware for Express, Connect and plain `http`: everything after it runs in the request's span.
 *
 *     app.use(middleware({ context: (request) => ({ user: request.get("x-user") }) }));
 */
export function middleware<R extends NodeRequest>(options: WebOptions<R> = {}) {
  return (request: R, response: NodeResponse, next: (error?: unknown) => void): void => {
    const who = (): Who | undefined => options.context?.(request);
    const outer = otel.getActiveSpan() as (Span & { kind?: SpanKind }) | undefined;
    if (outer?.kind === SpanKind.SERVER) {
      // Another instrumentation has made the request's span already.
      active.with(whoIn(active.active(), who), next);
      return;
    }
    const path = request.originalUrl ?? request.url ?? "/";
    const [span, parent] = begun(request.method ?? "GET", path, request.headers, options.name, who);
    quietly("middleware()", () => {
      watch(span, request, response, options.name === undefined);
    });
    active.with(otel.setSpan(parent, span), next);
  };
}

function watch(span: Span, request: NodeRequest, response: NodeResponse, rename: boolean): void {
  const clock = new ChunkClock();
  const { write } = response;
  response.write = function (this: unknown, ...args: never[]) {
    clock.tick();
    return write.apply(response, args);
  };
  response.once("close", () => {
    quietly("the end of a request", () => {
      const route = request.route?.path;
      if (typeof route === "string") {
        span.setAttribute(names.HTTP_ROUTE, `${request.baseUrl ?? ""}${route}`);
        if (rename) span.updateName(`${request.method ?? "GET"} ${request.baseUrl ?? ""}${route}`);
      }
      status(span, response.statusCode);
      clock.note(span, false);
      if (!response.writableFinished) span.setAttribute(names.CLIENT_DISCONNECTED, true);
    });
    span.end();
  });
}

function begun(
  method: string,
  url: string,
  headers: Record<string, unknown>,
  name: string | undefined,
  who: () => Who | undefined,
): [Span, Context] {
  const path = /^(?:[a-z]+:\/\/[^/]*)?([^?#]*)/i.exec(url)?.[1] ?? "/";
  // Next.js and others have a span of the request already, which continues the caller's trace.
  const within = isLocal(otel.getSpan(active.active()));
  const parent = whoIn(within ? carried(headers) : contextOf(headers), who);
  const kind = within ? SpanKind.INTERNAL : SpanKind.SERVER;
  const span = tracer().startSpan(name ?? `${method} ${path}`, { kind }, parent);
  quietly("a request", () => {
    setAll(span, {
      [names.HTTP_METHOD]: method,
      [names.URL_PATH]: path,
      "user_agent.original": headers["user-agent"],
    });
  });
  return [span, parent];
}

/** Whether a span of this process is being measured; one that came with a request is not of this process. */
function isLocal(span: Span | undefined): boolean {
  return span !== undefined && span.isRecording() && span.spanContext().isRemote !== true;
}

/** The active context, with what the request says of who and what for where nobody has read that yet. */
function carried(headers: Record<string, unknown>): Context {
  const here = active.active();
  const came = propagation.getBaggage(here) ? undefined : propagation.getBaggage(contextOf(headers));
  return came ? propagation.setBaggage(here, came) : here;
}

function whoIn(parent: Context, who: () => Who | undefined): Context {
  let found = parent;
  quietly("the context of a request", () => {
    const said = who();
    if (said) found = withWho(parent, said);
  });
  return found;
}

function status(span: Span, code: number): void {
  span.setAttribute(names.HTTP_STATUS, code);
  if (code < 500) return;
  span.setAttribute(names.ERROR_TYPE, String(code));
  span.setStatus({ code: SpanStatusCode.ERROR, message: `HTTP ${code}` });
}

/**
 * Headers that carry the active trace, and what of the context may travel, to another service. For clients
 * that no instrumentation sees.
 *
 *     await fetch(url, { headers: { ...traceHeaders(), "content-type": "application/json" } });
 */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  quietly("traceHeaders()", () => {
    propagation.inject(active.active(), headers);
  });
  return headers;
}
