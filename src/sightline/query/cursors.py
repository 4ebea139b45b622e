"""Places in a sorted list over a stretch of time that stay right while data arrives.

A cursor holds the stretch and the moment of the first page: what is digested later is on no further page, so
that nothing moves from one page to another. It holds numbers only, never a name that someone sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sightline.query.listing_order import BadSort
from sightline.query.traces import BadCursor
from sightline.query.window import LATEST, Window

# The columns of a row that is ranked, `id` and `key` filled in.
RANKED = "SELECT\n    {id} AS id,\n    {key} AS key,\n    cityHash64(id) AS hash\n"
_WRITTEN = re.compile(
    r"(-?[a-z][a-z0-9]{0,11})\.(\d{1,19})\.(\d{1,19})\.(\d{1,19})\.(-?\d{1,19})\.(\d{1,20})"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind which row the next page begins: its sort key, and the hash of its name among equal keys.

    `as_of` is in microseconds, as the store has its own times.
    """

    sort: str
    since: int
    until: int
    as_of: int
    key: int
    hash: int

    def __str__(self) -> str:
        return f"{self.sort}.{self.since}.{self.until}.{self.as_of}.{self.key}.{self.hash}"

    def window(self, project: str) -> Window:
        """The stretch of time of the first page."""
        return Window(project, self.since, self.until)


def read_cursor(text: str | None, sort: str) -> Cursor | None:
    """A cursor from its text; None without one. Raises BadCursor."""
    if not text:
        return None
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise BadCursor(f"cursor {text[:80]!r} was not made by this server; start again without one")
    cursor = Cursor(found[1], *(int(found[n]) for n in range(2, 7)))
    if cursor.sort != sort:
        raise BadCursor(f"the cursor is of a list sorted by {cursor.sort}; start again without one")
    fits = cursor.since < cursor.until <= LATEST and cursor.as_of <= LATEST and cursor.hash < 2**64
    if not fits or not -(2**63) <= cursor.key <= LATEST:
        raise BadCursor(f"cursor {text[:80]!r} was not made by this server; start again without one")
    return cursor


def checked(sort: str, known: tuple[str, ...]) -> str:
    """An order by its name, `-` in front for the largest first. Raises BadSort."""
    if sort.removeprefix("-") not in known:
        raise BadSort(
            f"there is no order {sort[:40]!r}; one of {', '.join(known)}, with - for the largest first"
        )
    return sort
