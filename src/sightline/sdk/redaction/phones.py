"""Telephone numbers: international ones by their country's code, national ones by form or by a word before.

Many things have as many digits (ids, moments, counts of tokens), so bare digits need a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sightline.sdk.redaction.found import Found

_SEP = r"[ \-./()\u00a0\u2009\u202f]{0,2}"
_PLUS = re.compile(rf"\+\(?[1-9](?:{_SEP}+[0-9]){{6,16}}")
_ZEROS = re.compile(r"00(?<![\w.+\-]00)(?<![0-9] 00)[1-9](?:[ \-./]?+[0-9]){8,14}+(?![0-9\-])")
# Calling codes and the most digits, with the code, that numbers of these countries have.
_LONGEST = {
    "1": 11, "7": 11, "20": 12, "27": 11, "30": 12, "31": 11, "32": 11, "33": 11, "34": 11, "36": 11,
    "39": 13, "40": 11, "41": 11, "43": 14, "44": 12, "45": 10, "46": 12, "47": 10, "48": 11, "49": 14,
    "51": 11, "52": 13, "53": 10, "54": 13, "55": 13, "56": 11, "57": 12, "58": 12, "60": 12, "61": 11,
    "62": 14, "63": 12, "64": 12, "65": 10, "66": 11, "81": 12, "82": 12, "84": 12, "86": 13, "90": 12,
    "91": 12, "92": 12, "93": 11, "94": 11, "95": 12, "98": 12,
}  # fmt: skip
_THREE = frozenset(
    [*map(str, range(211, 270)), "290", "291", "297", "298", "299", *map(str, range(350, 390)), "420", "421",
     "423", *map(str, range(500, 510)), *map(str, range(590, 600)), *map(str, range(670, 693)), "800", "808",
     "850", "852", "853", "855", "856", "870", "880", "881", "886", *map(str, range(960, 980)),
     *map(str, range(992, 999))]
)  # fmt: skip
# Forms of countries' own numbers, tried where a place with many digits begins.
_AREA = r"[2-9][0-9]{2}"
FORM = re.compile(
    r"(?<![\w.+/])(?<!\w-)(?:"
    rf"(?:1[-. ])?\(?{_AREA}\)?[-. ]{{1,2}}{_AREA}[-.][0-9]{{4}}(?![\w\-]|\.[0-9])"
    rf"|(?:1[-. ])?\({_AREA}\) ?{_AREA}[-. ][0-9]{{4}}(?![\w\-])"
    r"|0[1-9](?:([ .\-])[0-9]{2})(?:\1[0-9]{2}){3}(?![\w\-]|\.[0-9]|[ .][0-9]{2}(?![0-9]))"
    r"|(?<![0-9] )\(?0[1-9][0-9]{1,4}\)?(?: ?/ ?| |- )[1-9][0-9]{2,8}(?:[ \-][0-9]{2,6}){0,3}"
    r"(?![\w/]|[.\-][0-9])"
    r"|\(0[0-9]{1,5}\) ?[0-9]{2,8}(?:[ \-/][0-9]{2,6}){0,3}(?![\w/]|[.\-][0-9])"
    r"|0[1-9][0-9]{1,4}-[0-9]{5,9}(?![\w/\-]|[.][0-9])"
    r"|\([1-9][0-9]\) ?9?[0-9]{4}-[0-9]{4}(?![\w\-])"
    r")"
)
_WORD = re.compile(
    r"(?:(?<![a-z])(?:tel|phone|telephone|telefon|telefono|telefonnummer|téléphone|telephone|teléfono|telefone"
    r"|mobile?|mobil|móvil|movil|portable|cellulare|cell|cel|handy|handynummer|rufnummer|fax|whatsapp|sms"
    r"|phone[_ ]?number|mobile[_ ]?number|cell[_ ]?phone|fixe|call|dial|ring|anrufen|llam\w+|appel\w+|numéro)"
    r"|[_\w]*phone|☎|📞|📱)(?:[ _.]?(?:number|no|nr|nummer))?[\"'.:=\s\-–()]*"
    r"(?:(?:is|at|on|me|us|unter|ist|au|al|es|est|el|le)[\s:]+){0,3}[\"'(+]*$"
)
_SLASHED = re.compile(r"[0-9]{1,2}([/\-.])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])")
_MAYBE = re.compile(
    r"tel|pho|f[oi]n|mob|m[óo]v|port|cel|hand|rufn|fax|what|sms|fix|call|dial|ring|ruf|llam|appel|num|☎|📞|📱"
)
_RANGE = re.compile(r"0[0-9]{4}-[0-9]{5}")
_TEXT_BEFORE = 40


def _code(digits: str) -> int:
    """The most digits a number with this calling code has; 0 when no country has it."""
    if digits[0] in "17":
        return _LONGEST[digits[0]]
    return _LONGEST.get(digits[:2], 0) or (15 if digits[:3] in _THREE else 0)


def international(text: str) -> Iterator[Found]:
    """Numbers with + or 00 and a country's code."""
    if "+" in text:
        for match in _PLUS.finditer(text):
            start = match.start()
            if start and (text[start - 1].isalnum() or text[start - 1] in "+_"):
                continue
            found = _bounded(text, start, match.end())
            if found:
                yield found
    if "00" in text:
        for match in _ZEROS.finditer(text):
            digits = re.sub(r"[^0-9]", "", match[0])[2:]
            grouped = len(match[0]) > len(digits) + 2
            if _code(digits) >= len(digits) and (grouped or _WORD.search(_before(text, match.start()))):
                yield Found(match.start(), match.end(), "phone")


def _bounded(text: str, start: int, end: int) -> Found | None:
    """As many groups of digits as a number of its country can have."""
    groups = list(re.finditer(r"[0-9]+", text[start:end]))
    digits = "".join(g[0] for g in groups)
    longest = _code(digits)
    while groups and sum(len(g[0]) for g in groups) > longest:
        groups.pop()
    size = sum(len(g[0]) for g in groups)
    if not longest or size < 8 or (longest == 11 and digits[0] == "1" and size != 11):
        return None
    stop = start + groups[-1].end()
    if stop < len(text) and (text[stop].isalpha() or text[stop] == "_" or text[stop].isdigit()):
        return None
    return Found(start, stop, "phone")


def _before(text: str, start: int) -> str:
    return text[max(0, start - _TEXT_BEFORE) : start].lower()


def national(text: str, begin: int, end: int, size: int, solid: bool) -> Iterator[Found]:
    """Numbers without a country's code in a place of `size` digits; `solid`: nothing separates them."""
    before = text[begin - 1 : begin]
    if before == "+":
        return
    first = begin - 1 if before == "(" else begin
    # A long run of numbers is a table's or a list's; a form may begin at any of its groups.
    if not solid and size >= 9:
        for match in FORM.finditer(text, first, min(len(text), end + 1)):
            digits = sum(c.isdigit() for c in match[0])
            if 9 <= digits <= 13 and not _SLASHED.match(match[0]) and not _RANGE.fullmatch(match[0]):
                yield Found(match.start(), match.end(), "phone")
    if 7 <= size <= 15:
        words = _before(text, first)
        if _MAYBE.search(words) and _WORD.search(words):
            yield Found(first, end, "phone")
