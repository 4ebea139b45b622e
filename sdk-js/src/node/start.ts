// `init()`: joins OpenTelemetry as it is set up, or sets it up; `flush()` and `shutdown()`.
import {
  context,
  propagation,
  ProxyTracerProvider,
  trace,
  type TracerProvider as Provider,
} from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { reasonOf, warnOnce } from "../core/warnings.js";
import { configure, type Config, type Options } from "./configuration.js";
import { atTheEnd } from "./endings.js";
import { newId } from "./hashing.js";
import { type Report, turnOn } from "./instrumentations.js";
import { Outbox } from "./outbox.js";
import { contextManager } from "./program.js";
import { resourceOf } from "./resource.js";
import { Runtime } from "./runtime.js";
import { Spool } from "./spool.js";
import { current, setCurrent } from "./state.js";
import { VERSION } from "./version.js";
import { MemoryWaiting } from "./waiting.js";

const OURS = Symbol.for("sightline.sdk.processor");
let takeBack: (() => void) | undefined;

/**
 * Starts Sightline in this process. Called again it changes nothing.
 *
 *     import { init } from "@sightline/sdk";
 *     init({ endpoint: "https://sightline.example", apiKey: "sl_i_…", service: "shop" });
 *
 * @returns what was found and turned on; never throws.
 */
export function init(options: Options = {}): Report {
  try {
    return start(options);
  } catch (error) {
    warnOnce("init", `init() failed and nothing is sent: ${reasonOf(error)}`);
    return { found: [], turnedOn: [], toInstall: [] };
  }
}

/**
 * The processor of spans, for a set-up of OpenTelemetry that is yours: `spanProcessors: [spanProcessor()]`.
 * Call `init()` first. Without it the processor does nothing.
 */
export function spanProcessor(): SpanProcessor {
  return {
    [OURS]: true,
    onStart: (span, parent) => current()?.onStart(span, parent),
    onEnd: (span) => current()?.onEnd(span),
    forceFlush: async () => {
      await current()?.flush();
    },
    shutdown: async () => {
      await shutdown();
    },
  } as SpanProcessor;
}

/** Sends what has ended; true when the server has all of it. Waits at most `timeoutMs` (10 s). */
export async function flush(timeoutMs = 10_000): Promise<boolean> {
  return (await current()?.flush(timeoutMs)) ?? true;
}

/** Sends the rest and stops. Waits at most `timeoutMs` (10 s). */
export async function shutdown(timeoutMs = 10_000): Promise<void> {
  const runtime = current();
  if (!runtime) return;
  setCurrent(undefined);
  takeBack?.();
  await runtime.shutdown(timeoutMs);
}

function start(given: Options): Report {
  const options = typeof given === "object" && given !== null ? given : {};
  if (options !== given) {
    warnOnce("options", `init() takes an object such as { endpoint, apiKey, service }, got ${typeof given}`);
  }
  const config = configure(options);
  if (current() || !config.enabled) return { found: [], turnedOn: [], toInstall: [] };
  const senderId = newId();
  const resource = resourceOf(config, senderId, VERSION);
  const outbox = new Outbox(config, resource, (lost) =>
    config.spoolDir && !config.file
      ? Spool.open(config.spoolDir, config.spoolMaxBytes, lost)
      : new MemoryWaiting(config.spoolMaxBytes, lost),
  );
  const runtime = new Runtime(config, senderId, outbox);
  setCurrent(runtime);
  takeBack = atTheEnd(runtime, config.handleSignals);
  const existing = globalProvider();
  if (options.provider === false) return turnOn(config);
  if (!existing) makeProvider(runtime, config, resource);
  else if (!join(existing, runtime)) {
    warnOnce(
      "join",
      "OpenTelemetry is set up already in a way that cannot be joined; " +
        "add spanProcessor() of @sightline/sdk to the spanProcessors of your TracerProvider",
    );
  }
  return turnOn(config);
}

function globalProvider(): Provider | undefined {
  const found = trace.getTracerProvider();
  const real = found instanceof ProxyTracerProvider || "getDelegate" in found ? delegate(found) : found;
  // Bundlers shorten names, so it is compared with one of which it is known.
  const none = delegate(new ProxyTracerProvider()).constructor;
  return real.constructor === none || /noop/i.test(real.constructor.name) ? undefined : real;
}

function delegate(found: Provider): Provider {
  return (found as ProxyTracerProvider).getDelegate();
}

function makeProvider(runtime: Runtime, config: Config, resource: Record<string, unknown>): void {
  const own = resourceFromAttributes(resource as Record<string, string>);
  const provider = new TracerProvider({
    resource: defaultResource().merge(own),
    spanProcessors: [runtime],
    // Texts are cut where they are made; those of other instrumentations here.
    spanLimits: { attributeValueLengthLimit: Math.max(config.maxValueChars, 32_000) + 40 },
  });
  context.setGlobalContextManager(contextManager());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  trace.setGlobalTracerProvider(provider);
}

/** Adds our processor to a provider that has no door for it; whether that worked. */
function join(provider: Provider, runtime: Runtime): boolean {
  const open = provider as unknown as {
    addSpanProcessor?: (processor: SpanProcessor) => void;
    _activeSpanProcessor?: { _spanProcessors?: SpanProcessor[] };
  };
  if (typeof open.addSpanProcessor === "function") {
    open.addSpanProcessor(runtime);
    return true;
  }
  const list = open._activeSpanProcessor?._spanProcessors;
  if (!Array.isArray(list)) return false;
  if (!list.some((processor) => OURS in processor)) list.push(runtime);
  return true;
}
