"""What is wrong with a filter: where, what was expected, and the nearest thing that exists."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SHOWN = 60


class FilterError(ValueError):
    """A filter that cannot be understood.

    `offset` and `length` count characters (code points) of the filter's text from 0; a length of 0 points
    between two characters. `expected` says what could stand there, `proposal` is a text that could replace
    the marked characters; both may be empty.
    """

    def __init__(
        self, message: str, offset: int, length: int, *, expected: str = "", proposal: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.expected = expected
        self.proposal = proposal

    def __str__(self) -> str:
        """One sentence for people: what, what was expected, what is near."""
        text = self.message
        if self.expected:
            text += f"; expected {self.expected}"
        if self.proposal:
            text += f". Did you mean {self.proposal}?"
        return text


def nearest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """The word that is most like `word`, in any case of letters; empty when none is near."""
    by_lower = {w.lower(): w for w in words}
    lowered = word.lower()[:_SHOWN]
    begins = [w for w in by_lower if len(lowered) > 2 and w.startswith(lowered)]
    close = difflib.get_close_matches(lowered, by_lower, n=1, cutoff=cutoff)
    found = close or sorted(begins, key=len)
    return by_lower[found[0]] if found else ""


def shown(text: str) -> str:
    """A piece of the filter as messages quote it: cut, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"
