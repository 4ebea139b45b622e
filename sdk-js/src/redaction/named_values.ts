// Values whose name says that they are secret: password, api_key, authorization and the like, in JSON, in
// settings, in headers, in query strings, and in a sentence.
import { at, type Found } from "./found.js";
import type { View } from "./views.js";

// Names by their last words, in small letters, `-` and spaces as `_`. Their value goes whatever it is.
const ALWAYS = new RegExp(
  "(?:^|[^a-z])(?:\\w*(?:password|passwd)s?|(?:\\w*_)?(?:pass(?:phrase|code)|passwort|kennwort" +
    "|contrase[nñ]a|mot_de_passe|pwd" +
    "|api_?keys?|access_?keys?|secret_?keys?|private_?keys?|signing_?keys?|encryption_?keys?|account_?key" +
    "|subscription_?key|secret|access_?token|refresh_?token|id_?token|auth_?token|api_?token|bearer_?token" +
    "|session_?token|csrf_?token|security_?token|authorization|cookies?|credentials?|cvv2?|cvc2?))$",
);
// These are secret when their value looks drawn at random: `token` is also a word of a model.
const WHEN_RANDOM = /(?:^|[^a-z])(?:token|jwt|auth|pass)$/;
const PAGED = /page|next|continuation|cursor/; // these look random, and are no secret
const STEMS = /pass|pwd|kennwort|contrase|key|secret|token|auth|cookie|credential|cv/g;
// From a stem to the sign behind its name.
const REST = new RegExp(
  "[a-zñ0-9_]{0,14}(?:[ -]?(?:key|token|secret|word)s?)?[\"'`\\]]{0,2}" +
    "[ \\t\\n]{0,3}(?::=|=>|[:=](?!=))[ \\t\\n]{0,6}",
  "y",
);
const FLAG = /[a-z0-9_-]{0,20}[ \t]+(?=[^\s-])/y;
const LEFT = /[\p{L}\p{N}_\-. ]{0,40}$/u;
const SENTENCE = new RegExp(
  String.raw`(?:password|passwort|kennwort|passcode|passphrase|contraseña|passe)\s{1,3}` +
    String.raw`(?:is|ist|lautet|es|est|:)\s{0,2}[:=]?\s{1,3}` +
    '(?:["“„«`]([^"”“»`\\n\\\\]{4,64})["”“»`]|([^\\s"\'”“»`,;]{4,64}))',
  "y",
);
const CARD_CODE = /cv[vc]2?(?:[ _-]?(?:code|number|nr))?["']?\s{0,3}[:=]?\s{0,3}([0-9]{3,4})(?![0-9])/y;
const ELEMENT = /[a-z0-9_-]{0,20}>([^<\n]{1,256})<\//y;
const SAID = new Set(["pass", "kennwort", "contrase"]);
const SCHEME = /^(?:bearer|basic|token|digest|apikey|negotiate)\s+/i;
const BARE = /[^\s,;&"'`{}[\]()<>|]{1,4096}/y;
// Between single quotes there is no line's end and no end of a text of JSON.
const SINGLE: Readonly<Record<string, RegExp>> = { "'": /[^'"\n]{0,4096}/y, "`": /[^`"\n]{0,4096}/y };
const HEADER = /[^\n"]{1,8192}/y;
const NUMBER = /-?[0-9][0-9.eE+-]{0,40}/y;
const ITEM = /[\s,]*(?=\\*")/y;
const QUOTE = /(\\*)"/g;
const PLACEHOLDERS = new Set(
  (
    "none null true false undefined nil str string bool int bytes any optional required xxx *** " +
    "... <redacted> changeme your_api_key"
  ).split(" "),
);
const NOTHING = new RegExp(
  "^(?:your[-_ ]|.*[-_]here$|example|placeholder|dummy|insert[-_ ]|replace[-_ ]|redacted|changeme" +
    String.raw`|[*xX.•\-_\s]*$|\[[A-Za-z_ ]+(?::[0-9a-f]+)?\]$|\$\{.*\}$|\{\{.*\}\}$|<[^>]*>$` +
    String.raw`|%\(?\w+\)?s?$)`,
  "i",
);

/** Whether a field of this name holds a secret, whatever its value is. */
export function secretName(name: string): boolean {
  return ALWAYS.test(small(name));
}

function small(name: string): string {
  return name
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .toLowerCase()
    .replace(/[- .]/g, "_");
}

const secret = ([start, end]: readonly [number, number]): Found => ({ start, end, kind: "secret" });
/** What stands to the left of a stem and may belong to its name. */
const leftOf = (text: string, place: number): string =>
  LEFT.exec(text.slice(Math.max(0, place - 40), place))?.[0] ?? "";

// Values are read again and again where names stand in one word (`cookie=cookie=…`). When that has cost this
// many times the text, a value is judged by its beginning, and what is within one that was found is passed.
const TIMES = 16;
const BEGINNING = 256;
let spent = 0;

/** Places of such values, in the original text. */
export function findNamedValues(original: string, seen: View): Found[] {
  const { text } = seen;
  let lower = text.toLowerCase();
  // İ and the like change the length.
  if (lower.length !== text.length)
    lower = text.replace(/[^]/g, (sign) => (sign.toLowerCase().length === 1 ? sign.toLowerCase() : sign));
  const found: Found[] = [];
  spent = -TIMES * Math.max(text.length, 16_384);
  let end = 0;
  for (const { index, 0: stem } of lower.matchAll(STEMS)) {
    if (spent > 0 && seen.at(index) < end) continue;
    const sign = at(REST, lower, index);
    if (sign) {
      if (text[sign.end] === "[") {
        found.push(...listed(original, seen, index, sign.end));
        continue;
      }
      const value = valued(original, seen, index, sign.end);
      end = value?.end ?? end;
      if (value) found.push(value);
      else if (stem === "cv") found.push(...said(lower, seen, index, stem));
    } else if (["-", "_"].includes(lower[index - 1] ?? "")) found.push(...flagged(lower, seen, index));
    else found.push(...said(lower, seen, index, stem));
  }
  return found;
}

/** What a sentence, an element of XML or the back of a card says. */
function said(lower: string, seen: View, place: number, stem: string): Found[] {
  const { text } = seen;
  const sentence = SAID.has(stem) ? at(SENTENCE, lower, place) : undefined;
  if (sentence) {
    const quoted = sentence.groups[0] !== undefined;
    const size = (sentence.groups[0] ?? sentence.groups[1] ?? "").length;
    const start = sentence.end - size - (quoted ? 1 : 0);
    const value = text.slice(start, start + size).replace(quoted ? /$^/ : /[.!?]+$/, "");
    const counts = quoted || isDrawn(value) || (value.length >= 5 && !/^\p{L}+$/u.test(value));
    return counts ? [secret(seen.place(start, start + value.length))] : [];
  }
  const code = stem === "cv" ? at(CARD_CODE, lower, place) : undefined;
  if (code) return [secret(seen.place(code.end - (code.groups[0] ?? "").length, code.end))];
  const element = at(ELEMENT, lower, place);
  if (!element) return [];
  const left = leftOf(text, place);
  const begins = place - left.length;
  const inside = element.groups[0] ?? "";
  const end = element.end - 2;
  const start = end - inside.length;
  const name = text.slice(begins, place) + lower.slice(place, start - 1);
  return text[begins - 1] === "<" && secretName(name) && inside.trim()
    ? [secret(seen.place(start, end))]
    : [];
}

/** The value behind a name's sign; undefined when the name is not secret or the value says nothing. */
function valued(original: string, seen: View, place: number, begin: number): Found | undefined {
  const { text } = seen;
  const left = leftOf(text, place);
  const named = left + text.slice(place, begin);
  const name = small(named.replace(/["'`\]\s]*(?::=|=>|[:=])\s*$/, "")).replace(/^[_ ]+|[_ ]+$/g, "");
  const always = ALWAYS.test(name);
  if (!always && (!WHEN_RANDOM.test(name) || PAGED.test(name))) return undefined;
  // In a query string there are no names of programs.
  const asked = /[?&]/.test(text[place - left.length - 1] ?? "");
  const quotedName = /["'][\s:=>]*$/.test(named);
  const opening = text[begin] ?? "";
  let span: [number, number];
  let value: string;
  const single = SINGLE[opening];
  if (single) {
    value = at(single, text, begin + 1)?.text ?? "";
    span = seen.place(begin + 1, begin + 1 + value.length);
  } else if (opening === '"') {
    span = untilQuote(original, seen.at(begin));
    // In a document of JSON such a name stands inside a text, and this is the text's end.
    if (!quotedName && original[span[0] - 2] !== "\\" && /^\s*[{[]/.test(original)) return undefined;
    value = original.slice(...span);
  } else if (quotedName) {
    const number = always ? at(NUMBER, text, begin) : undefined;
    return number && secret(seen.place(number.start, number.end));
  } else return unquoted(seen, begin, name, always, asked);
  const scheme = SCHEME.exec(value)?.[0] ?? "";
  span = [span[0] + scheme.length, span[1]];
  value = value.slice(scheme.length);
  if (!value.trim() || NOTHING.test(value) || PLACEHOLDERS.has(value.toLowerCase())) return undefined;
  return always || isDrawn(value) ? secret(span) : undefined;
}

/** A value without quotes: of cookies up to the line's end, of all else up to the next space. */
function unquoted(
  seen: View,
  begin: number,
  name: string,
  always: boolean,
  asked: boolean,
): Found | undefined {
  const { text } = seen;
  const header = /(?:authorization|cookie)$/.test(name);
  const scheme = SCHEME.exec(text.slice(begin, begin + 40))?.[0] ?? "";
  const start = begin + scheme.length;
  const many = name.endsWith("cookie") || /^digest/i.test(scheme);
  const read = (end: number): string =>
    (at(many ? HEADER : BARE, text, start, end)?.text ?? "").replace(/[ .]+$/, "");
  const dear = spent > 0;
  const value = read(dear ? Math.min(start + BEGINNING, text.length) : text.length);
  spent += value.length;
  const called = /[([{]/.test(text[start + value.length] ?? "") && !header;
  if (called || !value || NOTHING.test(value) || PLACEHOLDERS.has(value.toLowerCase())) return undefined;
  if (many && !value.includes("=")) return undefined;
  // Code assigns names to names; a password in settings has a digit or a sign.
  const counts = always ? isPlausible(value) || asked : isDrawn(value);
  return counts ? secret(seen.place(start, start + (dear ? read(text.length) : value).length)) : undefined;
}

/** `--api-key VALUE` of a command. */
function flagged(lower: string, seen: View, place: number): Found[] {
  const { text } = seen;
  const flag = at(FLAG, lower, place);
  const left = leftOf(text, place);
  if (!flag || !left.includes("--")) return [];
  const name = left.slice(left.lastIndexOf("--") + 2) + text.slice(place, flag.end).trim();
  const value = at(BARE, text, flag.end);
  if (!value || name.includes(" ") || !secretName(name)) return [];
  return isPlausible(value.text) && !value.text.includes("(")
    ? [secret(seen.place(value.start, value.end))]
    : [];
}

/** The texts of a list behind a quoted name, one by one. */
function listed(original: string, seen: View, place: number, begin: number): Found[] {
  const between = seen.text.slice(place, begin);
  const name = leftOf(seen.text, place) + (between.split('"')[0] ?? "");
  if (!between.includes('"') || !secretName(name)) return [];
  const found: Found[] = [];
  let here = seen.at(begin) + 1;
  for (let quote = at(ITEM, original, here); quote; quote = at(ITEM, original, here)) {
    const [start, end] = untilQuote(original, quote.end);
    if (start < end) found.push(secret([start, end]));
    here = end + start - quote.end;
  }
  return found;
}

/**
 * The value between a quote and the one that closes it, at whichever depth of JSON in JSON it stands;
 * `opening` is where the quote or the backslashes in front of it begin.
 */
function untilQuote(text: string, opening: number): [number, number] {
  QUOTE.lastIndex = opening;
  const first = QUOTE.exec(text);
  if (first?.index !== opening) return [opening, opening];
  const depth = (first[1] ?? "").length;
  const start = QUOTE.lastIndex;
  for (let quote = QUOTE.exec(text); quote; quote = QUOTE.exec(text)) {
    const count = (quote[1] ?? "").length;
    if (count < depth || (count - depth) % (2 * (depth + 1)) === 0)
      return [start, QUOTE.lastIndex - 1 - Math.min(count, depth)];
  }
  return [start, text.length];
}

/** Whether a bare word can be a password rather than a name of a program or a word of a sentence. */
function isPlausible(value: string): boolean {
  if (value.length < 4 || (/^[A-Za-z_][\p{L}\p{N}_.]*$/u.test(value) && !/[0-9]/.test(value))) return false;
  return !/^(?:(?:os|self|config|settings|env|process|args|request|kwargs)\..*|[0-9.,]{1,6})$/.test(value);
}

/** Whether it looks drawn at random. */
function isDrawn(value: string): boolean {
  return value.length >= 12 && !value.includes(" ") && /[0-9]/.test(value) && /\p{L}/u.test(value);
}
