"""Passwords: what is taken as one, and argon2id around it.

Unlike a key's secret (`keys`), a password is chosen by a person and can be guessed one by one; so its
hash is slow, takes memory, and has a salt.
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sightline.control.errors import InvalidValue

SHORTEST = 12
LONGEST = 500
_FEWEST_LETTERS = 5


class Passwords:
    """Hashes and checks passwords. The defaults are those of RFC 9106 for little memory, on one lane.

    One call takes about a tenth of a second and 64 MiB: callers bound how many run at once.
    """

    def __init__(self, time_cost: int = 3, memory_kib: int = 64 * 1024) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        # What is checked where there is nothing to check: nobody's time tells which accounts exist.
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The text to store, with parameters and salt in it."""
        return self._hasher.hash(_plain(password))

    def matches(self, password: str, stored: str | None) -> bool:
        """Whether this is the password; takes as long where none is stored."""
        try:
            found = self._hasher.verify(stored or self._nobody, _plain(password)[: LONGEST * 4])
        except (VerificationError, InvalidHashError):
            return False
        return found and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)


def acceptable(password: str, *known: str) -> str:
    """The password, when it is one that takes long to guess. Raises InvalidValue.

    `known` are texts that stand beside it, such as the e-mail address: it may not be one of them.
    """
    text = _plain(password)
    if len(text) < SHORTEST:
        raise InvalidValue(
            f"The password has {len(text)} characters; at least {SHORTEST} are needed. Four words are easy to"
            " remember and hard to guess."
        )
    if len(text) > LONGEST:
        raise InvalidValue(f"The password has {len(text)} characters; at most {LONGEST} are taken.")
    if len(set(text)) < _FEWEST_LETTERS:
        raise InvalidValue("The password repeats a few characters; use more different ones.")
    if text.casefold().strip() in {k.casefold().strip() for k in known if k}:
        raise InvalidValue("The password is the name or e-mail address itself; use something else.")
    return password


def _plain(password: str) -> str:
    # The same password from another keyboard or system has other code points (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
