// Finds the AI libraries that are installed and turns on the instrumentations that others keep for them.
import { reasonOf, warnOnce } from "../core/warnings.js";
import type { Config } from "./configuration.js";
import { loaded, type Loaded, loadLibrary, requireFrom, versionOf } from "./packages.js";
import { warnOfBundles } from "./next_bundles.js";
import { watchCalls } from "./openai_calls.js";

/** What `init()` found. `turnedOn` is complete when `ready` is settled: modules are imported for it. */
export interface Report {
  /** Libraries that are installed. */
  found: string[];
  /** Those whose calls become spans, with what does it. */
  turnedOn: string[];
  /** Packages to install for the rest. */
  toInstall: string[];
  /** Settled when everything is turned on; never rejected. */
  ready?: Promise<void>;
}

interface Known {
  library: string;
  /** The name in `instrument: ["openai"]` and `modules: { openai }`. */
  name: string;
  package: string;
  export: string;
}

interface Instrumentation {
  manuallyInstrument?: (module: unknown) => void;
  enable?: () => void;
}

// Which are preferred, and why, is in docs/guide/javascript.md.
const KNOWN: readonly Known[] = [
  ["openai", "openai", "@arizeai/openinference-instrumentation-openai", "OpenAIInstrumentation"],
  [
    "@anthropic-ai/sdk",
    "anthropic",
    "@arizeai/openinference-instrumentation-anthropic",
    "AnthropicInstrumentation",
  ],
  [
    "@langchain/core",
    "langchain",
    "@arizeai/openinference-instrumentation-langchain",
    "LangChainInstrumentation",
  ],
  [
    "@aws-sdk/client-bedrock-runtime",
    "bedrock",
    "@arizeai/openinference-instrumentation-bedrock",
    "BedrockInstrumentation",
  ],
  [
    "@google/generative-ai",
    "google",
    "@traceloop/instrumentation-google-generativeai",
    "GenerativeAiInstrumentation",
  ],
  ["cohere-ai", "cohere", "@traceloop/instrumentation-cohere", "CohereInstrumentation"],
  ["together-ai", "together", "@traceloop/instrumentation-together", "TogetherInstrumentation"],
  ["llamaindex", "llamaindex", "@traceloop/instrumentation-llamaindex", "LlamaIndexInstrumentation"],
  [
    "@pinecone-database/pinecone",
    "pinecone",
    "@traceloop/instrumentation-pinecone",
    "PineconeInstrumentation",
  ],
  ["@qdrant/js-client-rest", "qdrant", "@traceloop/instrumentation-qdrant", "QdrantInstrumentation"],
].map(([library = "", name = "", pack = "", exported = ""]) => ({
  library,
  name,
  package: pack,
  export: exported,
}));

// Not of AI: turned on where they are installed, never recommended.
const PLAIN: readonly (readonly [string, string])[] = [
  ["@opentelemetry/instrumentation-http", "HttpInstrumentation"],
  ["@opentelemetry/instrumentation-undici", "UndiciInstrumentation"],
  ["@opentelemetry/instrumentation-express", "ExpressInstrumentation"],
  // They put the ids of the active span into each line.
  ["@opentelemetry/instrumentation-pino", "PinoInstrumentation"],
  ["@opentelemetry/instrumentation-winston", "WinstonInstrumentation"],
];

/** Turns on what is wanted and there. */
export function turnOn(config: Config): Report {
  const report: Report = { found: [], turnedOn: [], toInstall: [] };
  const { instrument } = config;
  if (instrument === false) return report;
  const wanted = (name: string): boolean => instrument === true || instrument.includes(name);
  const work = KNOWN.filter((known) => wanted(known.name)).map((known) =>
    quietly(known.name, () => one(known, config, report)),
  );
  if (wanted("ai")) work.push(quietly("ai", () => vercel(report)));
  for (const [pack, exported] of PLAIN) {
    if (wanted(pack)) void quietly(pack, () => plain(pack, exported, report));
  }
  report.ready = Promise.all(work).then(() => {
    warnOfBundles(KNOWN.map(({ library }) => library).filter((library) => turnedOn(report, library)));
  });
  return report;
}

/** Whether an instrumentation has patched it; what traces itself is traced in a bundle, too. */
function turnedOn(report: Report, library: string): boolean {
  return report.turnedOn.some((said) => said.startsWith(`${library} (@`));
}

type Work = Promise<void> | void;

function quietly(name: string, run: () => Work): Work {
  const failed = (error: unknown): void => {
    warnOnce(
      `instrument ${name}`,
      `the instrumentation of ${name} could not be turned on: ${reasonOf(error)}`,
    );
  };
  try {
    return run()?.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** Now where it can be, so that a program of CommonJS modules may call in its next line. */
function whenLoaded(modules: Loaded[] | Promise<Loaded[]>, run: (modules: Loaded[]) => Work): Work {
  return Array.isArray(modules) ? run(modules) : modules.then(run);
}

function one(known: Known, config: Config, report: Report): Work {
  const given = config.modules[known.name];
  const version = versionOf(known.library);
  if (!version && !given) return;
  report.found.push(`${known.library} ${version ?? ""}`.trim());
  if (known.name === "anthropic" && Number.parseInt(version ?? "0") >= 1) {
    // It traces itself since 1.0, without content unless it is told to before a client is made.
    if (config.captureContent) process.env.ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE ??= "content";
    report.turnedOn.push(`${known.library} (by itself)`);
    return;
  }
  const found = requireFrom(known.package) as Record<string, unknown> | undefined;
  if (!found) {
    report.toInstall.push(known.package);
    return;
  }
  const Made = found[known.export] as (new (options: object) => Instrumentation) | undefined;
  if (!Made) throw new Error(`${known.package} has no ${known.export}`);
  const path = known.name === "langchain" ? "@langchain/core/callbacks/manager" : known.library;
  return whenLoaded(given ? [loaded(given)] : loadLibrary(path), (modules) => {
    // Ours first, so that theirs is around it; and loaded before theirs is made, which hooks into loading.
    if (known.name === "openai") for (const module of modules) watchCalls(module.main);
    const made = new Made({});
    for (const module of modules) {
      made.manuallyInstrument?.(known.name === "langchain" ? module.space : module.main);
    }
    report.turnedOn.push(`${known.library} (${known.package})`);
  });
}

function vercel(report: Report): Work {
  const version = versionOf("ai");
  if (!version) return;
  report.found.push(`ai ${version}`);
  if (Number.parseInt(version) < 7) {
    report.turnedOn.push("ai (with vercel() at each call)");
    return;
  }
  if (!versionOf("@ai-sdk/otel")) {
    report.toInstall.push("@ai-sdk/otel");
    return;
  }
  return whenLoaded(loadLibrary("@ai-sdk/otel"), ([own]) =>
    whenLoaded(loadLibrary("ai"), ([library]) => {
      const Telemetry = own?.space.OpenTelemetry as (new (options?: object) => unknown) | undefined;
      const register = library?.space.registerTelemetry as ((integration: unknown) => void) | undefined;
      if (!Telemetry || !register)
        throw new Error("@ai-sdk/otel has no OpenTelemetry for this version of ai");
      register(new Telemetry());
      report.turnedOn.push("ai (@ai-sdk/otel)");
    }),
  );
}

function plain(pack: string, exported: string, report: Report): void {
  const found = requireFrom(pack) as Record<string, new () => Instrumentation> | undefined;
  const Made = found?.[exported];
  if (!Made) return;
  new Made().enable?.();
  report.turnedOn.push(pack);
}
