"""Repeats: children of one parent that are alike, so that 412 of them can stand in one row. Pure.

Nothing is left out: the members that say something (the slowest, the failed, the costliest) stand beside the
group, all others behind one row that opens.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.records.span_tree import SpanTree
from sightline.records.trace import SpanColumns

FROM = 20
"""From how many like siblings on they are a group."""
FAILED_BESIDE = 3


@dataclass(frozen=True, slots=True)
class Repeats:
    """Like siblings. `members` are their rows in order.

    `id` stays the same when others arrive: it comes from the parent, the name and the kind.
    """

    id: str
    parent: int
    name: str
    kind: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """What the members of a group have together. Durations in ns; `spans` counts all that is below them.

    `failed` are members, `errors` all failed spans. `at_once`: how many ran side by side at most.
    """

    start: int
    end: int
    spans: int
    failed: int
    errors: int
    median: int
    p95: int
    slowest: int
    cost: float
    at_once: int


def repeats(tree: SpanTree, columns: SpanColumns, least: int = FROM) -> dict[int, list[Repeats]]:
    """The groups below each row that has some; -1 for those at the top."""
    found: dict[int, list[Repeats]] = {}
    many = [row for row, count in enumerate(tree.children) if count >= least]
    if len(tree.tops) >= least:
        many.insert(0, -1)
    for row in many:
        alike: dict[tuple[str, str, str], list[int]] = {}
        for child in tree.below(row):
            # At the top, roots stand apart from spans that lost their parent.
            key = (columns.names[child], columns.kinds[child], tree.position(child) if row < 0 else "")
            alike.setdefault(key, []).append(child)
        groups = [
            _group(tree, columns, row, name, kind, position, members)
            for (name, kind, position), members in alike.items()
            if len(members) >= least
        ]
        if groups:
            found[row] = groups
    return found


def _group(
    tree: SpanTree,
    columns: SpanColumns,
    parent: int,
    name: str,
    kind: str,
    position: str,
    members: Sequence[int],
) -> Repeats:
    # The ids of groups at the top cannot be told from a span's by their digits, but by what follows the dash.
    above = columns.ids[parent] if parent >= 0 else {"root": "a", "parent missing": "b"}.get(position, "c")
    mark = zlib.crc32(f"{name}\0{kind}".encode("utf-8", "replace"))
    return Repeats(f"{above}-{mark:08x}", parent, name, kind, tuple(members))


def beside(tree: SpanTree, columns: SpanColumns, members: Sequence[int]) -> dict[int, str]:
    """The members that stand out, with why: the slowest, the first that failed, and the costliest where it is
    dearer than all others."""
    took = [columns.ends[row] - columns.starts[row] for row in members]
    slowest, median = took.index(max(took)), sorted(took)[(len(took) - 1) // 2]
    # As long as all others is no finding.
    longer = took[slowest] / median if median else 0
    times = f", {longer:.1f} times the median" if longer >= 1.05 else ""
    why: dict[int, str] = {members[slowest]: f"slowest{times}"}
    failed = [row for row in members if columns.failed[row]]
    for row in failed[:FAILED_BESIDE]:
        why[row] = f"{why[row]}, failed" if row in why else "failed"
    costs = [cost_below(tree, columns, row) for row in members]
    most = max(costs)
    if most > 0 and costs.count(most) == 1:
        row = members[costs.index(most)]
        why[row] = f"{why[row]}, costliest" if row in why else "costliest"
    return why


def cost_below(tree: SpanTree, columns: SpanColumns, row: int) -> float:
    """What a span and everything below it cost, as far as it is known."""
    return sum(columns.cost[row : tree.last[row]])


def spread(tree: SpanTree, columns: SpanColumns, members: Sequence[int]) -> Spread:
    """The figures of some members, at least one."""
    starts = [columns.starts[row] for row in members]
    ends = [columns.ends[row] for row in members]
    took = sorted(end - start for start, end in zip(starts, ends, strict=True))
    return Spread(
        start=min(starts),
        end=max(ends),
        spans=sum(tree.last[row] - row for row in members),
        failed=sum(columns.failed[row] for row in members),
        errors=sum(sum(columns.failed[row : tree.last[row]]) for row in members),
        median=took[(len(took) - 1) // 2],
        p95=took[min(len(took) - 1, int(len(took) * 0.95))],
        slowest=took[-1],
        cost=sum(cost_below(tree, columns, row) for row in members),
        at_once=_at_once(starts, ends),
    )


def _at_once(starts: Sequence[int], ends: Sequence[int]) -> int:
    """How many ran side by side at most; an end makes room before a start at the same moment."""
    steps = sorted([(end, -1) for end in ends] + [(start, 1) for start in starts])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def density(starts: Sequence[int], ends: Sequence[int], begin: int, end: int, bins: int) -> list[float]:
    """How many of some spans ran in each of `bins` equal stretches from `begin` to `end`, on average."""
    width = max(end - begin, 1) / bins
    first = (np.maximum(np.asarray(starts, np.int64), begin) - begin) / width
    last = (np.minimum(np.asarray(ends, np.int64), end) - begin) / width
    seen = (last >= 0) & (first <= bins)
    first, last = first[seen], last[seen]
    low = np.minimum(first.astype(np.int64), bins - 1)
    high = np.minimum(last.astype(np.int64), bins - 1)
    within = low >= high
    found = np.zeros(bins + 1)
    # One that ends in the stretch it began in still shows.
    np.add.at(found, low[within], np.maximum(last - first, 0.02)[within])
    across = ~within
    np.add.at(found, low[across], (low + 1 - first)[across])
    np.add.at(found, high[across], (last - high)[across])
    change = np.zeros(bins + 1)
    np.add.at(change, low[across] + 1, 1)
    np.add.at(change, high[across], -1)
    whole: list[float] = (found + np.cumsum(change))[:bins].tolist()
    return whole
