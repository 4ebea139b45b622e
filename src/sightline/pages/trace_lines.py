"""Which lines of a trace are shown: spans, groups of repeats, and what is folded away. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sightline.pages.trace_address import ALL, Asked
from sightline.query.repeats import FROM, Repeats, beside
from sightline.records.span_tree import Position, SpanTree
from sightline.records.trace import SpanColumns


class Shows(StrEnum):
    """What a line stands for."""

    SPAN = "span"
    GROUP = "group"
    REST = "rest"
    """The members of a group that stand in no line of their own."""
    HEADING = "heading"


class Line(NamedTuple):
    """A line. `row`: its span, or the first of its group. `expanded`: None where nothing is below it.

    `why` is what makes a member stand beside its group, or the words of a heading.
    """

    shows: Shows
    row: int
    depth: int
    group: Repeats | None = None
    expanded: bool | None = None
    why: str = ""
    members: tuple[int, ...] = ()


HEADINGS = {
    Position.PARENT_MISSING: "Parent not received",
    Position.CYCLE: "Parents form a circle, cut at the earliest span",
}


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """All lines in order. `up`: the line each stands below, -1 at the top; `more`: one follows there."""

    lines: Sequence[Line]
    up: Sequence[int]
    more: Sequence[bool]

    def __len__(self) -> int:
        return len(self.lines)

    def place_of(self, row: int) -> int | None:
        """The index of a span's own line."""
        for place, line in enumerate(self.lines):
            if line.row == row and line.shows is Shows.SPAN:
                return place
        return None

    def guides(self, place: int, most: int) -> tuple[str, ...]:
        """Tree lines in front of a line, outermost first, the nearest `most`: `line` or `none`, then `elbow`
        or `corner`."""
        depth = self.lines[place].depth
        if not depth:
            return ()
        marks = ["elbow" if self.more[place] else "corner"]
        at = self.up[place]
        while at >= 0 and len(marks) < min(most, depth):
            marks.append("line" if self.more[at] else "none")
            at = self.up[at]
        return tuple(reversed(marks))


def lines(
    tree: SpanTree,
    columns: SpanColumns,
    groups: Mapping[int, Sequence[Repeats]],
    asked: Asked,
    chosen: int,
    only: Collection[int] | None = None,
) -> Lines:
    """All lines in order. The line of row `chosen` is among them, whatever is folded; -1 for none.

    `only`: rows to show with the rows above them, for the view of the critical path.
    """
    if ALL in asked.open and not asked.fold and only is None and set(tree.tops.values()) <= {Position.ROOT}:
        return _linked(
            [
                Line(Shows.SPAN, row, depth, None, True if below else None)
                for row, (depth, below) in enumerate(zip(tree.depth, tree.children, strict=True))
            ]
        )
    walk = _Walk(tree, columns, {} if ALL in asked.open else groups, asked, chosen, only)
    walk.run()
    return _linked(walk.out)


def _linked(found: list[Line]) -> Lines:
    """With what each stands below, and whether another follows there."""
    up = [-1] * len(found)
    trail: list[int] = []
    for place, line in enumerate(found):
        del trail[line.depth :]
        up[place] = trail[-1] if trail else -1
        trail.append(place)
    more = [False] * len(found)
    last: dict[int, int] = {}
    for place, over in enumerate(up):
        if over in last:
            more[last[over]] = True
        last[over] = place
    return Lines(found, up, more)


class _Walk:
    def __init__(
        self,
        tree: SpanTree,
        columns: SpanColumns,
        groups: Mapping[int, Sequence[Repeats]],
        asked: Asked,
        chosen: int,
        only: Collection[int] | None,
    ) -> None:
        self.tree, self.columns, self.groups, self.asked = tree, columns, groups, asked
        self.chosen = {chosen, *tree.above(chosen)} if chosen >= 0 else set()
        self.kept: set[int] | None = None
        if only is not None:
            self.kept = set()
            for row in only:
                while row >= 0 and row not in self.kept:
                    self.kept.add(row)
                    row = tree.parent[row]
        self.of_group: dict[str, tuple[int, ...]] = {}
        self.out: list[Line] = []

    def run(self) -> None:
        """Fill `out`, from a stack whose top is the next line; rows are below it while they are open."""
        stack = self._below(-1, 0)
        while stack:
            line = stack.pop()
            self.out.append(line)
            if line.expanded and line.shows is Shows.SPAN:
                stack.extend(self._below(line.row, line.depth + 1))
            elif line.expanded and line.group:
                stack.extend(self._inside(line.group, line.members, line.depth + 1))

    def _below(self, row: int, depth: int) -> list[Line]:
        """The lines below a row, last first."""
        of_group = {member: group for group in self.groups.get(row, ()) for member in group.members}
        found: list[Line] = []
        done: set[str] = set()
        position = Position.ROOT
        for child in self.tree.below(row):
            if self.kept is not None and child not in self.kept:
                continue
            if row < 0 and (now := self.tree.position(child)) is not position:
                position = now
                found.append(Line(Shows.HEADING, child, 0, why=HEADINGS.get(now, "")))
            group = of_group.get(child)
            members = self._members(group) if group else ()
            # Of a group of which few are kept, each has its line.
            if group is None or (self.kept is not None and len(members) < FROM):
                found.append(self._span(child, depth))
            elif group.id not in done:
                done.add(group.id)
                expanded = group.id not in self.asked.fold or any(m in self.chosen for m in members)
                found.append(Line(Shows.GROUP, child, depth, group, expanded, members=members))
        found.reverse()
        return found

    def _members(self, group: Repeats) -> tuple[int, ...]:
        if self.kept is None:
            return group.members
        if group.id not in self.of_group:
            self.of_group[group.id] = tuple(member for member in group.members if member in self.kept)
        return self.of_group[group.id]

    def _span(self, row: int, depth: int, why: str = "", member: bool = False) -> Line:
        if not self.tree.children[row] or (self.kept is not None and not self._kept_below(row)):
            return Line(Shows.SPAN, row, depth, None, None, why)
        id_ = self.columns.ids[row]
        expanded = id_ in self.asked.open or (not member and id_ not in self.asked.fold)
        # What is chosen stands somewhere below: never folded away.
        expanded = expanded or (row in self.chosen and self._chosen_below(row))
        return Line(Shows.SPAN, row, depth, None, expanded, why)

    def _kept_below(self, row: int) -> bool:
        return self.kept is None or any(child in self.kept for child in self.tree.below(row))

    def _chosen_below(self, row: int) -> bool:
        return any(row < other < self.tree.last[row] for other in self.chosen)

    def _inside(self, group: Repeats, members: Sequence[int], depth: int) -> list[Line]:
        """The members of a group that have a line of their own, and the line of the others; last first."""
        why = beside(self.tree, self.columns, group.members)
        if group.id in self.asked.open:
            return [self._span(row, depth, why.get(row, ""), True) for row in reversed(members)]
        shown = [row for row in members if row in why or row in self.chosen]
        apart = set(shown)
        rest = tuple(row for row in members if row not in apart)
        found = [self._span(row, depth, why.get(row, ""), True) for row in shown]
        if rest:
            found.append(Line(Shows.REST, rest[0], depth, group, False, members=rest))
        found.reverse()
        return found
