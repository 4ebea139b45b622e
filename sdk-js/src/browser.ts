/**
 * Sightline in the browser: traces from the click to the model, and what users think of the answer.
 *
 *     import { init, trace, feedback } from "@sightline/sdk/browser";
 *     init({ endpoint: "https://sightline.example", key: "sl_p_…", service: "shop-web" });
 *
 * No content leaves unless asked for, no cookies, nothing is kept in the browser, nothing throws.
 *
 * @packageDocumentation
 */
import * as names from "./names.js";
import { type Feedback, feedbackScore, type Score, scoreEvent, scoreFault } from "./core/scores.js";
import { warnOnce } from "./core/warnings.js";
import type { Options } from "./browser/options.js";
import { followErrors, followPages } from "./browser/pages.js";
import { allowedBy, followFetch, followXhr } from "./browser/requests.js";
import { type Counts, Sender } from "./browser/sender.js";
import {
  activeSpan,
  nowNs,
  type Page,
  type PageSpan,
  randomHex,
  traceIn,
  type TraceOptions,
} from "./browser/tracer.js";
import { withWho } from "./browser/who.js";
import type { Who } from "./core/who.js";

export type { Counts, Feedback, Options, PageSpan, Score, TraceOptions, Who };

let page: Page | undefined;
let takeBack: (() => void)[] = [];

/** Starts Sightline in this page. Called again it changes nothing; never throws. */
export function init(options: Options): void {
  if (page || typeof document === "undefined") return;
  try {
    start(options);
  } catch (error) {
    warnOnce("init", `init() failed and nothing is sent: ${String(error)}`);
  }
}

function start(options: Options): void {
  const { redact, sampling, maxQueue = 500, propagate = [] } = options;
  const endpoint = new URL(options.endpoint, location.href).href.replace(/\/+$/, "");
  const clean = (field: string, text: string): string | null => {
    try {
      const said = redact ? redact(field, text) : text;
      return said === null ? null : String(said);
    } catch {
      warnOnce("redact", `redact failed on ${field}, the text does not leave`);
      return "[redaction failed]";
    }
  };
  const resource = {
    [names.SERVICE_NAME]: options.service ?? location.hostname,
    [names.SENDER]: randomHex(16),
    [names.DISTRO_NAME]: "sightline",
    "telemetry.sdk.language": "webjs",
    ...(options.environment && { [names.ENVIRONMENT]: options.environment }),
    ...(options.release && { [names.SERVICE_VERSION]: options.release }),
  };
  const fair = typeof sampling === "number" && sampling >= 0 && sampling <= 1;
  const made: Page = {
    sender: new Sender(endpoint, options.key, resource, clean, maxQueue, globalThis.fetch),
    who: withWho({}, options.context ?? {}),
    ratio: fair ? sampling : 1,
    content: options.captureContent ?? false,
    active: undefined,
    open: [],
  };
  page = made;
  if (options.requests !== false) {
    const allowed = allowedBy(options.propagateTo ?? [], endpoint);
    takeBack.push(followFetch(made, allowed, propagate), followXhr(made, allowed));
  }
  if (options.pages) takeBack.push(followPages(made));
  if (options.errors) takeBack.push(followErrors(made));
  const leave = (): void => {
    made.sender.leave();
  };
  const hidden = (): void => {
    if (document.visibilityState === "hidden") leave();
  };
  const online = (): void => {
    void made.sender.flush();
  };
  addEventListener("pagehide", leave);
  addEventListener("online", online);
  document.addEventListener("visibilitychange", hidden);
  takeBack.push(() => {
    removeEventListener("pagehide", leave);
    removeEventListener("online", online);
    document.removeEventListener("visibilitychange", hidden);
  });
}

/** Who uses this page and what for; all spans from now on carry it. Null takes a word away. */
export function context(who: Who): void {
  if (page) page.who = withWho(page.who, who);
}

const NO_SPAN = {
  traceId: "",
  spanId: "",
  set: () => undefined,
  output: () => undefined,
  event: () => undefined,
  error: () => undefined,
  end: () => undefined,
  run: <T>(fn: () => T): T => fn(),
} as unknown as PageSpan;

/**
 * Runs `fn` in a span; requests to allowed origins in it carry the trace on.
 *
 *     const answer = await trace("ask", () => fetch("/api/chat", { method: "POST", body }));
 */
export function trace<T>(what: string | TraceOptions, fn: (span: PageSpan) => T): T {
  return page ? traceIn(page, what, fn) : fn(NO_SPAN);
}

/** The ids of the active span; undefined where there is none. */
export function currentTrace(): { traceId: string; spanId: string } | undefined {
  const span = page && activeSpan(page);
  return span && { traceId: span.traceId, spanId: span.spanId };
}

/** A score; returns its id, undefined when it was not taken. */
export function score(given: Score): string | undefined {
  try {
    const fault = scoreFault(given);
    if (!page || fault) {
      if (fault) warnOnce("score", fault);
      return undefined;
    }
    const sessionId = page.who[names.SESSION_ID] as string | undefined;
    const event = scoreEvent(given, { ...currentTrace(), sessionId }, nowNs(), idOf);
    if (!event.traceId && event.attributes[names.SESSION_ID] === undefined) {
      warnOnce("score nowhere", `score "${given.name}" is about nothing: give traceId or sessionId`);
      return undefined;
    }
    page.sender.add({ log: event });
    return event.attributes[names.SCORE_ID] as string;
  } catch {
    return undefined;
  }
}

/** What the user thought of it: `feedback({ traceId, value: "up" })`. */
export function feedback(given: Feedback): string | undefined {
  try {
    const author = given.author ?? (page?.who[names.USER_ID] as string | undefined);
    return score({ ...feedbackScore(given), author });
  } catch {
    return undefined;
  }
}

const ids = new Map<string, string>();

/** At random, so that nobody can replace what another visitor said; the same for the same in this page. */
function idOf(parts: string[]): string {
  const key = parts.join("\0");
  const id = ids.get(key) ?? randomHex(16);
  if (ids.size < 1000) ids.set(key, id);
  return id;
}

/** What became of spans and scores so far. */
export function counts(): Counts {
  return { ended: 0, sent: 0, dropped: 0, ...page?.sender.counts };
}

/** Sends what waits; true when the server has it. */
export async function flush(): Promise<boolean> {
  return (await page?.sender.flush()) ?? true;
}

/** Sends what waits and leaves the page as it was found. */
export async function shutdown(): Promise<void> {
  const { sender } = page ?? {};
  page = undefined;
  for (const back of takeBack) back();
  takeBack = [];
  await sender?.flush();
}
