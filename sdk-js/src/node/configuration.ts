// What `init()` is told: arguments before SIGHTLINE_* variables before OTEL_* variables before defaults.
import { warnOnce } from "../core/warnings.js";
import { FEATURE, SESSION_ID, TEAM, VERSION } from "../names.js";
import { variables as environment } from "./program.js";
import { type Redact, redactor } from "./redaction.js";
import { type Sampling, samplingOf } from "./sampling.js";

/** Options of `init()`. Everything can be left out. */
export interface Options {
  /** Where Sightline is: "https://sightline.example"; SIGHTLINE_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint?: string | undefined;
  /** A key with the scope ingest; SIGHTLINE_API_KEY. */
  apiKey?: string | undefined;
  /** The name of this program; SIGHTLINE_SERVICE, OTEL_SERVICE_NAME. */
  service?: string | undefined;
  /** "production", "staging"…; SIGHTLINE_ENVIRONMENT. */
  environment?: string | undefined;
  /** The version of this program; SIGHTLINE_RELEASE. */
  release?: string | undefined;
  /** Whether prompts, answers, arguments and results leave the program (true); SIGHTLINE_CAPTURE_CONTENT. */
  captureContent?: boolean | undefined;
  /** true for the built-in patterns, a function `(field, text) => text`, rules, or a list of these. */
  redact?: Redact | undefined;
  /** A share of traces between 0 and 1, or rules; SIGHTLINE_SAMPLING takes the share. */
  sampling?: number | Sampling | undefined;
  /** Turn on the instrumentations that are installed (true), none, or those of these libraries. */
  instrument?: boolean | string[] | undefined;
  /** Modules that were imported before `init()`, for instrumentations: `{ openai: OpenAI }`. */
  modules?: Record<string, unknown> | undefined;
  /** What of the context travels to other services as W3C baggage: session, team, feature, version. */
  propagate?: string[] | undefined;
  /** Attributes of the resource beside those above. */
  attributes?: Record<string, unknown> | undefined;
  /** A folder that keeps what could not be sent; SIGHTLINE_SPOOL_DIR. Without it, memory does. */
  spoolDir?: string | undefined;
  /** Bytes that may wait to be sent, in memory or in the folder (64 MB). */
  spoolMaxBytes?: number | undefined;
  /** A file that gets everything as JSON lines; nothing is sent then. SIGHTLINE_FILE. */
  file?: string | undefined;
  /** A file that would grow larger is set aside first (64 MiB). */
  fileMaxBytes?: number | undefined;
  /** How many files that were set aside are kept (5). */
  fileKeep?: number | undefined;
  /** The longest text of an attribute, in characters (1,000,000). */
  maxValueChars?: number | undefined;
  /** Ended spans that may wait to be encoded (20,000). */
  maxQueue?: number | undefined;
  /** Send what is left at SIGTERM and SIGINT (true). */
  handleSignals?: boolean | undefined;
  /** false: leaves OpenTelemetry alone; add `spanProcessor()` to your own TracerProvider then. */
  provider?: false | undefined;
  /** false: nothing is made and nothing is sent; SIGHTLINE_DISABLED, OTEL_SDK_DISABLED. */
  enabled?: boolean | undefined;
}

/** The settled options. */
export interface Config {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string | undefined;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  readonly captureContent: boolean;
  readonly redact: ((field: string, text: string) => string | null) | undefined;
  readonly sampling: Required<Sampling>;
  readonly instrument: boolean | string[];
  readonly modules: Readonly<Record<string, unknown>>;
  readonly propagate: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly spoolDir: string | undefined;
  readonly spoolMaxBytes: number;
  readonly file: string | undefined;
  readonly fileMaxBytes: number;
  readonly fileKeep: number;
  readonly maxValueChars: number;
  readonly maxQueue: number;
  readonly handleSignals: boolean;
  readonly enabled: boolean;
}

type Variables = Record<string, string | undefined>;
// Every service that is called can read them; who the user is goes only where it is named.
const PROPAGATED = [SESSION_ID, TEAM, FEATURE, VERSION];
const DEFAULT_ENDPOINT = "http://127.0.0.1:4318";

/** Options and variables, settled; what makes no sense is named once and replaced by its default. */
export function configure(options: Options = {}, variables: Variables = environment()): Config {
  foreign(options);
  const key = header(text("apiKey", options.apiKey) ?? variables.SIGHTLINE_API_KEY);
  const headers = pairs(variables.OTEL_EXPORTER_OTLP_HEADERS);
  if (key) headers.authorization = `Bearer ${key}`;
  return Object.freeze({
    endpoint: address(
      text("endpoint", options.endpoint) ??
        variables.SIGHTLINE_ENDPOINT ??
        variables.OTEL_EXPORTER_OTLP_ENDPOINT ??
        DEFAULT_ENDPOINT,
    ),
    headers,
    service: text("service", options.service) ?? variables.SIGHTLINE_SERVICE ?? variables.OTEL_SERVICE_NAME,
    environment: text("environment", options.environment) ?? variables.SIGHTLINE_ENVIRONMENT,
    release: text("release", options.release) ?? variables.SIGHTLINE_RELEASE,
    captureContent: flag(options.captureContent, variables.SIGHTLINE_CAPTURE_CONTENT, true),
    redact: redactor(options.redact),
    sampling: samplingOf(options.sampling ?? share(variables.SIGHTLINE_SAMPLING)),
    instrument: options.instrument ?? true,
    modules: options.modules ?? {},
    propagate: Array.isArray(options.propagate) ? options.propagate.map(String) : PROPAGATED,
    attributes: { ...pairs(variables.OTEL_RESOURCE_ATTRIBUTES), ...options.attributes },
    spoolDir: text("spoolDir", options.spoolDir) ?? variables.SIGHTLINE_SPOOL_DIR,
    spoolMaxBytes: count("spoolMaxBytes", options.spoolMaxBytes, 64_000_000),
    file: text("file", options.file) ?? variables.SIGHTLINE_FILE,
    fileMaxBytes: count("fileMaxBytes", options.fileMaxBytes, 64 * 2 ** 20),
    fileKeep: count("fileKeep", options.fileKeep, 5),
    maxValueChars: count("maxValueChars", options.maxValueChars, 1_000_000),
    maxQueue: count("maxQueue", options.maxQueue, 20_000),
    handleSignals: options.handleSignals ?? true,
    enabled: options.enabled ?? !(on(variables.SIGHTLINE_DISABLED) || on(variables.OTEL_SDK_DISABLED)),
  });
}

/** A key as it may stand in a header. It is never said. */
function header(key: string | undefined): string | undefined {
  const bare = key?.trim();
  if (!bare || /^[\x21-\x7e]+$/.test(bare)) return bare;
  warnOnce(
    "key",
    `apiKey has ${bare.length} characters, some of which no key has (spaces, line breaks, letters outside ` +
      "ASCII); nothing will be accepted. Copy it anew, or make one with `sightline keys create`",
  );
  return undefined;
}

const OPTIONS: Record<keyof Options, true> = {
  endpoint: true,
  apiKey: true,
  service: true,
  environment: true,
  release: true,
  captureContent: true,
  redact: true,
  sampling: true,
  instrument: true,
  modules: true,
  propagate: true,
  attributes: true,
  spoolDir: true,
  spoolMaxBytes: true,
  file: true,
  fileMaxBytes: true,
  fileKeep: true,
  maxValueChars: true,
  maxQueue: true,
  handleSignals: true,
  provider: true,
  enabled: true,
};

/** Names options that there are not: nobody else would notice. */
function foreign(options: object): void {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "");
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(OPTIONS, name)) continue;
    const near = Object.keys(OPTIONS).find((known) => plain(known) === plain(name));
    const hint = near ? `; it is written ${near}` : `; there are ${Object.keys(OPTIONS).join(", ")}`;
    warnOnce(
      `option ${name.slice(0, 50)}`,
      `init(): there is no option ${JSON.stringify(name.slice(0, 50))}${hint}`,
    );
  }
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  warnOnce(`option ${name}`, `init(): ${name} is of type ${typeof value}, expected a text; it is ignored`);
  return undefined;
}

function count(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && value > 0) return Math.floor(value);
  warnOnce(`option ${name}`, `init(): ${name} is not a number above 0; ${otherwise} is used`);
  return otherwise;
}

function flag(value: unknown, variable: string | undefined, otherwise: boolean): boolean {
  if (typeof value === "boolean") return value;
  if (variable === undefined || variable === "") return otherwise;
  return !["0", "false", "no", "off"].includes(variable.toLowerCase());
}

function on(variable: string | undefined): boolean {
  return flag(undefined, variable, false);
}

function share(variable: string | undefined): number | undefined {
  return variable ? Number(variable) : undefined;
}

function address(given: string): string {
  try {
    const url = new URL(given);
    if (url.protocol === "http:" || url.protocol === "https:") {
      return given.replace(/\/+$/, "").replace(/\/v1\/(?:traces|logs|metrics)$/, "");
    }
  } catch {
    // Said below.
  }
  warnOnce(
    "endpoint",
    `endpoint ${JSON.stringify(given)} is no address such as "https://sightline.example"; ` +
      `${DEFAULT_ENDPOINT} is used`,
  );
  return DEFAULT_ENDPOINT;
}

/** `a=1,b=2` as OpenTelemetry's variables have it. */
function pairs(value: string | undefined): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of (value ?? "").split(",")) {
    const at = pair.indexOf("=");
    if (at < 1) continue;
    const said = pair.slice(at + 1).trim();
    try {
      out[pair.slice(0, at).trim()] = decodeURIComponent(said);
    } catch {
      out[pair.slice(0, at).trim()] = said;
    }
  }
  return out;
}
