/**
 * Sightline in Node: two lines to full sight.
 *
 *     import { init } from "@sightline/sdk";
 *     init({ endpoint: "https://sightline.example", apiKey: "sl_i_…", service: "shop" });
 *
 * Nothing here throws because of what it measures, waits for the network, or grows without a bound.
 *
 * @packageDocumentation
 */
export { init, flush, shutdown, spanProcessor } from "./node/start.js";
export type { Options } from "./node/configuration.js";
export type { Report } from "./node/instrumentations.js";
export type { FieldRule, Redact, RedactFunction, RedactRules } from "./node/redaction.js";
export { redactPatterns } from "./redaction/tokens.js";
export type { Sampling } from "./node/sampling.js";
export type { Who } from "./core/who.js";
export { context } from "./node/context.js";
export { trace, traced } from "./node/trace.js";
export type { ActiveSpan, Kind, SpanOptions } from "./node/spans.js";
export { llmCall, retrieval, tool } from "./node/calls.js";
export type { ActiveCall, LlmCall, Retrieval, ToolUse } from "./node/calls.js";
export type { Usage } from "./node/answers.js";
export { currentTrace, feedback, score } from "./node/feedback.js";
export type { Feedback, Score } from "./core/scores.js";
export { handler, middleware, traceHeaders, type WebOptions } from "./node/web.js";
export { vercel, type VercelTelemetry } from "./node/vercel.js";
export { counts } from "./node/account.js";
export type { Count, Counts } from "./node/counts.js";
export { VERSION } from "./node/version.js";
