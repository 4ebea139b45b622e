// Telephone numbers: international ones by their country's code, national ones by form or by a word before.
//
// Many things have as many digits (ids, moments, counts of tokens), so bare digits need a word.
import { all, before, digitsOf, type Found, isAlnum, WORD } from "./found.js";

const SEP = String.raw`[ \-./()\u00a0\u2009\u202f]{0,2}`;
const PLUS = new RegExp(String.raw`\+\(?[1-9](?:${SEP}[0-9]){6,16}`, "g");
// The copy of what was seen ahead is not gone back on.
const ZEROS = new RegExp(
  String.raw`00(?<![${WORD}.+\-]00)(?<![0-9] 00)[1-9](?=((?:[ \-./]?[0-9]){8,14}))\1(?![0-9\-])`,
  "gu",
);
// Calling codes and the most digits, with the code, that numbers of these countries have.
const LONGEST: Readonly<Record<string, number>> = Object.fromEntries(
  (
    "1:11 7:11 20:12 27:11 30:12 31:11 32:11 33:11 34:11 36:11 39:13 40:11 41:11 43:14 44:12 " +
    "45:10 46:12 47:10 48:11 49:14 51:11 52:13 53:10 54:13 55:13 56:11 57:12 58:12 60:12 61:11 " +
    "62:14 63:12 64:12 65:10 66:11 81:12 82:12 84:12 86:13 90:12 91:12 92:12 93:11 94:11 95:12 " +
    "98:12"
  )
    .split(" ")
    .map((entry) => entry.split(":") as [string, string])
    .map(([code, digits]) => [code, Number(digits)]),
);
const THREE: readonly (readonly [number, number])[] = [
  [211, 269],
  [290, 291],
  [297, 299],
  [350, 389],
  [420, 421],
  [423, 423],
  [500, 509],
  [590, 599],
  [670, 692],
  [800, 800],
  [808, 808],
  [850, 850],
  [852, 853],
  [855, 856],
  [870, 870],
  [880, 881],
  [886, 886],
  [960, 979],
  [992, 998],
];
// Forms of countries' own numbers, tried where a place with many digits begins.
const AREA = "[2-9][0-9]{2}";
const END = String.raw`(?![${WORD}\-]|\.[0-9])`;
const END_GROUP = String.raw`(?![${WORD}/]|[.\-][0-9])`;
const FORM = new RegExp(
  String.raw`(?<![${WORD}.+/])(?<![${WORD}]-)(?:` +
    [
      String.raw`(?:1[\-. ])?\(?${AREA}\)?[\-. ]{1,2}${AREA}[\-.][0-9]{4}${END}`,
      String.raw`(?:1[\-. ])?\(${AREA}\) ?${AREA}[\-. ][0-9]{4}(?![${WORD}\-])`,
      String.raw`0[1-9](?:([ .\-])[0-9]{2})(?:\1[0-9]{2}){3}(?![${WORD}\-]|\.[0-9]|[ .][0-9]{2}(?![0-9]))`,
      String.raw`(?<![0-9] )\(?0[1-9][0-9]{1,4}\)?(?: ?/ ?| |- )[1-9][0-9]{2,8}(?:[ \-][0-9]{2,6}){0,3}` +
        END_GROUP,
      String.raw`\(0[0-9]{1,5}\) ?[0-9]{2,8}(?:[ \-/][0-9]{2,6}){0,3}${END_GROUP}`,
      String.raw`0[1-9][0-9]{1,4}-[0-9]{5,9}(?![${WORD}/\-]|[.][0-9])`,
      String.raw`\([1-9][0-9]\) ?9?[0-9]{4}-[0-9]{4}(?![${WORD}\-])`,
    ].join("|") +
    ")",
  "gu",
);
const SAYS = new RegExp(
  "(?:(?<![a-z])(?:tel|phone|telephone|telefon|telefono|telefonnummer|téléphone|teléfono|telefone" +
    "|mobile?|mobil|móvil|movil|portable|cellulare|cell|cel|handy|handynummer|rufnummer|fax|whatsapp|sms" +
    "|phone[_ ]?number|mobile[_ ]?number|cell[_ ]?phone|fixe|call|dial|ring|anrufen" +
    `|llam[${WORD}]+|appel[${WORD}]+|numéro)` +
    String.raw`|[${WORD}]*phone|☎|📞|📱)(?:[ _.]?(?:number|no|nr|nummer))?["'.:=\s\-–()]*` +
    String.raw`(?:(?:is|at|on|me|us|unter|ist|au|al|es|est|el|le)[\s:]+){0,3}["'(+]*$`,
  "u",
);
const SLASHED = /^[0-9]{1,2}([/\-.])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])/;
const RANGE = /^0[0-9]{4}-[0-9]{5}$/;
const TEXT_BEFORE = 40;

/** The most digits a number with this calling code has; 0 when no country has it. */
function code(digits: string): number {
  if (/^[17]/.test(digits)) return LONGEST[digits.slice(0, 1)] ?? 0;
  const three = Number(digits.slice(0, 3));
  return LONGEST[digits.slice(0, 2)] ?? (THREE.some(([from, to]) => three >= from && three <= to) ? 15 : 0);
}

const named = (text: string, start: number): boolean => SAYS.test(before(text, start, TEXT_BEFORE));

/** Numbers with + or 00 and a country's code. */
export function international(text: string): Found[] {
  const found: Found[] = [];
  if (text.includes("+")) {
    for (const { start, end } of all(PLUS, text)) {
      const left = text[start - 1] ?? "";
      if (isAlnum(left) || left === "+" || left === "_") continue;
      const place = bounded(text, start, end);
      if (place) found.push(place);
    }
  }
  if (text.includes("00")) {
    for (const { start, end, text: written } of all(ZEROS, text)) {
      const digits = digitsOf(written).slice(2);
      const grouped = written.length > digits.length + 2;
      if (code(digits) >= digits.length && (grouped || named(text, start)))
        found.push({ start, end, kind: "phone" });
    }
  }
  return found;
}

const DIGITS = /[0-9]+/g;

/** As many groups of digits as a number of its country can have. */
function bounded(text: string, start: number, end: number): Found | undefined {
  const groups = all(DIGITS, text, start, end);
  const digits = groups.map((group) => group.text).join("");
  const longest = code(digits);
  let size = digits.length;
  while (groups.length && size > longest) size -= groups.pop()?.text.length ?? 0;
  const last = groups.at(-1);
  if (!longest || !last || size < 8 || (longest === 11 && digits.startsWith("1") && size !== 11))
    return undefined;
  const follows = text[last.end] ?? "";
  return isAlnum(follows) || follows === "_" ? undefined : { start, end: last.end, kind: "phone" };
}

/** Numbers without a country's code in a place of `size` digits; `solid`: nothing separates them. */
export function national(text: string, begin: number, end: number, size: number, solid: boolean): Found[] {
  const left = text[begin - 1];
  if (left === "+") return [];
  const found: Found[] = [];
  const first = left === "(" ? begin - 1 : begin;
  // A long run of numbers is a table's or a list's; a form may begin at any of its groups.
  if (!solid && size >= 9) {
    for (const match of all(FORM, text, first, Math.min(text.length, end + 1))) {
      const digits = digitsOf(match.text).length;
      if (digits >= 9 && digits <= 13 && !SLASHED.test(match.text) && !RANGE.test(match.text))
        found.push({ start: match.start, end: match.end, kind: "phone" });
    }
  }
  if (size >= 7 && size <= 15 && named(text, first)) found.push({ start: first, end, kind: "phone" });
  return found;
}
