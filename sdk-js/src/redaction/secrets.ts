// Keys and tokens of known vendors, private keys, bearer and basic credentials, passwords in addresses.
import { all, type Found, isAlnum } from "./found.js";

const raw = String.raw;
// What a key begins with, and what must follow.
const PREFIXED: readonly (readonly [string, string])[] = [
  ["sk-", raw`lf-[0-9a-f\-]{30,40}|ant-[a-z0-9]{3,12}-[\w\-]{20,200}|or-v1-[0-9a-f]{40,80}`],
  ["sk-", raw`(?:proj-|svcacct-|admin-|None-)?[\w\-]{20,250}`],
  ["pk-", raw`lf-[0-9a-f\-]{30,40}`],
  ["sk_", raw`(?:live|test)_[A-Za-z0-9]{16,250}|[0-9a-f]{40,64}`],
  ["rk_", raw`(?:live|test)_[A-Za-z0-9]{16,250}`],
  ["pk_", raw`live_[A-Za-z0-9]{16,250}`],
  ["whsec_", raw`[A-Za-z0-9+/=]{24,100}`],
  ["ghp_", raw`[A-Za-z0-9]{36,255}`],
  ["gho_", raw`[A-Za-z0-9]{36,255}`],
  ["ghu_", raw`[A-Za-z0-9]{36,255}`],
  ["ghs_", raw`[A-Za-z0-9]{36,255}`],
  ["ghr_", raw`[A-Za-z0-9]{36,255}`],
  ["github_", raw`pat_\w{36,255}`],
  ["glpat-", raw`[\w\-.]{20,300}`],
  ["xoxb-", raw`[A-Za-z0-9\-]{10,250}`],
  ["xoxp-", raw`[A-Za-z0-9\-]{10,250}`],
  ["xoxa-", raw`[A-Za-z0-9\-]{10,250}`],
  ["xoxr-", raw`[A-Za-z0-9\-]{10,250}`],
  ["xoxs-", raw`[A-Za-z0-9\-]{10,250}`],
  ["xapp-", raw`[0-9]-[A-Za-z0-9\-]{20,250}`],
  ["hf_", raw`[A-Za-z0-9]{30,60}`],
  ["api_org_", raw`[A-Za-z0-9]{30,60}`],
  ["gsk_", raw`[A-Za-z0-9]{40,80}`],
  ["xai-", raw`[A-Za-z0-9]{60,120}`],
  ["pplx-", raw`[A-Za-z0-9]{40,80}`],
  ["fw_", raw`[A-Za-z0-9]{20,60}`],
  ["r8_", raw`[A-Za-z0-9]{30,60}`],
  ["nvapi-", raw`[\w\-]{50,100}`],
  ["pcsk_", raw`[A-Za-z0-9]{4,12}_[A-Za-z0-9]{40,80}`],
  ["tvly-", raw`[A-Za-z0-9\-]{20,80}`],
  ["lsv2_", raw`(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{8,12}`],
  ["ls__", raw`[0-9a-f]{32}`],
  ["npm_", raw`[A-Za-z0-9]{36}`],
  ["pypi-", raw`Ag[\w\-]{50,250}`],
  ["ya29.", raw`[\w\-]{20,500}`],
  ["SG.", raw`[\w\-]{16,32}\.[\w\-]{30,64}`],
  ["hvs.", raw`[\w\-]{20,200}`],
  ["dop_v1_", raw`[0-9a-f]{64}`],
  ["shpat_", raw`[0-9a-fA-F]{32}`],
  ["shpss_", raw`[0-9a-fA-F]{32}`],
  ["dckr_", raw`(?:pat|oat)_[\w\-]{20,60}`],
  ["sl_", raw`(?:[a-z]{1,8}_)?[\w\-]{16,120}`],
  ["vercel_", raw`[A-Za-z0-9]{24,60}`],
  ["key-", raw`[0-9a-f]{32}`],
  ["GOCSPX-", raw`[\w\-]{28}`],
  ["sntrys_", raw`[\w+/=\-]{40,300}`],
  ["pylf_", raw`v[0-9]_[a-z]{2,12}_[A-Za-z0-9]{30,60}`],
  ["lin_", raw`api_[A-Za-z0-9]{40}`],
  ["ntn_", raw`[A-Za-z0-9]{40,60}`],
  ["secret_", raw`[A-Za-z0-9]{43}`],
];
const END = raw`(?![\w\-])`;
const keys = PREFIXED.map(([prefix, rest]) => `${prefix.replace(".", raw`\.`)}(?:${rest})`);
// Class by class as in Python, where a key ends; what stands before one is looked at where one was found.
const KEY = new RegExp(raw`(?<![\w\-])(?:${keys.join("|")})${END}`, "g");
const NAMES = [...new Set(PREFIXED.map(([prefix]) => prefix))].sort((a, b) => b.length - a.length);
// Keys without such a mark: a literal that is looked for first, and the whole.
const LITERAL: readonly (readonly [string, RegExp])[] = [
  ["AKIA", new RegExp(`AKIA[A-Z0-9]{16}${END}`, "g")],
  ["ASIA", new RegExp(`ASIA[A-Z0-9]{16}${END}`, "g")],
  ["AIza", new RegExp(raw`AIza[\w\-]{35}${END}`, "g")],
  ["eyJ", /eyJ(?<![\w-]eyJ)[\w-]{8,20000}\.(?:eyJ)?[\w-]{8,20000}(?:\.[\w-]{0,20000})?/g],
  ["dapi", new RegExp(`dapi[0-9a-f]{32}(?:-[0-9])?${END}`, "g")],
];
const PEM = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const PEM_END = /-----END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const BEARER = /(?:[Bb]earer|BEARER)[ \t]{1,3}([A-Za-z0-9\-._~+/]{16,20000}={0,3})/g;
const BASIC = /[Bb]asic[ \t]{1,3}([A-Za-z0-9+/]{12,2000}={0,2})(?![A-Za-z0-9])/g;
const SLACK_HOOK = /hooks\.slack\.com\/(?:services|workflows)\/[\w/+-]{20,200}/g;
const CURL_USER = /(?:-u|--user)[ =]["']?[^\s:"'$]{1,64}:([^\s"'$]{1,128})/g;
const USERINFO = /:\/\/([^\s/?#@:"'<>]{0,200}):([^\s/?#"'<>]{1,400}?)@(?=[\p{L}\p{N}_[$])/gu;
const AWS_SECRET = new RegExp(
  raw`(?:secret[_ ]?(?:access[_ ]?)?key|aws[_ ]secret\w{0,20})["']?\s{0,3}[:=]?\s{0,3}["']?` +
    raw`([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])`,
  "gi",
);

const secret = (start: number, end: number): Found => ({ start, end, kind: "secret" });

/** Places of keys. */
export function findSecrets(text: string): Found[] {
  const found = all(KEY, text).flatMap(({ start, end, text: key }) => {
    const prefix = NAMES.find((name) => key.startsWith(name)) ?? "";
    return isRandom(key.slice(prefix.length)) && !isAlnum(text[start - 1]) ? [secret(start, end)] : [];
  });
  for (const [literal, pattern] of LITERAL) {
    if (!text.includes(literal)) continue;
    const free = all(pattern, text).filter(({ start }) => !/[A-Za-z0-9_+/]/.test(text[start - 1] ?? ""));
    found.push(...free.map(({ start, end }) => secret(start, end)));
  }
  if (/earer|EARER/.test(text)) found.push(...groups(BEARER, text, 0).filter(random(text)));
  if (text.includes("asic")) {
    const even = ({ start, end }: Found): boolean => text[end - 1] === "=" || (end - start) % 4 === 0;
    found.push(...groups(BASIC, text, 0).filter(random(text)).filter(even));
  }
  if (text.includes("://")) {
    const said = ({ start, end }: Found): boolean => !/^(?:\$$|\$\{|\{\{|<|\[)/.test(text.slice(start, end));
    found.push(...groups(USERINFO, text, 1).filter(said));
    found.push(...all(SLACK_HOOK, text).map(({ start, end }) => secret(start, end)));
  }
  if (text.includes("curl")) found.push(...groups(CURL_USER, text, 0));
  if (text.includes("-----BEGIN")) found.push(...privateKeys(text));
  // The secret half has no form of its own; where the other half is, and a name before it, it counts.
  if (/A[KS]IA/.test(text)) {
    const drawn = ({ start, end }: Found): boolean => /^(?=.*[0-9])(?=.*[A-Z])/.test(text.slice(start, end));
    found.push(...groups(AWS_SECRET, text, 0).filter(drawn));
  }
  return found;
}

/** The places of a group, which is the last thing in the match but for an @. */
function groups(pattern: RegExp, text: string, group: number): Found[] {
  return all(pattern, text).map((match) => {
    const value = match.groups[group] ?? "";
    const end = match.text.endsWith(value) ? match.end : match.end - 1;
    return secret(end - value.length, end);
  });
}

function privateKeys(text: string): Found[] {
  const found: Found[] = [];
  const ends = all(PEM_END, text);
  let last = 0;
  let next = 0;
  for (const { start, end } of all(PEM, text)) {
    if (start < last) continue;
    while (next < ends.length && (ends[next]?.start ?? 0) < end) next++;
    last = ends[next]?.end ?? text.length;
    found.push(secret(start, last));
  }
  return found;
}

const random =
  (text: string) =>
  ({ start, end }: Found): boolean =>
    isRandom(text.slice(start, end));

/** Whether it looks drawn at random: words joined by hyphens are none. */
function isRandom(text: string): boolean {
  return /[0-9]/.test(text) || (/^.+[A-Z]/.test(text) && /[a-z]/.test(text) && !text.includes("-"));
}
