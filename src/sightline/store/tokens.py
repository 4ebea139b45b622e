"""Tokens of inserts whose rows never came: forgotten before the engine opens its tables.

The engine notes an insert's token, then gives the part its name. A process that is killed in between leaves
the token without the part, and the engine would take the repeated insert for a copy and store nothing. So
before it opens its tables, a token whose part is on no disk is taken out of its log.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LOGS = "deduplication_logs"
_PART = re.compile(r"(?P<partition>[^_]+)_(?P<first>\d+)_(?P<last>\d+)_\d+(_\d+)?")
_NUMBER = re.compile(r"(\d+)\.txt$")
_ADDED = "1"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A token that was taken out of a table's log: the folder of the table, and the part that never came."""

    table: Path
    part: str


def forget_lost_inserts(engine: Path) -> tuple[Forgotten, ...]:
    """Take the tokens of inserts that were never finished out of the logs below the engine's folder.

    Only for an engine that is not open. Parts are looked for by their block numbers: a merge of neighbours
    stands for all it was made of. Nothing comes behind a lost insert before the engine is opened again, so no
    merge can hide one. A token whose part expired is forgotten too, which changes nothing.
    Raises OSError.
    """
    return tuple(lost for logs in sorted(engine.glob(f"store/*/*/{LOGS}")) for lost in _mend(logs, engine))


def _mend(logs: Path, engine: Path) -> Iterator[Forgotten]:
    stored = _stored(logs.parent)
    for path in sorted(logs.iterdir(), key=_number):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept: list[str] = []
        for line in lines:
            fields = line.removesuffix("\n").split("\t")
            torn = not line.endswith("\n") or len(fields) != 3  # by a power cut: the insert was not finished
            if torn:
                yield Forgotten(logs.parent, fields[1] if len(fields) > 1 else "")
            elif fields[0] == _ADDED and not _is_stored(fields[1], stored):
                yield Forgotten(logs.parent, fields[1])
            else:
                kept.append(line)
        if len(kept) != len(lines):
            _replace(path, "".join(kept), engine)


def _stored(table: Path) -> dict[str, list[tuple[int, int]]]:
    """Block numbers of the parts of each partition that are there, merged or not."""
    found: dict[str, list[tuple[int, int]]] = {}
    for entry in table.iterdir():
        part = _PART.fullmatch(entry.name)
        if part:
            found.setdefault(part["partition"], []).append((int(part["first"]), int(part["last"])))
    return found


def _is_stored(name: str, stored: dict[str, list[tuple[int, int]]]) -> bool:
    part = _PART.fullmatch(name)
    if part is None:  # a name of another kind: left as it is
        return True
    first, last = int(part["first"]), int(part["last"])
    return any(a <= first and last <= b for a, b in stored.get(part["partition"], ()))


def _number(path: Path) -> int:
    found = _NUMBER.search(path.name)
    return int(found[1]) if found else 0


def _replace(path: Path, text: str, engine: Path) -> None:
    """Write a log anew, whole or not at all. The engine reads every file beside its logs, so the new one is
    made elsewhere."""
    fresh = engine / "mended_log.tmp"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
