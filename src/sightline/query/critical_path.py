"""The critical path of a trace: what it waited for at each moment, from its first to its last. Pure.

Walked backwards: what ended last is what the end waited for; before that child began, the parent waited for
the child that had ended last by then, and where there was none it worked itself. The parts follow each other
without gap or overlap, so that they add up to the trace's duration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sightline.records.span_tree import SpanTree

NOBODY = -1
"""The row of a part in which no span ran."""
# A sibling that ended this much after the next one began (ns, or as a share of its own time) was still waited
# for: it handed over, or the two clocks differ a little.
_HANDOVER_NS, _HANDOVER_SHARE = 10**6, 10


class Part(NamedTuple):
    """A stretch of the path in nanoseconds since the epoch, and the row that worked in it, or `NOBODY`."""

    row: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """In nanoseconds."""
        return self.end - self.start


def critical_path(tree: SpanTree, starts: Sequence[int], ends: Sequence[int]) -> tuple[Part, ...]:
    """The parts in order of time, each longer than nothing. `starts` and `ends` by row, of whichever clocks.

    A child may outlive its parent or begin before it: while it is waited for, its time is its own.
    """
    if not len(tree):
        return ()
    begins, finishes = _reach(tree, starts, ends)
    walk = _Walk(tree, starts, ends, begins, finishes)
    walk.run(min(begins), max(finishes))
    return tuple(_joined(walk.parts))


def _reach(tree: SpanTree, starts: Sequence[int], ends: Sequence[int]) -> tuple[list[int], list[int]]:
    """From when to when a span or anything below it ran."""
    begins = list(starts)
    finishes = [max(start, end) for start, end in zip(starts, ends, strict=True)]
    parent = tree.parent
    for row in range(len(tree) - 1, -1, -1):
        over = parent[row]
        if over >= 0:
            if begins[row] < begins[over]:
                begins[over] = begins[row]
            if finishes[row] > finishes[over]:
                finishes[over] = finishes[row]
    return begins, finishes


class _Walk:
    """The way back. `parts` come latest first; a stack of its own, since trees may be 30,000 deep."""

    def __init__(
        self,
        tree: SpanTree,
        starts: Sequence[int],
        ends: Sequence[int],
        begins: Sequence[int],
        finishes: Sequence[int],
    ) -> None:
        self.tree, self.starts, self.ends = tree, starts, ends
        self.begins, self.finishes = begins, finishes
        self.parts: list[Part] = []

    def run(self, begin: int, end: int) -> None:
        """From `end` back to `begin`, from no span in particular."""
        # Row, where its stretch begins, how far it is walked back, and its children still to look at.
        stack = [(NOBODY, begin, end, self._latest_last(NOBODY))]
        while stack:
            row, begin, at, children = stack.pop()
            while children and at > begin:
                child = children.pop()
                first = max(self.begins[child], begin)
                if first >= at or not self._waited_for(row, child, at):
                    continue
                until = min(self.finishes[child], at)
                if until <= first:
                    continue
                self._own(row, until, at)
                stack.append((row, begin, first, children))
                stack.append((child, first, until, self._latest_last(child)))
                break
            else:
                self._own(row, begin, at)

    def _latest_last(self, row: int) -> list[int]:
        return sorted(self.tree.below(row), key=lambda child: (self.finishes[child], child))

    def _waited_for(self, row: int, child: int, at: int) -> bool:
        late = self.finishes[child] - at
        if late <= _HANDOVER_NS or row == NOBODY:
            return True
        return late * _HANDOVER_SHARE <= self.finishes[child] - self.begins[child]

    def _own(self, row: int, begin: int, end: int) -> None:
        """The time without a child: the span's own as far as it ran, nobody's beyond."""
        if row == NOBODY:
            self._add(NOBODY, begin, end)
            return
        inside = min(max(self.starts[row], begin), end), max(min(self.ends[row], end), begin)
        if inside[1] <= inside[0]:
            self._add(NOBODY, begin, end)
            return
        self._add(NOBODY, inside[1], end)
        self._add(row, *inside)
        self._add(NOBODY, begin, inside[0])

    def _add(self, row: int, begin: int, end: int) -> None:
        if end > begin:
            self.parts.append(Part(row, begin, end))


def _joined(parts: list[Part]) -> list[Part]:
    """In order of time, neighbours of one row as one."""
    found: list[Part] = []
    for part in reversed(parts):
        if found and found[-1].row == part.row:
            found[-1] = Part(part.row, found[-1].start, part.end)
        else:
            found.append(part)
    return found
