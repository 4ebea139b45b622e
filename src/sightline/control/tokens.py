"""Tokens of links and browser sessions: drawn at random, and only their hash is kept (as with `keys`)."""

from __future__ import annotations

import hashlib
import hmac
import string

from sightline.control.keys import Draw, digest

ID_LENGTH = 12
LENGTH = 43
_ID_LETTERS = string.ascii_lowercase + string.digits
_LETTERS = string.ascii_letters + string.digits

__all__ = ["csrf_of", "digest", "matches", "new_id", "new_token", "shaped"]


def new_id(draw: Draw) -> str:
    """A public id."""
    return draw(_ID_LETTERS, ID_LENGTH)


def new_token(draw: Draw) -> str:
    """A secret of 256 bits."""
    return draw(_LETTERS, LENGTH)


def shaped(token: str) -> bool:
    """Whether a text can be a token at all; the database need not be asked about others."""
    return len(token) == LENGTH and token.isascii() and token.isalnum()


def csrf_of(token: str) -> str:
    """What forms of the session with this token bring: bound to it, and of no use to find it."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def matches(given: str, expected: str) -> bool:
    """Compare in a time that tells nothing; an empty expectation matches nothing."""
    return bool(expected) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
