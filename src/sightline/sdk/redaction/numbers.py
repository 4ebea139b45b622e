"""Cards, account numbers, telephone numbers and national ids: whatever has many digits.

Most texts have few places with seven digits in a row, so only those places are looked at closely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sightline.sdk.redaction.checksums as checksums
import sightline.sdk.redaction.phones as phones
from sightline.sdk.redaction.found import Found
from sightline.sdk.redaction.national_ids import (
    ALIKE,
    ANY_WORD,
    BY_SIZE,
    FORMS,
    LEADING,
    LETTERED,
    LETTERED_CHECKS,
    LETTERED_IDS,
    RULES,
    WORDS,
)

# Seven digits or more with at most two separators between each; possessive, so that it runs once. A line may
# end between two groups of four.
PLACE = re.compile(
    r"[0-9](?<![0-9][0-9])(?:[ \-./()\u00a0\u2009\u202f]{0,2}+"
    r"(?:\n(?<=[ \-.][0-9]{4}\n) ?(?=[0-9]{4}(?![0-9])))?+[0-9]){6,}+"
)
_SOLID = frozenset({8, 11, 13, 15, 17, 18})
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-/.][01][0-9][-/.][0-3][0-9](?![0-9])[ T]?")
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")
_BARE = re.compile(r"(?<![\w.+\-/])[0-9]{9,12}(?![\w\-/]|\.[0-9])")
_GROUPED = re.compile(
    r"(?<![\w.+\-/])[0-9]{2,4}(?:([ \-.])[0-9]{2,6})(?:\1[0-9]{1,4}){0,3}(?:[ \-][0-9]{1,4})?"
    r"(?![\w\-/]|\.[0-9])"
)
_S = r"(?:[ \-.\u00a0\u2009\u202f]|\n ?)"
CARD = re.compile(
    rf"(?<![0-9A-Za-z.])(?<![0-9a-fA-F]{{4}}-)(?:[2-689][0-9]{{12,18}}"
    rf"|[2-689][0-9]{{3}}{_S}[0-9]{{4}}{_S}[0-9]{{4}}{_S}[0-9]{{1,4}}(?:{_S}[0-9]{{1,3}}(?![0-9]))?"
    rf"|[2-689][0-9]{{3}}{_S}[0-9]{{4}}{_S}[0-9]{{4}}{_S}[0-9]{{4}}"
    rf"|3[0-9]{{3}}{_S}[0-9]{{6}}{_S}[0-9]{{4,5}}"
    rf")(?![\w]|[.\-][0-9a-fA-F])"
)
_IBAN_REST = re.compile(r"(?:[ \-\u00a0]?[A-Za-z0-9]){10,31}")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_BEFORE = 60


def digits_of(text: str) -> str:
    """The digits alone."""
    return _NOT_DIGIT.sub("", text)


def find(text: str, wanted: frozenset[str]) -> Iterator[Found]:
    """Places of the wanted kinds. ASCII digits alone are read as digits."""
    if "iban" in wanted or "national_id" in wanted:
        yield from lettered(text, wanted)
    if "phone" in wanted:
        yield from phones.international(text)
    card, phone, national = "card" in wanted, "phone" in wanted, "national_id" in wanted
    if not (card or phone or national):
        return
    for place in PLACE.finditer(text):
        begin, end = place.span()
        solid = place[0].isdigit()
        size = end - begin if solid else len(_NOT_DIGIT.sub("", place[0]))
        if not solid and _DECIMAL.fullmatch(place[0]):
            continue
        if not solid and (dated := _DATE.match(text, begin)):
            if end - dated.end() < 9:
                continue
            begin = dated.end()
        if card and size >= 14:
            yield from filter(None, map(_card, CARD.finditer(text, begin, end + 2)))
        if national and size >= 8:
            if not solid or size in _SOLID:
                yield from _formed(text, begin, end)
            if size >= 9:
                yield from _worded(text, begin, end)
        if phone and (size <= 15 or not solid):
            yield from phones.national(text, begin, end, size, solid)


def _card(match: re.Match[str]) -> Found | None:
    """A card, or the sixteen digits of one whose next group belongs to something else."""
    digits = digits_of(match[0])
    if checksums.card(digits):
        return Found(match.start(), match.end(), "card")
    if len(digits) > 16 and len(digits) != len(match[0]) and checksums.card(digits[:16]):
        seen = 0
        for at, char in enumerate(match[0], match.start()):
            seen += char.isdigit()
            if seen == 16:
                return Found(match.start(), at + 1, "card")
    return None


def before(text: str, start: int, size: int = _BEFORE) -> str:
    """What stands before a place, in small letters: the words that say what it is."""
    return text[max(0, start - size) : start].lower()


def _formed(text: str, begin: int, end: int) -> Iterator[Found]:
    """Ids in a form of their own."""
    # A letter may belong to it (DNI), and a place may begin within a form (2A of Corsica does not).
    for match in FORMS.finditer(text, begin, min(len(text), end + 14)):
        if match.start() >= end:
            break
        name = match.lastgroup or ""
        plain = re.sub(r"[ .\-+]", "", match[0])
        for rule in (RULES[name], *(RULES[other] for other in ALIKE.get(name, ()) if plain.isdigit())):
            if rule.needs_word and not WORDS[rule.name].search(before(text, begin)):
                continue
            if rule.check(plain):
                yield Found(match.start(), match.end(), "national_id", rule.name)
                break


def _worded(text: str, begin: int, end: int) -> Iterator[Found]:
    """Ids that a word before them names."""
    words = before(text, begin)
    if not ANY_WORD.search(words):
        return
    for match in (*_BARE.finditer(text, begin, end + 1), *_GROUPED.finditer(text, begin, end + 1)):
        digits = digits_of(match[0])
        for name in BY_SIZE.get(len(digits), ()):
            if WORDS[name].search(words) and RULES[name].check(digits):
                yield Found(match.start(), match.end(), "national_id", name)
                break


def lettered(text: str, wanted: frozenset[str]) -> Iterator[Found]:
    """Account numbers and national ids that begin with letters."""
    ids, accounts = "national_id" in wanted, "iban" in wanted
    for one in LETTERED.finditer(text):
        match: re.Match[str] | None = one
        if one.lastgroup == "iban":
            start = one.start() - 2
            end = _iban_end(text, start) if accounts and _free(text, start) else 0
            if end:
                yield Found(start, end, "iban")
                continue
            match = LETTERED_IDS.match(text, one.start())
        if match is None or not ids:
            continue
        name = match.lastgroup or ""
        start = match.start() - LEADING[name]
        if _free(text, start) and LETTERED_CHECKS[name](re.sub(r"[ \-]", "", text[start : match.end()])):
            yield Found(start, match.end(), "national_id", name.rstrip("_"))


def _iban_end(text: str, start: int) -> int:
    """Where an account number that begins there ends, in groups or without; 0 for none."""
    size = checksums.iban_length(text[start : start + 2].upper())
    rest = _IBAN_REST.match(text, start + 4) if size else None
    if rest is None:
        return 0
    plain = ""
    for at in range(start, rest.end()):
        char = text[at]
        if char.isalnum():
            plain += char
            if len(plain) == size:
                follows = text[at + 1 : at + 2]
                whole = not (follows.isalnum() and follows.isascii()) and follows != "_"
                return at + 1 if whole and checksums.iban(plain.upper()) else 0
    return 0


def _free(text: str, start: int) -> bool:
    """Whether a word begins there."""
    return start == 0 or not (text[start - 1].isalnum() or text[start - 1] == "_")
