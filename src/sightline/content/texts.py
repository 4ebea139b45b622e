"""Stored texts by their hash, put together from their parts.

A row of table `content` holds a text (`body`) or names the rows it is made of (`parts`); those may name others once
more. What is asked for is read level by level, so the number of queries does not depend on how many texts there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sightline.store.store import DATABASE, Store

# A text, its groups and their parts: what digest writes has three levels.
LEVELS = 4
_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class StoredText:
    """A row of table `content`: its own bytes, or the hashes (lower-case hex) of the rows it is made of."""

    body: bytes
    parts: tuple[str, ...] = ()


def assemble(hash_: str, rows: Mapping[str, StoredText], levels: int = LEVELS) -> bytes | None:
    """The bytes of a text; None when it or one of its parts is not there, or parts are nested too deep."""
    row = rows.get(hash_)
    if row is None or levels == 0:
        return None
    pieces = [row.body]
    for part in row.parts:
        piece = assemble(part, rows, levels - 1)
        if piece is None:
            return None
        pieces.append(piece)
    return b"".join(pieces)


async def texts(store: Store, project: str, hashes: Iterable[str]) -> dict[str, str]:
    """The whole texts of a project by hash (lower-case hex); what is not there is left out.

    At most `LEVELS` queries for each 20,000 rows of a level. Errors of the store pass through.
    """
    asked = sorted(set(hashes))
    rows: dict[str, StoredText] = {}
    wanted: Sequence[str] = asked
    for _ in range(LEVELS):
        if not wanted:
            break
        for first in range(0, len(wanted), _AT_ONCE):
            rows |= await _rows(store, project, wanted[first : first + _AT_ONCE])
        wanted = sorted({part for h in wanted if h in rows for part in rows[h].parts} - rows.keys())
    found = {hash_: assemble(hash_, rows) for hash_ in asked}
    return {hash_: text.decode("utf-8", "replace") for hash_, text in found.items() if text is not None}


async def _rows(store: Store, project: str, hashes: Sequence[str]) -> dict[str, StoredText]:
    answer = await store.fetch(
        "SELECT lower(hex(hash)), argMax(body, expires), arrayMap(p -> lower(hex(p)), argMax(parts, expires))"
        f" FROM {DATABASE}.content WHERE project = {{project:String}}"
        " AND hash IN arrayMap(h -> toFixedString(unhex(h), 16), {hashes:Array(String)}) GROUP BY hash",
        {"project": project, "hashes": list(hashes)},
        purpose="content",
    )
    return {row[0]: StoredText(row[1] if isinstance(row[1], bytes) else str(row[1]).encode(), tuple(row[2])) for row in answer.rows}
