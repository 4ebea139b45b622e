// Rules by field, for a name or the names that begin and end alike.
import { textOf } from "../core/values.js";
import { warnOnce } from "../core/warnings.js";

/** What becomes of a field: left as it is, made one token, left out, or redacted as all else. */
export type FieldRule = "keep" | "hash" | "drop" | "redact";
const RULES: FieldRule[] = ["keep", "hash", "drop", "redact"];

// Words of the conventions and ids made by machines: the patterns have nothing to find there.
const MACHINES = [
  "gen_ai.operation.name",
  "gen_ai.provider.name",
  "gen_ai.system",
  "gen_ai.request.model",
  "gen_ai.response.model",
  "gen_ai.response.id",
  "gen_ai.response.finish_reasons",
  "gen_ai.output.type",
  "gen_ai.tool.call.id",
  "gen_ai.tool.name",
  "gen_ai.tool.type",
  "gen_ai.evaluation.name",
  "openinference.span.kind",
  "input.mime_type",
  "output.mime_type",
  "llm.model_name",
  "llm.provider",
  "service.name",
  "service.version",
  "service.instance.id",
  "service.namespace",
  "deployment.environment.name",
  "telemetry.*",
  "process.runtime.*",
  "sightline.sequence",
  "sightline.sampling.*",
  "sightline.score.id",
  "sightline.score.target",
  "sightline.score.data_type",
  "sightline.score.source",
  "sightline.release",
  "sightline.version",
];
// Names are the program's, so the number of those that are remembered is bounded.
const REMEMBERED = 4096;

/** Whether a field holds words of the conventions or an id made by a machine. */
export const isOfMachines = remembering((field) => MACHINES.some((pattern) => matches(pattern, field)));

/** The rule of a field: of the longest name that fits. */
export function fieldRules(given: Record<string, unknown>): (field: string) => FieldRule | undefined {
  const rules = Object.entries(given).map(([pattern, rule]): [string, FieldRule] => {
    if (RULES.includes(rule as FieldRule)) return [pattern, rule as FieldRule];
    warnOnce(
      "redact rule",
      `init(): redact has no rule ${textOf(rule, 50)} for ${pattern}; the field is dropped`,
    );
    return [pattern, "drop"];
  });
  rules.sort(([a], [b]) => b.length - a.length);
  return remembering((field) => rules.find(([pattern]) => matches(pattern, field))?.[1]);
}

function remembering<T>(of: (field: string) => T): (field: string) => T {
  const known = new Map<string, T>();
  return (field) => {
    const before = known.get(field);
    if (before !== undefined || known.has(field)) return before as T;
    const found = of(field);
    if (known.size < REMEMBERED) known.set(field, found);
    return found;
  };
}

function matches(pattern: string, field: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === field;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return field.length >= before.length + after.length && field.startsWith(before) && field.endsWith(after);
}
