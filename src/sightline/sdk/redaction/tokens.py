"""What stands in place of what was found, so that JSON stays JSON."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable

from sightline.sdk.redaction.found import Found

# The more telling kind wins where places overlap; a secret's value may look like anything.
_RANK = {"secret": 0, "card": 1, "iban": 2, "national_id": 3, "email": 4, "phone": 5, "ip": 6}
_NUMBER = re.compile(r"-?[0-9][0-9.eE+\-]*")
_KEY = re.compile(r'(\\*")[ \t\r\n]{0,8}:[ \t\r\n]{0,8}$')
_NEXT = re.compile(r"[ \t\r\n]{0,8}(?:[,}\]]|\\+[nrt]|$)")
_KIND = re.compile(r"[^a-z0-9]+")
Name = Callable[[str, str], str]


def name_of(kind: str) -> str:
    """A kind as it is written in a token."""
    return _KIND.sub("_", kind.lower()).strip("_") or "redacted"


def removed(kind: str, value: str) -> str:
    """`[EMAIL]`: says what was there and nothing of it."""
    return f"[{name_of(kind).upper()}]"


def hashed(key: bytes) -> Name:
    """Tokens such as `[email:3fa9c1d2]`: the same value with the same key has the same one."""

    def name(kind: str, value: str) -> str:
        word = name_of(kind)
        digest = hmac.new(
            key, f"{word}\0{_plain(word, value)}".encode("utf-8", "surrogatepass"), hashlib.sha256
        )
        return f"[{word}:{digest.hexdigest()[:8]}]"

    return name


def _plain(kind: str, value: str) -> str:
    """A value as it is compared: however it is written, it is the same."""
    if kind in ("card", "phone"):
        return re.sub(r"[^0-9]", "", value)
    if kind in ("iban", "national_id"):
        return re.sub(r"[^0-9A-Za-z]", "", value).upper()
    return value.strip().lower() if kind in ("email", "ip") else value.strip()


def merged(places: Iterable[Found], size: int) -> list[Found]:
    """Places in order that do not overlap: what overlaps becomes one, of the more telling kind."""
    result: list[Found] = []
    inside = (p for p in places if 0 <= p.start < p.end <= size)
    for place in sorted(inside, key=lambda p: (p.start, -p.end, _RANK.get(p.kind, 9))):
        if result and place.start < result[-1].end:
            last = result[-1]
            kind = min(last, place, key=lambda p: _RANK.get(p.kind, 9))
            result[-1] = Found(last.start, max(last.end, place.end), kind.kind, kind.detail)
        else:
            result.append(place)
    return result


def replaced(text: str, places: list[Found], name: Name) -> str:
    """The text with tokens in these places."""
    pieces: list[str] = []
    last = 0
    for place in places:
        value = text[place.start : place.end]
        quote = _quote(text, place.start, place.end, value)
        pieces += (text[last : place.start], quote, name(place.kind, value), quote)
        last = place.end
    pieces.append(text[last:])
    return "".join(pieces)


def _quote(text: str, start: int, end: int, value: str) -> str:
    """The quotes that a token needs where a number of JSON stood: those of its key, at its key's depth."""
    if not _NUMBER.fullmatch(value) or not _NEXT.match(text, end):
        return ""
    key = _KEY.search(text, max(0, start - 32), start)
    return key[1] if key else ""


def as_json(text: str) -> bool:
    """Whether the text looks like a document of JSON."""
    begin, end = text[:64].lstrip()[:1], text[-64:].rstrip()[-1:]
    return begin in ("{", "[", '"') and end in ("}", "]", '"')


def whole(text: str) -> bool:
    """Whether it is JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def by_leaves(text: str, redact: Callable[[str], str], secret: Callable[[str], bool], name: Name) -> str:
    """A document of JSON with its texts and numbers redacted one by one: always JSON again.

    `secret`: whether a text, number or list under a key goes whatever it is; an object may be a schema.
    """

    def walked(node: object, hidden: bool) -> object:
        if isinstance(node, dict):
            return {redact(key): walked(value, secret(key)) for key, value in node.items()}
        if isinstance(node, list):
            return [walked(value, hidden) for value in node]
        if node is None or isinstance(node, bool) or node == "":
            return node
        if hidden:
            return name("secret", str(node))
        if isinstance(node, str):
            return redact(node)
        written = json.dumps(node)
        found = redact(written)
        return node if found == written else found

    return json.dumps(walked(json.loads(text), False), ensure_ascii=False)
