// Cards, account numbers, telephone numbers and national ids: whatever has many digits.
//
// Most texts have few places with seven digits in a row, so only those places are looked at closely.
import { card as isCard, iban, ibanLength } from "./checksums.js";
import { all, at, before, digitsOf, type Found, isAlnum, type Match, WORD } from "./found.js";
import { ALIKE, ANY_WORD, BY_SIZE, FORMS, LEADING, LETTERED, LETTERED_IDS, WORDS } from "./id_forms.js";
import { RULES } from "./national_ids.js";
import { international, national } from "./phones.js";

// Seven digits or more with at most two separators between each. A line may end between two groups of four.
const PLACE = new RegExp(
  String.raw`[0-9](?<![0-9][0-9])(?:[ \-./()\u00a0\u2009\u202f]{0,2}` +
    String.raw`(?:\n(?<=[ \-.][0-9]{4}\n) ?(?=[0-9]{4}(?![0-9])))?[0-9]){6,}`,
  "g",
);
const SOLID = new Set([8, 11, 13, 15, 17, 18]);
const DATE = /(?:19|20)[0-9]{2}[-/.][01][0-9][-/.][0-3][0-9](?![0-9])[ T]?/y;
const DECIMAL = /^[0-9]+\.[0-9]+$/;
const BARE = new RegExp(String.raw`(?<![${WORD}.+\-/])[0-9]{9,12}(?![${WORD}\-/]|\.[0-9])`, "gu");
const GROUPED = new RegExp(
  String.raw`(?<![${WORD}.+\-/])[0-9]{2,4}(?:([ \-.])[0-9]{2,6})(?:\1[0-9]{1,4}){0,3}(?:[ \-][0-9]{1,4})?` +
    String.raw`(?![${WORD}\-/]|\.[0-9])`,
  "gu",
);
const S = String.raw`(?:[ \-.\u00a0\u2009\u202f]|\n ?)`;
const FOUR = "[0-9]{4}";
const CARD = new RegExp(
  String.raw`(?<![0-9A-Za-z.])(?<![0-9a-fA-F]{4}-)(?:[2-689][0-9]{12,18}` +
    `|[2-689][0-9]{3}${S}${FOUR}${S}${FOUR}${S}[0-9]{1,4}(?:${S}[0-9]{1,3}(?![0-9]))?` +
    `|[2-689][0-9]{3}${S}${FOUR}${S}${FOUR}${S}${FOUR}` +
    `|3[0-9]{3}${S}[0-9]{6}${S}[0-9]{4,5}` +
    String.raw`)(?![${WORD}]|[.\-][0-9a-fA-F])`,
  "gu",
);
const IBAN_REST = /(?:[ \-\u00a0]?[A-Za-z0-9]){10,31}/y;
const BEFORE = 60;

/** Places of these kinds. ASCII digits alone are read as digits. */
export function findNumbers(text: string): Found[] {
  const found = [...lettered(text), ...international(text)];
  for (const place of all(PLACE, text)) {
    const { end } = place;
    let begin = place.start;
    const digits = digitsOf(place.text);
    const size = digits.length;
    const solid = size === place.text.length;
    if (!solid && DECIMAL.test(place.text)) continue;
    const dated = solid ? undefined : at(DATE, text, begin);
    if (dated) {
      if (end - dated.end < 9) continue;
      begin = dated.end;
    }
    if (size >= 14) found.push(...all(CARD, text, begin, end + 2).flatMap((match) => cardIn(match) ?? []));
    if (size >= 8 && (!solid || SOLID.has(size))) found.push(...formed(text, begin, end));
    if (size >= 9) found.push(...worded(text, begin, end));
    if (size <= 15 || !solid) found.push(...national(text, begin, end, size, solid));
  }
  return found;
}

/** A card, or the sixteen digits of one whose next group belongs to something else. */
function cardIn(match: Match): Found | undefined {
  const digits = digitsOf(match.text);
  if (isCard(digits)) return { start: match.start, end: match.end, kind: "card" };
  if (digits.length <= 16 || digits.length === match.text.length || !isCard(digits.slice(0, 16)))
    return undefined;
  let seen = 0;
  for (const [i, sign] of Array.from(match.text).entries()) {
    if (/[0-9]/.test(sign)) seen++;
    if (seen === 16) return { start: match.start, end: match.start + i + 1, kind: "card" };
  }
  return undefined;
}

/** Ids in a form of their own. */
function formed(text: string, begin: number, end: number): Found[] {
  const found: Found[] = [];
  // A letter may belong to it (DNI), and a place may begin within a form (2A of Corsica does not).
  for (const match of all(FORMS, text, begin, Math.min(text.length, end + 14))) {
    if (match.start >= end) break;
    const plain = match.text.replace(/[ .\-+]/g, "");
    const others = /^[0-9]+$/.test(plain) ? (ALIKE[match.name] ?? []) : [];
    const right = [match.name, ...others].some((name) => {
      const rule = RULES[name];
      if (!rule || (rule.needsWord && !WORDS[name]?.test(before(text, begin, BEFORE)))) return false;
      return rule.check(plain);
    });
    if (right) found.push({ start: match.start, end: match.end, kind: "national_id" });
  }
  return found;
}

/** Ids that a word before them names. */
function worded(text: string, begin: number, end: number): Found[] {
  const words = before(text, begin, BEFORE);
  if (!ANY_WORD.test(words)) return [];
  return [...all(BARE, text, begin, end + 1), ...all(GROUPED, text, begin, end + 1)].flatMap((match) => {
    const digits = digitsOf(match.text);
    const fits = (BY_SIZE[digits.length] ?? []).some(
      (name) => WORDS[name]?.test(words) && RULES[name]?.check(digits),
    );
    return fits ? [{ start: match.start, end: match.end, kind: "national_id" as const }] : [];
  });
}

/** Account numbers and national ids that begin with letters. */
function lettered(text: string): Found[] {
  const found: Found[] = [];
  for (const one of all(LETTERED, text)) {
    let match: Match | undefined = one;
    if (one.name === "iban") {
      const start = one.start - 2;
      const end = isFree(text, start) ? ibanEnd(text, start) : 0;
      if (end) {
        found.push({ start, end, kind: "iban" });
        continue;
      }
      match = at(LETTERED_IDS, text, one.start);
    }
    if (!match) continue;
    const start = match.start - (LEADING[match.name] ?? 0);
    const plain = text.slice(start, match.end).replace(/[ -]/g, "");
    if (isFree(text, start) && RULES[match.name.replace(/_$/, "")]?.check(plain))
      found.push({ start, end: match.end, kind: "national_id" });
  }
  return found;
}

/** Where an account number that begins there ends, in groups or without; 0 for none. */
function ibanEnd(text: string, start: number): number {
  const size = ibanLength(text.slice(start, start + 2).toUpperCase());
  const rest = size ? at(IBAN_REST, text, start + 4) : undefined;
  if (!rest) return 0;
  let plain = "";
  for (let i = start; i < rest.end; i++) {
    const sign = text[i] ?? "";
    if (!/[A-Za-z0-9]/.test(sign)) continue;
    plain += sign;
    if (plain.length < size) continue;
    return !/[A-Za-z0-9_]/.test(text[i + 1] ?? "") && iban(plain.toUpperCase()) ? i + 1 : 0;
  }
  return 0;
}

/** Whether a word begins there. */
function isFree(text: string, start: number): boolean {
  const left = text[start - 1];
  return start === 0 || !(isAlnum(left) || left === "_");
}
