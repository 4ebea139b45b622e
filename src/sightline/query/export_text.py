"""Pieces of text on their way into a file: cut at line ends, commands for terminals made visible.

What is in a file may be shown by anything. Control characters and those that turn the direction of writing
become `\\u001b`: in JSON that is the same text, in CSV it is text that does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# C0 but tab and line ends, DEL, C1 (as UTF-8), and embeddings, overrides and isolates of direction.
_COMMAND = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)


def harmless(piece: bytes) -> bytes:
    """The same text with commands written as `\\uXXXX`."""
    return _COMMAND.sub(lambda found: b"\\u%04x" % ord(found[0].decode()), piece)


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that end at a line end (the last one as it is)."""
    rest: list[bytes] = []
    for piece in pieces:
        at = piece.rfind(b"\n") + 1
        if at:
            yield b"".join((*rest, piece[:at]))
            rest = [piece[at:]] if at < len(piece) else []
        else:
            rest.append(piece)
    if rest:
        yield b"".join(rest)


class CsvRows:
    """Counts the rows of CSV that comes in pieces: line ends outside of quotes."""

    def __init__(self) -> None:
        self.rows = 0
        self._quoted = False

    def read(self, piece: bytes) -> None:
        """Take the next piece."""
        parts = piece.split(b'"')
        self.rows += sum(part.count(b"\n") for part in parts[self._quoted :: 2])
        self._quoted ^= len(parts) % 2 == 0
