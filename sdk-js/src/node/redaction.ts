// What is taken out of texts before they leave: by the built-in patterns, or by functions of the user's own.
import { reasonOf, warnOnce } from "../core/warnings.js";
import { type FieldRule, fieldRules, isOfMachines } from "../redaction/fields.js";
import { secretName } from "../redaction/named_values.js";
import { hashed, redactPatterns, removed, type Token } from "../redaction/tokens.js";
import { keyed } from "./hashing.js";

/** Given the attribute's name and its text, the text that may leave; null when the field stays here. */
export type RedactFunction = (field: string, text: string) => string | null;
export type { FieldRule };
type One = boolean | RedactFunction | RedactRules;
export type Redact = One | One[];

/** Rules for fields, and how what the patterns find is replaced. */
export interface RedactRules {
  /** By the attribute's name, in which one `*` stands for anything; the longest that fits counts. */
  fields?: Record<string, FieldRule>;
  /** Hashes instead of words: the same value gets the same token. A long text that nobody else knows. */
  salt?: string;
}

/** One function of what `init()` was given; where one fails, its text does not leave. */
export function redactor(given: Redact | undefined): RedactFunction | undefined {
  const all = (Array.isArray(given) ? given : [given]).flatMap((one) => {
    if (one === true) return [redactPatterns];
    if (typeof one === "function") return [one];
    if (typeof one === "object" && one !== null) return [];
    if (one !== undefined && one !== false) {
      warnOnce("redact", `init(): redact is of type ${typeof one}, expected true, a function or rules`);
      return [redactPatterns];
    }
    return [];
  });
  const rules = (Array.isArray(given) ? given : [given]).filter(
    (one): one is RedactRules => typeof one === "object" && one !== null,
  );
  const salt = rules.map((one) => one.salt).find((one) => typeof one === "string" && one !== "");
  const token = salt ? hashed((text) => keyed(salt, text)) : undefined;
  const ruleOf = fieldRules(Object.assign({}, ...rules.map((one) => one.fields)) as Record<string, unknown>);
  // Whoever gives rules alone wants what they do not name redacted by the patterns.
  if (rules.length && all.length === 0) all.push(redactPatterns);
  if (all.length === 0) return undefined;
  const patterns = all.includes(redactPatterns);
  const run = (field: string, text: string): string | null => {
    let found: unknown = text;
    for (const one of all) {
      if (one === redactPatterns && isOfMachines(field)) continue;
      found =
        one === redactPatterns ? redactPatterns(field, String(found), token) : one(field, String(found));
      if (found === null) return null;
      if (typeof found !== "string")
        throw new TypeError(`it returned ${typeof found}, expected a text or null`);
    }
    return String(found);
  };
  return (field, text) => {
    try {
      const rule = ruleOf(field);
      if (rule === "keep") return text;
      if (rule === "drop") return null;
      if (rule === "hash") return (token ?? plainToken)(field, text);
      // Whatever its value is.
      return patterns && secretName(field) ? (token ?? removed)("secret", text) : run(field, text);
    } catch (error) {
      warnOnce("redact failed", `redact failed on ${field}, the text does not leave: ${reasonOf(error)}`);
      return "[redaction failed]";
    }
  };
}

const plainToken: Token = () => "[hash without salt]";
