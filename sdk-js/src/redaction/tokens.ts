// What stands in place of what was found, so that JSON stays JSON.
import { find } from "./patterns.js";

/** Names a value that was found, or a field's. */
export type Token = (kind: string, value: string) => string;

const NUMBER = /^-?[0-9][0-9.eE+-]*$/;
const KEY = /(\\*")[ \t\r\n]{0,8}:[ \t\r\n]{0,8}$/;
const NEXT = /^[ \t\r\n]{0,8}(?:[,}\]]|\\+[nrt]|$)/;

/** A kind as it is written in a token. */
function nameOf(kind: string): string {
  return (
    kind
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "") || "redacted"
  );
}

/** `[EMAIL]`: says what was there and nothing of it. */
export const removed: Token = (kind) => `[${nameOf(kind).toUpperCase()}]`;

/**
 * Tokens such as `[email:3fa9c1d2]`: the same value has the same one, also in the Python SDK with the same
 * salt. Who has the salt could try all telephone numbers.
 */
export function hashed(keyed: (text: string) => string): Token {
  return (kind, value) => {
    const word = nameOf(kind);
    return `[${word}:${keyed(`${word}\0${plain(word, value)}`).slice(0, 8)}]`;
  };
}

/** A value as it is compared: however it is written, it is the same. */
function plain(kind: string, value: string): string {
  if (kind === "card" || kind === "phone") return value.replace(/[^0-9]/g, "");
  if (kind === "iban" || kind === "national_id") return value.replace(/[^0-9A-Za-z]/g, "").toUpperCase();
  return kind === "email" ? value.trim().toLowerCase() : value.trim();
}

/**
 * The text with tokens in place of what the built-in patterns find: e-mail addresses, telephone numbers,
 * cards (Luhn), IBANs (mod 97), national ids, keys of known vendors, values whose name says that they are
 * secret.
 */
export function redactPatterns(_: string, text: string, token: Token = removed): string {
  let out = "";
  let last = 0;
  for (const { start, end, kind } of find(text)) {
    const value = text.slice(start, end);
    const quote = quoteOf(text, start, end, value);
    out += text.slice(last, start) + quote + token(kind, value) + quote;
    last = end;
  }
  return out + text.slice(last);
}

/** The quotes that a token needs where a number of JSON stood: those of its key, at its key's depth. */
function quoteOf(text: string, start: number, end: number, value: string): string {
  if (!NUMBER.test(value) || !NEXT.test(text.slice(end, end + 16))) return "";
  return KEY.exec(text.slice(Math.max(0, start - 32), start))?.[1] ?? "";
}
