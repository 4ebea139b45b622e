"""The tree of a trace from parents that may be missing, late, or hostile.

Pure and linear: 30,000 spans take some 30 ms, a chain of 30,000 goes without recursion. The plain reading
that tests hold it against is `tests/query/tree_reference.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sightline.records.span_tree import Position, SpanTree

_NONE = -1


def grow(ids: Sequence[str], parents: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> SpanTree:
    """Every span exactly once, depth first, siblings by start, then id. `parents` are ids, '' at a root.

    Roots come first, then spans whose parent was not received, then cycles, each cut at its earliest
    span. When an id occurs twice the first one owns the children.
    """
    above = _parents(ids, parents)
    order = _by_start(ids, starts)
    first, following = _children(above, order)
    tops = {
        index: Position.PARENT_MISSING if parents[index] else Position.ROOT
        for index in sorted((i for i in order if above[i] == _NONE), key=lambda i: bool(parents[i]))
    }
    reached: list[int] = []
    depths: list[int] = []
    _walk(tops, first, following, reached, depths)
    if len(reached) < len(ids):
        cycles = _cycles(above, order, reached)
        # The span a circle is cut at stands at the top, and no longer below its parent.
        for index in cycles:
            above[index] = _NONE
        first, following = _children(above, order)
        _walk(cycles, first, following, reached, depths)
        tops |= dict.fromkeys(cycles, Position.CYCLE)
    return _columns(reached, depths, above, tops, starts, ends)


def _parents(ids: Sequence[str], parents: Sequence[str]) -> list[int]:
    # Backwards, so that the first of an id that occurs twice stays.
    first = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
    return [first.get(parent, _NONE) if parent else _NONE for parent in parents]


def _by_start(ids: Sequence[str], starts: Sequence[int]) -> Sequence[int]:
    keys = list(zip(starts, ids, strict=True))
    if all(a <= b for a, b in pairwise(keys)):
        return range(len(ids))
    return sorted(range(len(ids)), key=keys.__getitem__)


def _children(above: Sequence[int], order: Sequence[int]) -> tuple[list[int], list[int]]:
    """For each span its first child, and its next sibling."""
    first = [_NONE] * len(above)
    following = [_NONE] * len(above)
    for index in reversed(order):
        parent = above[index]
        if parent != _NONE:
            following[index] = first[parent]
            first[parent] = index
    return first, following


def _walk(
    tops: Sequence[int] | dict[int, Position],
    first: Sequence[int],
    following: Sequence[int],
    reached: list[int],
    depths: list[int],
) -> None:
    for top in tops:
        stack = [(top, 0)]
        while stack:
            index, depth = stack.pop()
            reached.append(index)
            depths.append(depth)
            if depth and following[index] != _NONE:
                stack.append((following[index], depth))
            if first[index] != _NONE:
                stack.append((first[index], depth + 1))


def _cycles(above: Sequence[int], order: Sequence[int], reached: Sequence[int]) -> list[int]:
    """The earliest span of each circle, circles by the earliest span that leads into them."""
    place = [0] * len(above)
    for position, index in enumerate(order):
        place[index] = position
    # 0: not looked at, 1: belongs to what has been placed or looked at before.
    done = [0] * len(above)
    for index in reached:
        done[index] = 1
    found = []
    for begin in order:
        trail: list[int] = []
        at = begin
        while not done[at]:
            done[at] = 1
            trail.append(at)
            at = above[at]
        if trail and at in trail:
            found.append(min(trail[trail.index(at) :], key=place.__getitem__))
    return found


def _columns(
    reached: list[int],
    depths: list[int],
    above: Sequence[int],
    tops: dict[int, Position],
    starts: Sequence[int],
    ends: Sequence[int],
) -> SpanTree:
    n = len(reached)
    row_of = [0] * n
    for row, index in enumerate(reached):
        row_of[index] = row
    parent = [_NONE] * n
    last = list(range(1, n + 1))
    children = [0] * n
    own = [0] * n
    skew = [0] * n
    covered_to = [0] * n
    for row, index in enumerate(reached):
        start, end = starts[index], ends[index]
        covered_to[row] = start
        own[row] = max(0, end - start)
        up = above[index]
        if up == _NONE:
            continue
        over = parent[row] = row_of[up]
        children[over] += 1
        if start < starts[up]:
            skew[row] = starts[up] - start
        # Siblings come by start: what they cover grows to the right.
        begin, reach = max(start, covered_to[over]), min(end, ends[up])
        if reach > begin:
            own[over] -= reach - begin
            covered_to[over] = reach
    for row in range(n - 1, -1, -1):
        over = parent[row]
        if over != _NONE and last[row] > last[over]:
            last[over] = last[row]
    return SpanTree(
        reached, parent, depths, last, children, [max(0, value) for value in own], skew,
        {row_of[index]: position for index, position in tops.items()},
    )  # fmt: skip
