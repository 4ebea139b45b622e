"""Two traces side by side: which span of one stands for which of the other, by the path of names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.query.repeats import FROM
from sightline.records.span_tree import SpanTree
from sightline.records.trace import SpanColumns

Tree = tuple[SpanTree, SpanColumns]


@dataclass(frozen=True, slots=True)
class Pair:
    """Spans that stand for each other; one side is empty where the other trace has nothing like it.

    Several rows on a side are like siblings that are compared as one, without what is below them.
    """

    depth: int
    name: str
    kind: str
    left: tuple[int, ...]
    right: tuple[int, ...]


def align(left: Tree, right: Tree) -> tuple[Pair, ...]:
    """Every span of both, once: in a pair, or below or within one that stands for many.

    Children are paired with the children of their parent's counterpart: the first of a name and kind with the
    first, the second with the second. The order is that of the left trace, with what only the right one has
    behind what it stands behind there.
    """
    out: list[Pair] = []
    stack = _pairs(left, right, left[0].below(-1), right[0].below(-1), 0)
    while stack:
        pair = stack.pop()
        out.append(pair)
        if len(pair.left) <= 1 and len(pair.right) <= 1:
            stack += _pairs(left, right, _below(left, pair.left), _below(right, pair.right), pair.depth + 1)
    return tuple(out)


def _below(side: Tree, rows: Sequence[int]) -> list[int]:
    return side[0].below(rows[0]) if rows else []


def _pairs(left: Tree, right: Tree, ours: Sequence[int], theirs: Sequence[int], depth: int) -> list[Pair]:
    """The pairs of two lists of siblings, last first."""
    mine, other = _by_key(left[1], ours), _by_key(right[1], theirs)
    many = {key for side in (mine, other) for key, rows in side.items() if len(rows) >= FROM}
    partner: dict[int, int] = {}
    for key, rows in other.items():
        if key not in many:
            partner |= dict(zip(rows, mine.get(key, ()), strict=False))
    found: dict[int, list[Pair]] = {-1: []}
    matched = {ours_: theirs_ for theirs_, ours_ in partner.items()}
    done: set[tuple[str, str]] = set()
    for row in ours:
        key = (left[1].names[row], left[1].kinds[row])
        if key in many:
            if key not in done:
                found[row] = [Pair(depth, *key, tuple(mine[key]), tuple(other.get(key, ())))]
                done.add(key)
            continue
        there = matched.get(row)
        found[row] = [Pair(depth, *key, (row,), () if there is None else (there,))]
    behind = -1
    for row in theirs:
        key = (right[1].names[row], right[1].kinds[row])
        if row in partner:
            behind = partner[row]
        elif key in many:
            if key in mine:
                behind = mine[key][0]
            elif key not in done:
                found[behind].append(Pair(depth, *key, (), tuple(other[key])))
                done.add(key)
        else:
            found[behind].append(Pair(depth, *key, (), (row,)))
    return [pair for pairs in found.values() for pair in pairs][::-1]


def _by_key(columns: SpanColumns, rows: Sequence[int]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        found.setdefault((columns.names[row], columns.kinds[row]), []).append(row)
    return found
