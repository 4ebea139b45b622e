"""Values whose name says that they are secret: password, api_key, authorization and the like, in JSON, in
settings, in headers, in query strings, and in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sightline.sdk.redaction.found import Found
from sightline.sdk.redaction.views import View

# Names by their last words, in small letters, `-` and spaces as `_`. Their value goes whatever it is.
_ALWAYS = re.compile(
    r"(?:^|[^a-z])(?:\w*(?:password|passwd)s?|(?:\w*_)?(?:pass(?:phrase|code)|passwort|kennwort|contrase[nñ]a|mot_de_passe|pwd"
    r"|api_?keys?|access_?keys?|secret_?keys?|private_?keys?|signing_?keys?|encryption_?keys?|account_?key"
    r"|subscription_?key|secret|access_?token|refresh_?token|id_?token|auth_?token|api_?token|bearer_?token"
    r"|session_?token|csrf_?token|security_?token|authorization|cookies?|credentials?|cvv2?|cvc2?))$"
)
# These are secret when their value looks drawn at random: `token` is also a word of a model.
_WHEN_RANDOM = re.compile(r"(?:^|[^a-z])(?:token|jwt|auth|pass)$")
# Tokens of pages of a list look random, and are no secret.
_PAGED = re.compile(r"page|next|continuation|cursor")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_STEMS = (
    "pass",
    "pwd",
    "kennwort",
    "contrase",
    "key",
    "secret",
    "token",
    "auth",
    "cookie",
    "credential",
    "cv",
)
# From a stem to the sign behind its name.
_REST = re.compile(
    r"[a-zñ0-9_]{0,14}+(?:[ \-]?(?:key|token|secret|word)s?)?[\"'`\]]{0,2}[ \t\n]{0,3}"
    r"(?::=|=>|[:=](?!=))[ \t\n]{0,6}"
)
_FLAG = re.compile(r"[a-z0-9_\-]{0,20}+[ \t]+(?=[^\s\-])")
_LEFT = re.compile(r"[\w\-. ]{0,40}\Z")
_SENTENCE = re.compile(
    r"(?:password|passwort|kennwort|passcode|passphrase|contraseña|passe)\s{1,3}"
    r"(?:is|ist|lautet|es|est|:)\s{0,2}[:=]?\s{1,3}"
    r"(?:[\"“„«`]([^\"”“»`\n\\]{4,64})[\"”“»`]|([^\s\"'”“»`,;]{4,64}))"
)
_CARD_CODE = re.compile(
    r"cv[vc]2?(?:[ _-]?(?:code|number|nr))?[\"']?\s{0,3}[:=]?\s{0,3}([0-9]{3,4})(?![0-9])"
)
_ELEMENT = re.compile(r"[a-z0-9_\-]{0,20}+>([^<\n]{1,256}+)</")
_SAID = frozenset({"pass", "kennwort", "contrase"})
_SCHEME = re.compile(r"(?i:bearer|basic|token|digest|apikey|negotiate)\s+")
_BARE = re.compile(r"[^\s,;&\"'`{}\[\]()<>|]{1,4096}+")
# Between single quotes there is no line's end and no end of a text of JSON.
_SINGLE = {"'": re.compile(r"[^'\"\n]{0,4096}+"), "`": re.compile(r"[^`\"\n]{0,4096}+")}
_HEADER = re.compile(r"[^\n\"]{1,8192}+")
_NUMBER = re.compile(r"-?[0-9][0-9.eE+\-]{0,40}")
_ITEM = re.compile(r'[\s,]*(?=\\*")')
_QUOTE = re.compile(r'(\\*)"')
_PLACEHOLDERS = frozenset(
    (
        "none", "null", "true", "false", "undefined", "nil", "str", "string", "bool", "int", "bytes", "any",
        "optional", "required", "xxx", "***", "...", "<redacted>", "changeme", "your_api_key",
    )
)  # fmt: skip
_NOTHING = re.compile(
    r"(?i:your[\-_ ]|.*[\-_]here$|example|placeholder|dummy|insert[\-_ ]|replace[\-_ ]|redacted|changeme)"
    r"|[*xX.•\-_\s]*$|\[[A-Za-z_ ]+(?::[0-9a-f]+)?\]$|\$\{.*\}$|\{\{.*\}\}$|<[^>]*>$|%\(?\w+\)?s?$"
)


def secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, whatever its value is."""
    return bool(_ALWAYS.search(_small(name)))


def _small(name: str) -> str:
    return _CAMEL.sub("_", name).lower().replace("-", "_").replace(" ", "_").replace(".", "_")


def find(raw: str, seen: View) -> Iterator[Found]:
    """Places of such values, in the original text."""
    text = seen.text
    lower = text.lower()
    if len(lower) != len(text):  # İ and the like change the length
        lower = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
    for stem in _STEMS:
        at = lower.find(stem)
        while at >= 0:
            sign = _REST.match(lower, at)
            if sign:
                if text[sign.end() : sign.end() + 1] == "[":
                    yield from _listed(raw, seen, at, sign.end())
                elif found := _valued(raw, seen, at, sign.end()):
                    yield found
                elif stem == "cv":
                    yield from _said(text, lower, seen, at, stem)
            elif lower[at - 1 : at] in ("-", "_"):
                yield from _flagged(text, lower, seen, at)
            else:
                yield from _said(text, lower, seen, at, stem)
            at = lower.find(stem, at + len(stem))


def _said(text: str, lower: str, seen: View, at: int, stem: str) -> Iterator[Found]:
    """What a sentence, an element of XML or the back of a card says."""
    said = _SENTENCE.match(lower, at) if stem in _SAID else None
    if said:
        group = 1 if said[1] else 2
        value = text[said.start(group) : said.end(group)].rstrip(".!?" if group == 2 else "")
        if group == 1 or _drawn(value) or (len(value) >= 5 and not value.isalpha()):
            yield Found(*seen.place(said.start(group), said.start(group) + len(value)), "secret", "named")
    elif stem == "cv" and (code := _CARD_CODE.match(lower, at)):
        yield Found(*seen.place(*code.span(1)), "secret", "card_code")
    elif (element := _ELEMENT.match(lower, at)) and (left := _LEFT.search(text, max(0, at - 40), at)):
        begins = at - len(left[0])
        name = text[begins:at] + lower[at : element.start(1) - 1]
        if text[begins - 1 : begins] == "<" and secret_name(name) and element[1].strip():
            yield Found(*seen.place(*element.span(1)), "secret", "named")


def _valued(raw: str, seen: View, at: int, begin: int) -> Found | None:
    """The value behind a name's sign; None when the name is not secret or the value says nothing."""
    text = seen.text
    left = _LEFT.search(text, max(0, at - 40), at)
    named = (left[0] if left else "") + text[at:begin]
    name = re.split(r"[\"'`\]\s]*(?::=|=>|[:=])\s*$", named)[0]
    small = _small(name).strip("_ ")
    always = bool(_ALWAYS.search(small))
    if not always and (not _WHEN_RANDOM.search(small) or _PAGED.search(small)):
        return None
    # In a query string there are no names of programs.
    first = at - len(left[0]) if left else at
    asked = first > 0 and text[first - 1] in "?&"
    quoted_name = named.rstrip(" \t\n:=>")[-1:] in ('"', "'")
    opening = text[begin : begin + 1]
    if opening in ("'", "`"):
        value = _SINGLE[opening].match(text, begin + 1)[0]  # type: ignore[index]
        place = seen.place(begin + 1, begin + 1 + len(value))
    elif opening == '"':
        place = _until_quote(raw, seen.at(begin))
        if not quoted_name and raw[place[0] - 2 : place[0] - 1] != "\\" and raw.lstrip()[:1] in ("{", "["):
            return None  # in a document of JSON such a name stands inside a text, and this is the text's end
        value = raw[place[0] : place[1]]
    elif quoted_name:
        number = _NUMBER.match(text, begin)
        if number is None or not always:
            return None
        return Found(*seen.place(*number.span()), "secret", "named")
    else:
        return _unquoted(text, seen, begin, small, always, asked)
    scheme = _SCHEME.match(value)
    if scheme:
        place, value = (place[0] + scheme.end(), place[1]), value[scheme.end() :]
    if not value.strip() or _NOTHING.match(value) or value.lower() in _PLACEHOLDERS:
        return None
    if not quoted_name and opening and not _plausible(value) and not always:
        return None
    if not always and not _drawn(value):
        return None
    return Found(*place, "secret", "named")


def _unquoted(text: str, seen: View, begin: int, name: str, always: bool, asked: bool) -> Found | None:
    """A value without quotes: of cookies up to the line's end, of all else up to the next space."""
    header = name.endswith(("authorization", "cookie"))
    scheme = _SCHEME.match(text, begin)
    start = scheme.end() if scheme else begin
    many = name.endswith("cookie") or (scheme and scheme[0].lower().startswith("digest"))
    match = (_HEADER if many else _BARE).match(text, start)
    if match is None:
        return None
    value = match[0].rstrip(" .")
    called = text[start + len(value) : start + len(value) + 1] in ("(", "[", "{") and not header
    if called or _NOTHING.match(value) or value.lower() in _PLACEHOLDERS or not value:
        return None
    if many and "=" not in value:
        return None
    # Code assigns names to names; a password in settings has a digit or a sign.
    if not (_plausible(value) or asked if always else _drawn(value)):
        return None
    return Found(*seen.place(start, start + len(value)), "secret", "named")


def _flagged(text: str, lower: str, seen: View, at: int) -> Iterator[Found]:
    """`--api-key VALUE` of a command."""
    flag = _FLAG.match(lower, at)
    left = _LEFT.search(text, max(0, at - 40), at)
    if flag is None or left is None or "--" not in left[0]:
        return
    name = left[0][left[0].rindex("--") + 2 :] + text[at : flag.end()].strip()
    value = _BARE.match(text, flag.end())
    if " " not in name and value and secret_name(name) and _plausible(value[0]) and "(" not in value[0]:
        yield Found(*seen.place(*value.span()), "secret", "named")


def _listed(raw: str, seen: View, at: int, begin: int) -> Iterator[Found]:
    """The texts of a list behind a quoted name, one by one."""
    left = _LEFT.search(seen.text, max(0, at - 40), at)
    name = (left[0] if left else "") + seen.text[at:begin].split('"')[0]
    if '"' not in seen.text[at:begin] or not secret_name(name):
        return
    place = seen.at(begin) + 1
    while (quote := _ITEM.match(raw, place)) is not None:
        start, end = _until_quote(raw, quote.end())
        if start < end:
            yield Found(start, end, "secret", "named")
        place = end + start - quote.end()


def _until_quote(raw: str, opening: int) -> tuple[int, int]:
    """The value between a quote and the one that closes it, at whichever depth of JSON in JSON it stands.

    `opening`: where the quote or the backslashes in front of it begin.
    """
    first = _QUOTE.match(raw, opening)
    if first is None:
        return opening, opening
    depth = len(first[1])
    for quote in _QUOTE.finditer(raw, first.end()):
        count = len(quote[1])
        if count < depth or (count - depth) % (2 * (depth + 1)) == 0:
            return first.end(), quote.end() - 1 - min(count, depth)
    return first.end(), len(raw)


def _plausible(value: str) -> bool:
    """Whether a bare word can be a password rather than a name of a program or a word of a sentence."""
    if len(value) < 4 or (re.fullmatch(r"[A-Za-z_][\w.]*", value) and not any(c.isdigit() for c in value)):
        return False
    return not re.fullmatch(
        r"(?:os|self|config|settings|env|process|args|request|kwargs)\..*|[0-9.,]{1,6}", value
    )


def _drawn(value: str) -> bool:
    """Whether it looks drawn at random."""
    return (
        len(value) >= 12
        and " " not in value
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
    )
