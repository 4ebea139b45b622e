// The Vercel AI SDK: what its calls are given so that they are traced.
import { context as active, type Tracer } from "@opentelemetry/api";
import { contextAttributes } from "./context.js";
import { capturing, tracer } from "./spans.js";

/** The setting, as `experimental_telemetry` (5 and 6) and `telemetry` (7) take it. */
export interface VercelTelemetry {
  isEnabled: boolean;
  functionId?: string;
  recordInputs: boolean;
  recordOutputs: boolean;
  metadata?: Record<string, string | number | boolean | string[] | number[] | boolean[]>;
  tracer?: Tracer;
}

/**
 * The setting for calls of the Vercel AI SDK before 7:
 *
 *     await generateText({ model, prompt, experimental_telemetry: vercel("summary") });
 *
 * Version 7 needs none of it: install `@ai-sdk/otel`, and `init()` registers it.
 */
export function vercel(functionId?: string, metadata?: VercelTelemetry["metadata"]): VercelTelemetry {
  const who = contextAttributes(active.active(), []) ?? {};
  const content = capturing();
  return {
    isEnabled: true,
    ...(functionId === undefined ? {} : { functionId }),
    recordInputs: content,
    recordOutputs: content,
    metadata: { ...who, ...metadata },
    tracer: tracer(),
  };
}
