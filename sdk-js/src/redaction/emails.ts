// E-mail addresses, also with letters beyond ASCII and with %40 in a URL.
import { all, at, type Found, isAlnum, WORD } from "./found.js";

const ALNUM = String.raw`\p{L}\p{N}`;
const AT = new RegExp(`@(?=[${ALNUM}])|%40(?=[A-Za-z0-9])`, "gu");
const DOMAIN = new RegExp(
  String.raw`(?:[${ALNUM}](?:[${WORD}\-]{0,61}[${ALNUM}])?\.){1,8}` +
    String.raw`([A-Za-z][A-Za-z0-9\-]{1,23}|\p{L}{2,24})(?![${WORD}])`,
  "uy",
);
const NOT_LOCAL = /[\s@"'()<>[\]{},:;\\|&?=*$!#`~^/]/;
// Endings of files and attributes that look like domains: logo@2x.png.
const NO_DOMAIN = new Set(
  (
    "png jpg jpeg gif webp svg css scss json html htm xml yaml yml toml txt pdf csv tsx jsx vue " +
    "lock map bin exe log conf cfg ini bak whl tar zip local localhost internal invalid"
  ).split(" "),
);
const OTHERS = new Set(["git", "hg", "svn"]);

/** Places of addresses. */
export function findEmails(text: string): Found[] {
  if (!text.includes("@") && !text.includes("%40")) return [];
  return all(AT, text).flatMap((sign) => {
    const left = text[sign.start - 1];
    if (left === undefined || /\s/.test(left)) return [];
    const domain = at(DOMAIN, text, sign.end, sign.end + 256);
    if (!domain || NO_DOMAIN.has((domain.groups[0] ?? "").toLowerCase())) return [];
    const words = text.slice(Math.max(0, sign.start - 64), sign.start).split(NOT_LOCAL);
    let name = (words.at(-1) ?? "").replace(/^[.-]+/, "");
    // A percent-encoded pair before the name is what separates it in a URL.
    if (sign.text === "%40" && name.includes("%")) name = name.split(/%[0-9A-Fa-f]{2}/).at(-1) ?? "";
    if (!name || name.endsWith(".") || !Array.from(name).some(isAlnum)) return [];
    if (OTHERS.has(name.toLowerCase()) && [":", "/"].includes(text[domain.end] ?? "")) return [];
    return [{ start: sign.start - name.length, end: domain.end, kind: "email" as const }];
  });
}
