// One encoded request to the server, and what its answer means.
import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import { reasonOf, warnOnce } from "../core/warnings.js";

export type Signal = "traces" | "logs" | "metrics";

/** A request as it will be sent, the same bytes each time, so that the server recognises a retry. */
export interface Encoded {
  readonly signal: Signal;
  readonly body: Uint8Array;
  readonly gzip: boolean;
  /** Spans or log records in it; 0 for metrics. */
  readonly records: number;
  /** Left behind by a process before: its account is not this one's. */
  readonly foreign?: boolean;
}

/** `stored`: the server has it, without `rejected` records. `later`: try again after `delayMs`. */
export type Outcome = Final | { kind: "later"; delayMs: number | undefined };
/** An outcome that does not change any more. */
export type Final =
  { kind: "stored"; rejected: number } | { kind: "refused"; reason: "refused" | "too_large" | "disk" };

const TIMEOUT_MS = 10_000;
const LATER = new Set([408, 429, 500, 502, 503, 504]);

/** Sends a request once; never throws. */
export async function send(
  endpoint: string,
  headers: Record<string, string>,
  what: Encoded,
): Promise<Outcome> {
  const url = `${endpoint}/v1/${what.signal}`;
  let answer: Response;
  let said = "";
  try {
    const asked: RequestInit = {
      method: "POST",
      body: what.body as Uint8Array<ArrayBuffer>,
      headers: {
        ...headers,
        "content-type": "application/json",
        ...(what.gzip ? { "content-encoding": "gzip" } : {}),
      },
      // Nobody else gets the key.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    // What sends telemetry is not traced itself.
    answer = await context.with(suppressTracing(ROOT_CONTEXT), () => fetch(url, asked));
    said = await beginning(answer);
  } catch (error) {
    warnOnce(
      "unreachable",
      `cannot reach ${endpoint}: ${reasonOf(error)}. Is the address right and the server running? ` +
        "What is measured waits within its bound and is sent later",
    );
    return { kind: "later", delayMs: undefined };
  }
  if (answer.ok) return stored(url, said);
  if (answer.status >= 300 && answer.status < 400) {
    const where = answer.headers.get("location") ?? "elsewhere";
    warnOnce(
      "redirect",
      `${url} redirects to ${where.slice(0, 300)}; give init() the address it redirects to`,
    );
    return { kind: "later", delayMs: undefined };
  }
  if (LATER.has(answer.status)) {
    const seconds = Number(answer.headers.get("retry-after"));
    return { kind: "later", delayMs: seconds > 0 ? Math.min(seconds, 300) * 1000 : undefined };
  }
  warnOnce(
    `status ${answer.status}`,
    `${url} answered ${answer.status}: ${said.slice(0, 300)}. ${advice(answer.status)}`,
  );
  return { kind: "refused", reason: answer.status === 413 ? "too_large" : "refused" };
}

const MOST_SAID = 64_000;

/** What an answer says, as far as it is worth reading: some never end. */
async function beginning(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  if (!reader) return "";
  const words = new TextDecoder();
  let said = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return said;
    said += words.decode(value, { stream: true });
    if (said.length < MOST_SAID) continue;
    reader.cancel().catch(() => undefined);
    return said.slice(0, MOST_SAID);
  }
}

function stored(url: string, said: string): Outcome {
  let part: { rejectedSpans?: unknown; rejectedLogRecords?: unknown; errorMessage?: unknown } = {};
  try {
    const body = JSON.parse(said || "{}") as { partialSuccess?: typeof part };
    if (typeof body !== "object") throw new TypeError("no answer of OTLP");
    part = body.partialSuccess ?? {};
  } catch {
    warnOnce("nonsense", `${url} answered 200 but no JSON: is it a Sightline server? ${said.slice(0, 100)}`);
    return { kind: "refused", reason: "refused" };
  }
  const rejected = Number(part.rejectedSpans ?? part.rejectedLogRecords ?? 0) || 0;
  if (rejected) warnOnce("rejected", `${url} refused ${rejected} records: ${String(part.errorMessage)}`);
  return { kind: "stored", rejected };
}

function advice(status: number): string {
  if (status === 401 || status === 403) return "Check apiKey: it needs the scope ingest";
  if (status === 404 || status === 405)
    return "Check endpoint: it is the server's address without /v1/traces";
  if (status === 413) return "Lower maxValueChars, or raise the server's limit on bodies";
  return "This is counted as refused and not sent again";
}
