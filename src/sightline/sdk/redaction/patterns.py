"""The built-in detector: all patterns over a text, large texts in windows that overlap.

Time is linear in the text's length: every expression is bounded in what it takes from one start, or does not
go back. A property test holds that against long hostile texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sightline.sdk.redaction.contacts as contacts
import sightline.sdk.redaction.named_values as named_values
import sightline.sdk.redaction.numbers as numbers
import sightline.sdk.redaction.secrets as secrets
from sightline.sdk.redaction.found import KINDS, Found
from sightline.sdk.redaction.views import view

DEFAULT = tuple(kind for kind in KINDS if kind != "ip")
WINDOW = 256 * 1024
"""Characters looked at together."""
AROUND = 16 * 1024
"""How far a window reaches into the next one; a longer secret is taken up to its end all the same."""
_LEAD = 512
_ENDS = frozenset("\"'\n ")


class Patterns:
    """Finds the kinds it is made for (of `KINDS`). Safe to be used by several threads."""

    def __init__(self, kinds: Collection[str] = DEFAULT) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise ValueError(f"kind {unknown[0]!r} is unknown; the kinds are {', '.join(KINDS)}")
        self._kinds = frozenset(kinds)

    def find(self, text: str) -> Iterator[Found]:
        """Places in the text; they may overlap."""
        if len(text) <= WINDOW + AROUND:
            yield from self._window(text)
            return
        for begin in range(0, len(text), WINDOW):
            lead = min(_LEAD, begin)
            stop = min(len(text), begin + WINDOW + AROUND)
            for found in self._window(text[begin - lead : stop]):
                start, end = found.start + begin - lead, found.end + begin - lead
                if begin <= start < begin + WINDOW:
                    if end >= stop - 8 and end < len(text):
                        end = _end(text, end)
                    yield Found(start, end, found.kind, found.detail)

    def _window(self, text: str) -> Iterator[Found]:
        seen, kinds = view(text), self._kinds
        read = seen.text
        if "secret" in kinds:
            yield from named_values.find(text, seen)
        for kind, search in (
            ("secret", secrets.find), ("email", contacts.emails), ("ip", contacts.addresses),
        ):  # fmt: skip
            if kind in kinds:
                for found in search(read):
                    start, end = seen.place(found.start, found.end)
                    yield Found(start, end, found.kind, found.detail)
        for found in numbers.find(read, kinds):
            start, end = seen.place(found.start, found.end)
            yield Found(start, end, found.kind, found.detail)


def _end(text: str, at: int) -> int:
    """Where something that goes on beyond its window ends: at the next quote or space."""
    while at < len(text) and text[at] not in _ENDS:
        at += 1
    return at
