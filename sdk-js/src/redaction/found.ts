// What is found in a text, and reading expressions over a part of it. The detectors of this folder find what
// those of the Python SDK find (`src/sightline/sdk/redaction/`), file by file under the same names.

export const KINDS = ["email", "phone", "card", "iban", "national_id", "secret"] as const;
/** What the built-in patterns know. */
export type Kind = (typeof KINDS)[number];

/** A place in a text: from `start` up to, without, `end`. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
}

/** Letters, digits and `_` of every script, in a class of an expression with the flag `u`. */
export const WORD = String.raw`\p{L}\p{N}_`;
// Further than any expression looks back.
const BACK = 64;

export interface Match {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly groups: readonly (string | undefined)[];
  /** The name of the group that took part. */
  readonly name: string;
}

/** All matches of a global expression between two places; what is before the first may be looked back at. */
export function all(pattern: RegExp, text: string, begin = 0, end = text.length): Match[] {
  const from = Math.max(0, begin - BACK);
  const part = from > 0 || end < text.length ? text.slice(from, end) : text;
  const found: Match[] = [];
  pattern.lastIndex = begin - from;
  for (let match = pattern.exec(part); match; match = pattern.exec(part)) {
    found.push(asMatch(match, from));
    if (match[0] === "") pattern.lastIndex++;
  }
  return found;
}

/** A match of a sticky expression that begins exactly there. */
export function at(pattern: RegExp, text: string, begin: number, end = text.length): Match | undefined {
  if (begin > text.length) return undefined;
  const from = Math.max(0, begin - BACK);
  const part = from > 0 || end < text.length ? text.slice(from, end) : text;
  pattern.lastIndex = begin - from;
  const match = pattern.exec(part);
  return match ? asMatch(match, from) : undefined;
}

function asMatch(match: RegExpExecArray, from: number): Match {
  const [text, ...groups] = match;
  const start = match.index + from;
  const named = match.groups;
  const name = named ? (Object.keys(named).find((key) => named[key] !== undefined) ?? "") : "";
  return { start, end: start + text.length, text, groups, name };
}

/** Whether a letter or digit of any script stands there. */
export function isAlnum(sign: string | undefined): boolean {
  return sign !== undefined && sign !== "" && /^[\p{L}\p{N}]/u.test(sign);
}

/** The digits alone. */
export function digitsOf(text: string): string {
  return text.replace(/[^0-9]+/g, "");
}

/** What stands before a place, in small letters: the words that say what it is. */
export function before(text: string, start: number, size: number): string {
  return text.slice(Math.max(0, start - size), start).toLowerCase();
}
