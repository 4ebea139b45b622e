"""Stored texts by their hash, put together from their parts.

A row of table `content` holds a text (`body`) or names the rows it is made of (`parts`); those may name
others once more. What is asked for is read level by level, so the number of queries does not depend on
how many texts there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.store.store import Store

# A text, its groups and their parts: what digest writes has three levels.
LEVELS = 4
WHOLE = 2**32 - 1
_AT_ONCE = 20_000
_ROWS = Path(__file__).with_name("texts.sql").read_text()


@dataclass(frozen=True, slots=True)
class StoredText:
    """A row of `content`: the beginning of its own bytes and how many there are, or the hashes of its parts."""  # noqa: E501

    body: bytes
    size: int
    parts: tuple[str, ...] = ()


def leaf_hashes(hash_: str, rows: Mapping[str, StoredText], levels: int = LEVELS) -> Iterator[str | None]:
    """The hashes of the rows that hold a text's bytes, in order; None for one that is not there or nested too
    deep."""
    row = rows.get(hash_)
    if row is None or levels == 0:
        yield None
    elif not row.parts:
        yield hash_
    else:
        for part in row.parts:
            yield from leaf_hashes(part, rows, levels - 1)


def leaves(hash_: str, rows: Mapping[str, StoredText]) -> Iterator[StoredText | None]:
    """These rows."""
    return (rows[leaf] if leaf else None for leaf in leaf_hashes(hash_, rows))


def assemble(hash_: str, rows: Mapping[str, StoredText]) -> bytes | None:
    """The bytes of a text; None when it or one of its parts is not there."""
    found = list(leaves(hash_, rows))
    return None if None in found else b"".join(row.body for row in found if row)


async def texts(store: Store, project: str, hashes: Iterable[str]) -> dict[str, str]:
    """The whole texts of a project by hash (lower-case hex); what is not there is left out.

    At most `LEVELS` queries for each 20,000 rows of a level. Errors of the store pass through.
    """
    asked = sorted(set(hashes))
    rows = await stored(store, project, asked)
    found = {hash_: assemble(hash_, rows) for hash_ in asked}
    return {hash_: text.decode("utf-8", "replace") for hash_, text in found.items() if text is not None}


async def stored(
    store: Store, project: str, hashes: Sequence[str], limit: int = WHOLE
) -> dict[str, StoredText]:
    """The rows of some texts and of all their parts, each body cut after `limit` bytes."""
    rows: dict[str, StoredText] = {}
    wanted = sorted(set(hashes))
    for _ in range(LEVELS):
        for first in range(0, len(wanted), _AT_ONCE):
            part = wanted[first : first + _AT_ONCE]
            parameters = {"project": project, "hashes": part, "limit": limit}
            for row in (await store.fetch(_ROWS, parameters, purpose="content")).rows:
                body = row[1] if isinstance(row[1], bytes) else str(row[1]).encode()
                rows[row[0]] = StoredText(body, row[2], tuple(row[3]))
        wanted = sorted({part for h in wanted if h in rows for part in rows[h].parts} - rows.keys())
        if not wanted:
            break
    return rows


@dataclass(frozen=True, slots=True)
class Ends:
    """How a stored text begins and how it ends, each a piece of it; `whole`: the beginning is all of it.

    The end of a long list of messages begins with one of them: parts are cut between objects.
    """

    beginning: str
    end: str
    whole: bool


_ENDS = 3  # the last part may be a mere bracket, and the one before it short


async def ends(store: Store, project: str, hashes: Iterable[str], limit: int) -> dict[str, Ends]:
    """Beginnings and ends of some texts by hash, pieces of at most `limit` bytes each; those that are there.

    Of a text in parts only the outermost are read.
    """
    rows: dict[str, StoredText] = {}
    wanted = sorted(set(hashes))
    asked = wanted
    for _ in range(LEVELS):
        for first in range(0, len(wanted), _AT_ONCE):
            parameters = {"project": project, "hashes": wanted[first : first + _AT_ONCE], "limit": limit}
            for row in (await store.fetch(_ROWS, parameters, purpose="content")).rows:
                body = row[1] if isinstance(row[1], bytes) else str(row[1]).encode()
                rows[row[0]] = StoredText(body, row[2], tuple(row[3]))
        wanted = sorted({p for h in wanted if h in rows for p in _outer(rows[h].parts)} - rows.keys())
        if not wanted:
            break
    return {hash_: _ends(hash_, rows) for hash_ in asked if hash_ in rows}


def _outer(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(parts) if len(parts) <= _ENDS + 1 else (parts[0], *parts[-_ENDS:])


def _ends(hash_: str, rows: Mapping[str, StoredText]) -> Ends:
    row = rows[hash_]
    if not row.parts:
        text = row.body.decode("utf-8", "ignore")
        return Ends(text, "", len(row.body) == row.size)
    first = next(leaves(row.parts[0], rows), None)
    last: list[StoredText] = []
    for part in row.parts[-_ENDS:]:
        last += [leaf for leaf in _last_leaves(part, rows, LEVELS - 1) if leaf]
    joined = b"".join(leaf.body for leaf in last[-_ENDS:] if len(leaf.body) == leaf.size)
    return Ends(
        (first.body if first else b"").decode("utf-8", "ignore"), joined.decode("utf-8", "ignore"), False
    )


def _last_leaves(hash_: str, rows: Mapping[str, StoredText], levels: int) -> list[StoredText]:
    row = rows.get(hash_)
    if row is None or levels == 0:
        return []
    return (
        [row] if not row.parts else [x for p in row.parts[-_ENDS:] for x in _last_leaves(p, rows, levels - 1)]
    )
