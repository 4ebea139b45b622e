// What is taken out of texts before they leave: by the built-in patterns, or by functions of the user's own.
import { createHmac } from "node:crypto";
import { reasonOf, warnOnce } from "../core/warnings.js";
import { textOf } from "../core/values.js";
import { redactPatterns, type Token } from "./patterns.js";

/** Given the attribute's name and its text, the text that may leave; null when the field stays here. */
export type RedactFunction = (field: string, text: string) => string | null;
type One = boolean | RedactFunction | RedactRules;
export type Redact = One | One[];

/** What becomes of a field: left as it is, made one token, left out, or redacted as all else. */
export type FieldRule = "keep" | "hash" | "drop" | "redact";

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
  const token = hashing(rules.map((one) => one.salt).find((salt) => typeof salt === "string"));
  const ruleOf = fieldRules(Object.assign({}, ...rules.map((one) => one.fields)) as Record<string, unknown>);
  // Whoever gives rules alone wants what they do not name redacted by the patterns.
  if (rules.length && all.length === 0) all.push(redactPatterns);
  if (all.length === 0) return undefined;
  const run = (field: string, text: string): string | null => {
    let found: unknown = text;
    for (const one of all) {
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
      return rule === "hash" ? (token ?? plainToken)("value", text) : run(field, text);
    } catch (error) {
      warnOnce("redact failed", `redact failed on ${field}, the text does not leave: ${reasonOf(error)}`);
      return "[redaction failed]";
    }
  };
}

const RULES: FieldRule[] = ["keep", "hash", "drop", "redact"];
const plainToken: Token = () => "[hash without salt]";

/** Equal values become equal tokens; who has the salt could try all telephone numbers. */
function hashing(salt: string | undefined): Token | undefined {
  if (!salt) return undefined;
  return (kind, value) => {
    const bare = kind === "card" || kind === "iban" ? value.replace(/[ -]/g, "") : value.toLowerCase();
    return `[${kind}:${createHmac("sha256", salt).update(`${kind}\0${bare}`).digest("hex").slice(0, 8)}]`;
  };
}

/** The rule of a field: of the longest name that fits. */
function fieldRules(given: Record<string, unknown>): (field: string) => FieldRule | undefined {
  const rules = Object.entries(given).map(([pattern, rule]): [string, FieldRule] => {
    if (RULES.includes(rule as FieldRule)) return [pattern, rule as FieldRule];
    warnOnce(
      "redact rule",
      `init(): redact has no rule ${textOf(rule, 50)} for ${pattern}; the field is dropped`,
    );
    return [pattern, "drop"];
  });
  rules.sort(([a], [b]) => b.length - a.length);
  return (field) => rules.find(([pattern]) => matches(pattern, field))?.[1];
}

function matches(pattern: string, field: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === field;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return field.length >= before.length + after.length && field.startsWith(before) && field.endsWith(after);
}
