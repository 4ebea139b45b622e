"""The text of a key: made once, shown once, and recognised by its hash.

A key reads `sl_<scope letter>_<id>_<secret>`: the prefix lets secret scanners find it, the letter
(i, r, a, or p for public) tells a person what it is for, the id is public and names the key in lists and
logs.

Stored is the SHA-256 of the whole text. A slow, salted password hash (bcrypt, argon2) protects
secrets that people choose, because those can be guessed one by one. This secret is 43 characters
drawn from 62 by the system's random source: 256 bits, which nobody guesses however fast the hash
is, and which no two keys share, so a salt adds nothing. A slow hash would only cost every request
its time, and offer anyone who sends garbage a way to keep the processor busy.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

from sightline.records.access import Scope

Draw = Callable[[str, int], str]
"""Draws n characters of an alphabet, each independent and equally likely."""

PUBLIC_PREFIX = "sl_p_"
"""How the texts of public keys begin: those may stand in an address."""
ID_LENGTH = 12
SECRET_LENGTH = 43
_ID_LETTERS = string.ascii_lowercase + string.digits
_SECRET_LETTERS = string.ascii_letters + string.digits
_LETTER = {Scope.INGEST: "i", Scope.READ: "r", Scope.ADMIN: "a", Scope.PUBLIC: "p"}
_SHAPE = re.compile(rf"sl_[irap]_([a-z0-9]{{{ID_LENGTH}}})_[A-Za-z0-9]{{{SECRET_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `text` must not be kept anywhere; `digest` is what is stored."""

    id: str
    text: str
    digest: str

    def __repr__(self) -> str:
        return f"NewKey(id={self.id!r})"  # a traceback must not show the secret


def draw_at_random(alphabet: str, count: int) -> str:
    """`Draw` from the system's random source."""
    return "".join(secrets.choice(alphabet) for _ in range(count))


def make(scope: Scope, draw: Draw = draw_at_random) -> NewKey:
    """A new key."""
    key_id = draw(_ID_LETTERS, ID_LENGTH)
    text = f"sl_{_LETTER[scope]}_{key_id}_{draw(_SECRET_LETTERS, SECRET_LENGTH)}"
    return NewKey(key_id, text, digest(text))


def id_of(text: str) -> str | None:
    """The public id in a key's text; None when the text is not of a key's shape."""
    found = _SHAPE.fullmatch(text)
    return found[1] if found else None


def digest(text: str) -> str:
    """SHA-256 of the whole text, in hex. Any text is taken."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def matches(text: str, stored_digest: str) -> bool:
    """Whether a text is the key whose digest is stored, in a time that tells nothing about either."""
    return hmac.compare_digest(digest(text), stored_digest)
