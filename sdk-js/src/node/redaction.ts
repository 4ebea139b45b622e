// What is taken out of texts before they leave: built-in patterns with checks, or the user's own function.
import { reasonOf, warnOnce } from "../core/warnings.js";

/** Given the attribute's name and its text, the text that may leave. */
export type RedactFunction = (field: string, text: string) => string;
export type Redact = boolean | RedactFunction | (boolean | RedactFunction)[];

const EMAIL = /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}/gu;
const CARD = /\b\d(?:[ -]?\d){12,18}\b/g;
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g;
// Keys of known vendors, by the beginnings that they give them.
const KEY = new RegExp(
  String.raw`\b(?:sk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{20,}|sl_[a-z]_[A-Za-z0-9_-]{16,}` +
    String.raw`|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|xox[abprs]-[A-Za-z0-9-]{10,}` +
    String.raw`|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}` +
    String.raw`|hf_[A-Za-z0-9]{30,}|glpat-[\w-]{20,}|(?:sk|rk)_live_[A-Za-z0-9]{20,}` +
    String.raw`|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})`,
  "g",
);

/** The built-in patterns: e-mail addresses, cards (Luhn), IBANs (mod 97), keys of known vendors. */
export function redactPatterns(_: string, text: string): string {
  let found = text;
  if (found.includes("@")) found = found.replace(EMAIL, "[email]");
  found = found.replace(KEY, "[key]");
  if (/\d{2}/.test(found)) {
    found = found.replace(IBAN, (match) => (isIban(match.replace(/ /g, "")) ? "[iban]" : match));
    found = found.replace(CARD, (match) => (isCard(match.replace(/[ -]/g, "")) ? "[card]" : match));
  }
  return found;
}

/** One function of what `init()` was given; where one fails, its text does not leave. */
export function redactor(given: Redact | undefined): RedactFunction | undefined {
  const all = (Array.isArray(given) ? given : [given]).flatMap((one) => {
    if (one === true) return [redactPatterns];
    if (typeof one === "function") return [one];
    if (one !== undefined && one !== false) {
      warnOnce("redact", `init(): redact is of type ${typeof one}, expected true or a function`);
      return [redactPatterns];
    }
    return [];
  });
  if (all.length === 0) return undefined;
  return (field, text) => {
    try {
      return all.reduce((found, one) => {
        const answer: unknown = one(field, found);
        if (typeof answer !== "string") throw new TypeError(`it returned ${typeof answer}, expected a text`);
        return answer;
      }, text);
    } catch (error) {
      warnOnce("redact failed", `redact failed on ${field}, the text does not leave: ${reasonOf(error)}`);
      return "[redaction failed]";
    }
  };
}

function isCard(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0 && !/^(\d)\1+$/.test(digits);
}

function isIban(text: string): boolean {
  if (text.length < 15 || text.length > 34) return false;
  let rest = 0;
  for (const letter of text.slice(4) + text.slice(0, 4)) {
    for (const digit of String(parseInt(letter, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

// Attributes that carry what people wrote and models answered, in the words of every instrumentation.
const CONTENT = new RegExp(
  "^(?:input\\.value|output\\.value|(?:gen_ai\\.)?(?:input|output)\\.messages|gen_ai\\.system_instructions" +
    "|gen_ai\\.(?:prompt|completion|content)(?:\\..*)?" +
    "|gen_ai\\.tool\\.(?:call\\.(?:arguments|result)|definitions)" +
    "|gen_ai\\.(?:tool\\.(?:input|output)|retrieval\\.(?:query\\.text|documents))" +
    "|gen_ai\\.(?:user|system|assistant)\\.message" +
    "|llm\\.(?:input_messages|output_messages|prompts|completions|tools|prompt_template)(?:\\..*)?" +
    "|llm\\.function_call|tool\\.parameters|traceloop\\.entity\\.(?:input|output)" +
    "|retrieval\\.documents\\..*|reranker\\.(?:query|(?:input|output)_documents\\..*)" +
    "|embedding\\.embeddings\\..*" +
    "|ai\\.(?:prompt|value|values|documents|embeddings?)(?:\\..*)?" +
    "|ai\\.response\\.(?:text|object|toolCalls|reasoning|files)|ai\\.toolCall\\.(?:args|result)" +
    "|ai\\.schema(?:\\..*)?" +
    "|anthropic\\.tool_result\\.content|sightline\\.(?:input|output).*|sightline\\.score\\.correction)$",
);

/** Whether an attribute carries content. */
export function isContent(key: string): boolean {
  return CONTENT.test(key);
}
