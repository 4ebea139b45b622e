// Page loads, navigations and errors nobody caught.
import { cut } from "../core/values.js";
import { nowNs, type Page, PageSpan, wordsOf } from "./tracer.js";

/** Spans of the page's load and of navigations within it; a path each, never a query. */
export function followPages(page: Page): () => void {
  const loaded = (): void => {
    const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    if (!entry) return;
    const span = new PageSpan(page, `page ${location.pathname}`, fromServer(), 1, nowNs(0));
    span.set({
      "url.path": location.pathname,
      "browser.navigation": entry.type,
      "browser.first_byte_ms": Math.round(entry.responseStart),
      "browser.dom_ready_ms": Math.round(entry.domContentLoadedEventEnd),
    });
    span.end(entry.loadEventEnd || undefined);
  };
  let path = location.pathname;
  const moved = (): void => {
    if (path === location.pathname) return;
    const span = new PageSpan(page, `page ${location.pathname}`, undefined);
    span.set({ "url.path": location.pathname, "browser.navigation": "history", "browser.from": path });
    path = location.pathname;
    span.end();
  };
  const { pushState, replaceState } = history;
  history.pushState = function (...args) {
    pushState.apply(history, args);
    moved();
  };
  history.replaceState = function (...args) {
    replaceState.apply(history, args);
    moved();
  };
  addEventListener("popstate", moved);
  const later = (): unknown => setTimeout(loaded);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
  return () => {
    removeEventListener("popstate", moved);
    Object.assign(history, { pushState, replaceState });
  };
}

/** The server's trace, from `<meta name="traceparent">` in the page. */
function fromServer(): { traceId: string; spanId: string; sampled: boolean } | undefined {
  const said = document.querySelector<HTMLMetaElement>('meta[name="traceparent"]')?.content ?? "";
  const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0([01])$/.exec(said);
  return found
    ? { traceId: String(found[1]), spanId: String(found[2]), sampled: found[3] === "1" }
    : undefined;
}

const MOST_ERRORS = 20;

/** Errors that reach the window, at most twenty of a page. */
export function followErrors(page: Page): () => void {
  let count = 0;
  const note = (error: unknown, message: string): void => {
    if (count++ >= MOST_ERRORS) return;
    const [name] = wordsOf(error);
    const attributes = {
      ...page.who,
      "exception.type": name,
      "exception.message": message.slice(0, 1000),
      ...(error instanceof Error && { "exception.stacktrace": cut(String(error.stack), 4000) }),
      "url.path": location.pathname,
    };
    page.sender.add({
      log: { eventName: "exception", attributes, body: message.slice(0, 1000), time: nowNs(), severity: 17 },
    });
  };
  const failed = (event: ErrorEvent): void => {
    note(event.error, event.message);
  };
  const rejected = (event: PromiseRejectionEvent): void => {
    note(event.reason, wordsOf(event.reason)[1]);
  };
  addEventListener("error", failed);
  addEventListener("unhandledrejection", rejected);
  return () => {
    removeEventListener("error", failed);
    removeEventListener("unhandledrejection", rejected);
  };
}
