"""Keys and tokens of known vendors, private keys, bearer and basic credentials, passwords in addresses.

Most keys begin with letters and `-` or `_`; that character is looked for, and what stands before it is
compared in the same step, so that a text without keys is passed over at the speed of one scan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sightline.sdk.redaction.found import Found

_END = r"(?![A-Za-z0-9_\-])"
# What a key begins with, up to its first `-` or `_`, and what must follow; the first that fits counts.
PREFIXED: dict[str, tuple[tuple[str, str], ...]] = {
    "sk-": (
        ("langfuse", r"lf-[0-9a-f\-]{30,40}"),
        ("anthropic", r"ant-[a-z0-9]{3,12}-[A-Za-z0-9_\-]{20,200}"),
        ("openrouter", r"or-v1-[0-9a-f]{40,80}"),
        ("openai", r"(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_\-]{20,250}"),
    ),
    "pk-": (("langfuse", r"lf-[0-9a-f\-]{30,40}"),),
    "sk_": (("stripe", r"(?:live|test)_[A-Za-z0-9]{16,250}"), ("elevenlabs", r"[0-9a-f]{40,64}")),
    "rk_": (("stripe", r"(?:live|test)_[A-Za-z0-9]{16,250}"),),
    "pk_": (("stripe", r"live_[A-Za-z0-9]{16,250}"),),
    "whsec_": (("stripe_webhook", r"[A-Za-z0-9+/=]{24,100}"),),
    "ghp_": (("github", r"[A-Za-z0-9]{36,255}"),),
    "gho_": (("github", r"[A-Za-z0-9]{36,255}"),),
    "ghu_": (("github", r"[A-Za-z0-9]{36,255}"),),
    "ghs_": (("github", r"[A-Za-z0-9]{36,255}"),),
    "ghr_": (("github", r"[A-Za-z0-9]{36,255}"),),
    "github_": (("github", r"pat_[A-Za-z0-9_]{36,255}"),),
    "glpat-": (("gitlab", r"[A-Za-z0-9_\-.]{20,300}"),),
    "xoxb-": (("slack", r"[A-Za-z0-9\-]{10,250}"),),
    "xoxp-": (("slack", r"[A-Za-z0-9\-]{10,250}"),),
    "xoxa-": (("slack", r"[A-Za-z0-9\-]{10,250}"),),
    "xoxr-": (("slack", r"[A-Za-z0-9\-]{10,250}"),),
    "xoxs-": (("slack", r"[A-Za-z0-9\-]{10,250}"),),
    "xapp-": (("slack", r"[0-9]-[A-Za-z0-9\-]{20,250}"),),
    "hf_": (("huggingface", r"[A-Za-z0-9]{30,60}"),),
    "api_org_": (("huggingface", r"[A-Za-z0-9]{30,60}"),),
    "gsk_": (("groq", r"[A-Za-z0-9]{40,80}"),),
    "xai-": (("xai", r"[A-Za-z0-9]{60,120}"),),
    "pplx-": (("perplexity", r"[A-Za-z0-9]{40,80}"),),
    "fw_": (("fireworks", r"[A-Za-z0-9]{20,60}"),),
    "r8_": (("replicate", r"[A-Za-z0-9]{30,60}"),),
    "nvapi-": (("nvidia", r"[A-Za-z0-9_\-]{50,100}"),),
    "pcsk_": (("pinecone", r"[A-Za-z0-9]{4,12}_[A-Za-z0-9]{40,80}"),),
    "tvly-": (("tavily", r"[A-Za-z0-9\-]{20,80}"),),
    "lsv2_": (("langsmith", r"(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{8,12}"),),
    "ls__": (("langsmith", r"[0-9a-f]{32}"),),
    "npm_": (("npm", r"[A-Za-z0-9]{36}"),),
    "pypi-": (("pypi", r"Ag[A-Za-z0-9_\-]{50,250}"),),
    "ya29.": (("google_oauth", r"[A-Za-z0-9_\-]{20,500}"),),
    "SG.": (("sendgrid", r"[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{30,64}"),),
    "hvs.": (("vault", r"[A-Za-z0-9_\-]{20,200}"),),
    "dop_v1_": (("digitalocean", r"[0-9a-f]{64}"),),
    "shpat_": (("shopify", r"[0-9a-fA-F]{32}"),),
    "shpss_": (("shopify", r"[0-9a-fA-F]{32}"),),
    "dckr_": (("docker", r"(?:pat|oat)_[A-Za-z0-9_\-]{20,60}"),),
    "sl_": (("sightline", r"(?:[a-z]{1,8}_)?[A-Za-z0-9_\-]{16,120}"),),
    "vercel_": (("vercel", r"[A-Za-z0-9]{24,60}"),),
    "key-": (("mailgun", r"[0-9a-f]{32}"),),
    "GOCSPX-": (("google_oauth", r"[A-Za-z0-9_\-]{28}"),),
    "sntrys_": (("sentry", r"[A-Za-z0-9+/=_\-]{40,300}"),),
    "pylf_": (("logfire", r"v[0-9]_[a-z]{2,12}_[A-Za-z0-9]{30,60}"),),
    "lin_": (("linear", r"api_[A-Za-z0-9]{40}"),),
    "ntn_": (("notion", r"[A-Za-z0-9]{40,60}"),),
    "secret_": (("notion", r"[A-Za-z0-9]{43}"),),
}


def _marks() -> str:
    """A sign behind the last two letters of some prefix: few tests, so that code is passed over fast."""
    ends: dict[str, set[str]] = {}
    for prefix in PREFIXED:
        ends.setdefault(prefix[-2], set()).add(prefix[-3])
    return "|".join(f"(?<=[{''.join(sorted(before))}]{last}[-_.])" for last, before in sorted(ends.items()))


_MARK = re.compile(rf"[-_.](?<=[{''.join(sorted({p[-2] for p in PREFIXED}))}].)(?:{_marks()})(?=[A-Za-z0-9])")
_AFTER = {p: [(name, re.compile(rest + _END)) for name, rest in rules] for p, rules in PREFIXED.items()}
_LENGTHS = sorted({len(p) for p in PREFIXED}, reverse=True)
# Keys without such a mark: a literal that is looked for first, the whole, and its name.
LITERAL: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (literal, re.compile(pattern), name)
    for literal, pattern, name in (
        ("AKIA", rf"AKIA[A-Z0-9]{{16}}{_END}", "aws_access_key"),
        ("ASIA", rf"ASIA[A-Z0-9]{{16}}{_END}", "aws_access_key"),
        ("AIza", rf"AIza[A-Za-z0-9_\-]{{35}}{_END}", "google"),
        (
            "eyJ",
            r"eyJ(?<![A-Za-z0-9_\-]eyJ)[A-Za-z0-9_\-]{8,20000}+\.(?:eyJ)?[A-Za-z0-9_\-]{8,20000}+(?:\.[A-Za-z0-9_\-]{0,20000}+)?",
            "jwt",
        ),
        ("dapi", rf"dapi[0-9a-f]{{32}}(?:-[0-9])?{_END}", "databricks"),
    )
)
_PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_BEARER = re.compile(r"(?:[Bb]earer|BEARER)[ \t]{1,3}([A-Za-z0-9\-._~+/]{16,20000}+={0,3})")
_BASIC = re.compile(r"[Bb]asic[ \t]{1,3}([A-Za-z0-9+/]{12,2000}+={0,2})(?![A-Za-z0-9])")
_SLACK_HOOK = re.compile(r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_+\-]{20,200}")
_CURL_USER = re.compile(r"(?:-u|--user)[ =][\"']?[^\s:\"'$]{1,64}:([^\s\"'$]{1,128})")
_USERINFO = re.compile(r"://([^\s/?#@:\"'<>]{0,200}+):([^\s/?#\"'<>]{1,400}?)@(?=[\w\[$])")
_AWS_SECRET = re.compile(
    r"(?i:secret[_ ]?(?:access[_ ]?)?key|aws[_ ]secret\w{0,20})[\"']?\s{0,3}[:=]?\s{0,3}[\"']?"
    r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)


def find(text: str) -> Iterator[Found]:
    """Places of keys, each with its vendor as `detail`."""
    yield from _prefixed(text)
    for literal, pattern, name in LITERAL:
        if literal in text:
            for match in pattern.finditer(text):
                if not _joined(text, match.start()):
                    yield Found(match.start(), match.end(), "secret", name)
    yield from _headers(text)
    if "://" in text:
        for match in _USERINFO.finditer(text):
            if match[2] not in ("", "$") and not match[2].startswith(("${", "{{", "<", "[")):
                yield Found(match.start(2), match.end(2), "secret", "basic_auth")
        for match in _SLACK_HOOK.finditer(text):
            yield Found(match.start(), match.end(), "secret", "slack_webhook")
    if "curl" in text:
        for match in _CURL_USER.finditer(text):
            yield Found(match.start(1), match.end(1), "secret", "basic_auth")
    if "-----BEGIN" in text:
        last = 0
        for match in _PEM.finditer(text):
            if match.start() < last:
                continue
            end = _PEM_END.search(text, match.end())
            last = end.end() if end else len(text)
            yield Found(match.start(), last, "secret", "private_key")
    # The secret half has no form of its own; where the other half is, and a name before it, it counts.
    if "AKIA" in text or "ASIA" in text:
        for match in _AWS_SECRET.finditer(text):
            if any(c.isdigit() for c in match[1]) and any(c.isupper() for c in match[1]):
                yield Found(match.start(1), match.end(1), "secret", "aws_secret_key")


def _joined(text: str, start: int) -> bool:
    """Whether the place continues a word."""
    return start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_+/") and text[start - 1].isascii()


def _prefixed(text: str) -> Iterator[Found]:
    end = 0
    for mark in _MARK.finditer(text):
        at = mark.end()
        if at <= end:
            continue
        for length in _LENGTHS:
            start = at - length
            rules = _AFTER.get(text[start:at]) if start >= 0 else None
            if not rules or (start and (text[start - 1].isalnum() or text[start - 1] in "_-")):
                continue
            found = next(((name, m) for name, rule in rules if (m := rule.match(text, at))), None)
            if found and _random(found[1][0]):
                end = found[1].end()
                yield Found(start, end, "secret", found[0])
                break


def _random(text: str) -> bool:
    """Whether it looks drawn at random: words joined by hyphens are none."""
    return any(c.isdigit() for c in text) or (
        any(c.isupper() for c in text[1:]) and any(c.islower() for c in text) and "-" not in text
    )


def _headers(text: str) -> Iterator[Found]:
    # Plain words are found much faster than patterns.
    for word, pattern, name in (
        ("earer", _BEARER, "bearer"),
        ("EARER", _BEARER, "bearer"),
        ("asic", _BASIC, "basic"),
    ):
        at = text.find(word)
        while at >= 0:
            match = pattern.match(text, max(at - 1, 0))
            at = text.find(word, at + len(word))
            if match is None or not _random(match[1]):
                continue
            if name == "bearer" or match[1].endswith("=") or len(match[1]) % 4 == 0:
                yield Found(match.start(1), match.end(1), "secret", name)
