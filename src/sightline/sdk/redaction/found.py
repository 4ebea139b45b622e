"""What a detector finds, and what a detector is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

KINDS = ("email", "phone", "card", "iban", "national_id", "secret", "ip")
"""Kinds that the built-in patterns know. `ip` is found when it is asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a text: from `start` up to, without, `end`, in characters.

    `kind` names the replacement (`email` becomes `[EMAIL]`); `detail` says which of its kind, for example
    `us_ssn`.
    """

    start: int
    end: int
    kind: str
    detail: str = ""


class Detector(Protocol):
    """Finds what must not leave. Replace the built-in one with `Redaction(detector=…)`.

    Places may overlap and come in any order. What it raises, and a time limit that it exceeds, withholds the
    text; nothing is sent unredacted.
    """

    def find(self, text: str) -> Iterable[Found]:
        """Places in the text."""
        ...
