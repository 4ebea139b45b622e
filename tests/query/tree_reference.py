"""The plain reading of a trace's tree, which `sightline.query.tree` is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sightline.records.span_tree import Position


class Node(NamedTuple):
    """What the tree needs of a span. Times in nanoseconds."""

    span_id: str
    parent_span_id: str
    start: int
    end: int


class Place(NamedTuple):
    """A span's place: `at`, the index into the nodes given, and what the tree says about it."""

    at: int
    depth: int
    position: Position
    children: int
    own_ns: int
    skew_ns: int


def places(nodes: Sequence[Node]) -> list[Place]:
    """Every node exactly once, depth first, siblings by start, then id.

    Roots come first, then spans whose parent was not received, then cycles, each cut at its earliest
    span. When an id occurs twice the first one owns the children.
    """
    parents = _parents(nodes)
    children: list[list[int]] = [[] for _ in nodes]
    tops: list[int] = []
    for index, parent in enumerate(parents):
        if parent is None:
            tops.append(index)
        else:
            children[parent].append(index)

    def by_start(index: int) -> tuple[int, str, int]:
        return (nodes[index].start, nodes[index].span_id, index)

    for siblings in children:
        if len(siblings) > 1:
            siblings.sort(key=by_start)
    tops.sort(key=lambda i: (bool(nodes[i].parent_span_id), *by_start(i)))
    placed = [False] * len(nodes)
    out: list[Place] = []
    for top in tops:
        named = nodes[top].parent_span_id
        _walk(top, Position.PARENT_MISSING if named else Position.ROOT, nodes, children, placed, out)
    if len(out) < len(nodes):
        for index in sorted((i for i in range(len(nodes)) if not placed[i]), key=by_start):
            if not placed[index]:
                _walk(_on_cycle(index, parents, nodes), Position.CYCLE, nodes, children, placed, out)
    return out


def _parents(nodes: Sequence[Node]) -> list[int | None]:
    first: dict[str, int] = {}
    for index, node in enumerate(nodes):
        first.setdefault(node.span_id, index)
    found: list[int | None] = []
    for index, node in enumerate(nodes):
        parent = first.get(node.parent_span_id) if node.parent_span_id else None
        # A second span with its own parent's id would hang below itself; that is a cycle of one.
        found.append(index if parent == index else parent)
    return found


def _on_cycle(index: int, parents: Sequence[int | None], nodes: Sequence[Node]) -> int:
    """The earliest span of the cycle that `index` leads to."""
    seen: set[int] = set()
    at = index
    while at not in seen:
        seen.add(at)
        parent = parents[at]
        if parent is None:  # cannot happen: such a span was placed from the top
            return at
        at = parent
    cycle = [at]
    step = parents[at]
    while step is not None and step != at:
        cycle.append(step)
        step = parents[step]
    return min(cycle, key=lambda i: (nodes[i].start, nodes[i].span_id, i))


def _walk(
    top: int,
    position: Position,
    nodes: Sequence[Node],
    children: Sequence[Sequence[int]],
    placed: list[bool],
    out: list[Place],
) -> None:
    stack: list[tuple[int, int, int | None]] = [(top, 0, None)]
    placed[top] = True
    while stack:
        index, depth, parent = stack.pop()
        node = nodes[index]
        below = [c for c in children[index] if not placed[c]] if children[index] else []
        for child in below:
            placed[child] = True
        skew = max(0, nodes[parent].start - node.start) if parent is not None else 0
        out.append(
            Place(
                index,
                depth,
                position if parent is None else Position.CHILD,
                len(below),
                _own(node, [nodes[c] for c in below]) if below else max(0, node.end - node.start),
                skew,
            )
        )
        stack.extend((child, depth + 1, index) for child in reversed(below))


def _own(node: Node, below: Sequence[Node]) -> int:
    """Time of `node` that none of its children covers; `below` is sorted by start."""
    covered = 0
    reached = node.start
    for child in below:
        begin, end = max(child.start, reached), min(child.end, node.end)
        if end > begin:
            covered += end - begin
            reached = end
    return max(0, node.end - node.start - covered)
