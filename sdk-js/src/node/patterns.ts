// The built-in patterns of redaction, with checks: e-mail addresses, cards, IBANs, keys of known vendors.

const EMAIL = /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}/gu;
const CARD = /\b\d(?:[ -]?\d){12,18}\b/g;
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g;
// Keys of known vendors, by the beginnings that they give them; the Python SDK's list.
const VENDORS = [
  String.raw`sk-(?:lf-|ant-|or-v1-|proj-|svcacct-|admin-|None-)?[\w-]{20,250}`,
  String.raw`pk-lf-[0-9a-f-]{30,40}`,
  String.raw`(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,250}|pk_live_[A-Za-z0-9]{16,250}|sk_[0-9a-f]{40,64}`,
  String.raw`whsec_[A-Za-z0-9+/=]{24,100}`,
  String.raw`gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}|glpat-[\w.-]{20,300}`,
  String.raw`xox[abprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{20,250}`,
  String.raw`(?:hf|api_org)_[A-Za-z0-9]{30,60}|gsk_[A-Za-z0-9]{40,80}|xai-[A-Za-z0-9]{60,120}`,
  String.raw`pplx-[A-Za-z0-9]{40,80}|r8_[A-Za-z0-9]{30,60}|nvapi-[\w-]{50,100}|tvly-[A-Za-z0-9-]{20,80}`,
  String.raw`pcsk_[A-Za-z0-9]{4,12}_[A-Za-z0-9]{40,80}|lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{8,12}`,
  String.raw`npm_[A-Za-z0-9]{36}|pypi-Ag[\w-]{50,250}|dckr_(?:pat|oat)_[\w-]{20,60}`,
  String.raw`ya29\.[\w-]{20,500}|GOCSPX-[\w-]{28}|AIza[\w-]{35}|A[KS]IA[A-Z0-9]{16}|dapi[0-9a-f]{32}`,
  String.raw`SG\.[\w-]{16,32}\.[\w-]{30,64}|hvs\.[\w-]{20,200}|dop_v1_[0-9a-f]{64}`,
  String.raw`shp(?:at|ss)_[0-9a-fA-F]{32}`,
  String.raw`sl_[a-z]_[\w-]{16,120}|vercel_[A-Za-z0-9]{24,60}|key-[0-9a-f]{32}|sntrys_[\w+/=-]{40,300}`,
  String.raw`pylf_v\d_[a-z]{2,12}_[A-Za-z0-9]{30,60}|lin_api_[A-Za-z0-9]{40}|ntn_[A-Za-z0-9]{40,60}`,
  String.raw`eyJ[\w-]{10,20000}\.eyJ[\w-]{10,20000}\.[\w-]{10,20000}`,
];
const KEY = new RegExp(`(?<![A-Za-z0-9_-])(?:${VENDORS.join("|")})`, "g");
// The hyphens of words: no key is made of lower-case words alone.
const WORDS = /^[a-z-]+$/;
const PRIVATE = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
const PRIVATE_END = /-----END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
const BEARER = /\b([Bb]earer|BEARER)([ \t]{1,3})(?=[\w.~+/-]{0,200}\d)([\w.~+/-]{16,20000}={0,3})/g;
const USERINFO = /:\/\/([^\s/?#@:"'<>]{0,200}):([^\s/?#@"'<>]{1,400})@/g;

/** What stands in place of a value of some kind. */
export type Token = (kind: "email" | "card" | "iban" | "key" | "value", value: string) => string;

const named: Token = (kind) => `[${kind}]`;

/** The built-in patterns: e-mail addresses, cards (Luhn), IBANs (mod 97), keys of known vendors. */
export function redactPatterns(_: string, text: string, token: Token = named): string {
  let found = text;
  if (found.includes("://")) {
    found = found.replace(
      USERINFO,
      (_all, user: string, word: string) => `://${user}:${token("key", word)}@`,
    );
  }
  if (found.includes("@")) found = found.replace(EMAIL, (match) => token("email", match));
  found = found.replace(KEY, (match) => (WORDS.test(match.slice(3)) ? match : token("key", match)));
  if (/earer|EARER/.test(found)) {
    found = found.replace(
      BEARER,
      (_all, word: string, gap: string, key: string) => word + gap + token("key", key),
    );
  }
  if (found.includes("-----BEGIN")) found = withoutPrivateKeys(found);
  if (/\d{2}/.test(found)) {
    found = found.replace(IBAN, (match) => (isIban(match.replace(/ /g, "")) ? token("iban", match) : match));
    found = found.replace(CARD, (match) =>
      isCard(match.replace(/[ -]/g, "")) ? token("card", match) : match,
    );
  }
  return found;
}

function withoutPrivateKeys(text: string): string {
  let out = "";
  let rest = text;
  for (let begin = PRIVATE.exec(rest); begin; begin = PRIVATE.exec(rest)) {
    out += `${rest.slice(0, begin.index)}[key]`;
    rest = rest.slice(begin.index + begin[0].length);
    const end = PRIVATE_END.exec(rest);
    rest = end ? rest.slice(end.index + end[0].length) : "";
  }
  return out + rest;
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
