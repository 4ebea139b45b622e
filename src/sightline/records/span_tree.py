"""Where each span of a trace stands: the tree as columns, one value for each row in tree order.

Columns rather than a record for each span: a page shows a few hundred of 30,000 rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Position(StrEnum):
    """Why a span stands where it stands in the tree."""

    ROOT = "root"
    CHILD = "child"
    PARENT_MISSING = "parent missing"
    """Names a parent that was not received (late, sampled away, or another system's)."""
    CYCLE = "cycle"
    """Names an ancestor chain that leads back to itself; cut here so that nothing is hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class SpanTree:
    """A tree depth first, siblings by start, then id. Times in nanoseconds.

    `at`: index into what the tree was made from. `parent`: row of the parent, -1 at the top. `last`: the row
    behind the last descendant. `own_ns`: time no child covers. `skew_ns`: how much earlier than its parent a
    span started by its own clock. `tops`: the rows without a parent here, and why.
    """

    at: Sequence[int]
    parent: Sequence[int]
    depth: Sequence[int]
    last: Sequence[int]
    children: Sequence[int]
    own_ns: Sequence[int]
    skew_ns: Sequence[int]
    tops: Mapping[int, Position]

    def __len__(self) -> int:
        return len(self.at)

    def position(self, row: int) -> Position:
        """Why the span of a row stands there."""
        return self.tops.get(row, Position.CHILD)

    def below(self, row: int) -> list[int]:
        """The rows of the children of `row`, in order; those without a parent for -1."""
        if row < 0:
            return list(self.tops)
        found = []
        child, last = row + 1, self.last[row]
        while child < last:
            found.append(child)
            child = self.last[child]
        return found

    def above(self, row: int) -> list[int]:
        """The rows above `row`, nearest first."""
        found = []
        at = self.parent[row]
        while at >= 0:
            found.append(at)
            at = self.parent[at]
        return found
