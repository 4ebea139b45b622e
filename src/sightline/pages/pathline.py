"""The critical path on the lines that are shown: marks below bars, and steps between lines. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages.scale import Scale, Shape, merged
from sightline.pages.trace_lines import Line, Lines, Shows
from sightline.query.critical_path import NOBODY, Part
from sightline.records.span_tree import SpanTree

_MOST_STEPS, _MOST_PARTS = 60, 2_000
_MOST_MARKS = 120


@dataclass(frozen=True, slots=True)
class Step:
    """The path goes from one line to another at `x` percent; lines counted from the first."""

    x: float
    first: int
    last: int


class PathOnLines:
    """Finds which parts of the path belong to which line."""

    def __init__(self, path: Sequence[Part], tree: SpanTree) -> None:
        self._path, self._tree = path, tree
        self._by_row = sorted((part for part in path if part.row != NOBODY), key=lambda p: (p.row, p.start))
        self._rows = [part.row for part in self._by_row]
        self.rows = frozenset(self._rows)

    def on(self, row: int) -> bool:
        """Whether a span itself is on the path."""
        return row in self.rows

    def shapes(self, place: int, line: Line, scale: Scale) -> tuple[Shape, ...]:
        """The marks of a line: its own parts, and those of everything folded into it."""
        parts: list[Part] = []
        if line.shows is Shows.SPAN:
            parts = self._inside(line.row, line.row + 1 if line.expanded else self._tree.last[line.row])
        else:
            for row in line.members:
                parts += self._inside(row, self._tree.last[row])
        if not parts:
            return ()
        pieces = merged(sorted((part.start, part.end) for part in parts), scale.length // 500)
        return tuple(s for begin, end in pieces[:_MOST_MARKS] for s in scale.shapes(begin, end, "path"))

    def _inside(self, first: int, last: int) -> list[Part]:
        return self._by_row[bisect_left(self._rows, first) : bisect_left(self._rows, last)]

    def steps(self, found: Lines, scale: Scale) -> tuple[Step, ...]:
        """From line to line in order of time; none when there are too many to be told apart."""
        places = self._places(found)
        if len(self._path) > _MOST_PARTS:
            return ()
        steps: list[Step] = []
        before = -1
        for part in self._path:
            at = self._shown(part.row, places)
            if at < 0:
                continue
            if before >= 0 and at != before and scale.start <= part.start <= scale.end:
                steps.append(Step(scale.x(part.start), min(at, before), max(at, before)))
                if len(steps) > _MOST_STEPS:
                    return ()
            before = at
        return tuple(steps)

    def _places(self, found: Lines) -> dict[int, int]:
        """The line of each row that has one; that of a group's others for their rows."""
        places: dict[int, int] = {}
        for place, line in enumerate(found.lines):
            if line.shows is Shows.SPAN:
                places[line.row] = place
            elif line.shows is Shows.REST or (line.shows is Shows.GROUP and not line.expanded):
                places.update(dict.fromkeys(line.members, place))
        return places

    def _shown(self, row: int, places: dict[int, int]) -> int:
        while row >= 0 and row not in places:
            row = self._tree.parent[row]
        return places.get(row, -1) if row >= 0 else -1
