"""A group of like siblings in the inspector: how long they took, and what the time inside went to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sightline.pages import formats
from sightline.pages.address import Link
from sightline.pages.trace_address import Asked
from sightline.pages.trace_facts import Fact
from sightline.query.repeats import Repeats, beside, cost_below, spread
from sightline.records.trace import Trace

_BINS = 30
_MOST_INSIDE = 12
_MOST_MEMBERS = 200


@dataclass(frozen=True, slots=True)
class InsideRow:
    """What one sort of span below the members adds up to; durations in ns."""

    name: str
    kind: str
    spans: int
    median: int
    total: int
    failed: int


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member, the slowest first; `after`: ns from the start of the trace to its own."""

    href: str
    after: int
    duration: int
    spans: int
    cost: str
    why: str
    failed: bool


@dataclass(frozen=True, slots=True)
class GroupSheet:
    """What the inspector shows of a group. `bars` are counts of equal steps of duration, to `slowest`."""

    name: str
    kind: str
    count: int
    parent: Link | None
    facts: tuple[Fact, ...]
    bars: tuple[float, ...]
    fastest: int
    slowest: int
    inside: tuple[InsideRow, ...]
    members: tuple[MemberRow, ...]
    more: int
    all_href: str
    at_once: int


def group_sheet(trace: Trace, group: Repeats, asked: Asked) -> GroupSheet:
    """The sheet of a group of a trace."""
    tree, columns = trace.tree, trace.columns
    have = spread(tree, columns, group.members)
    took = [columns.ends[row] - columns.starts[row] for row in group.members]
    ranked = sorted(group.members, key=lambda row: columns.starts[row] - columns.ends[row])
    above = group.parent
    why = beside(tree, columns, group.members)
    facts = [
        Fact("Spans", formats.count(have.spans)),
        Fact("Median", str(formats.duration(have.median))),
        Fact("p95", str(formats.duration(have.p95))),
        Fact("Failed", f"{have.failed:,} of {len(group.members):,}"),
    ]
    if have.cost:
        facts.append(Fact("Cost", formats.money(have.cost)))
    return GroupSheet(
        name=group.name or "(no name)",
        kind=group.kind,
        count=len(group.members),
        parent=Link(columns.names[above], asked.to(columns.ids[above])) if above >= 0 else None,
        facts=tuple(facts),
        bars=_bars(took),
        fastest=min(took),
        slowest=max(took),
        inside=_inside(trace, group),
        members=tuple(
            MemberRow(
                replace(asked, span=columns.ids[row], start=0).href,
                columns.starts[row] - trace.start_time,
                columns.ends[row] - columns.starts[row],
                tree.last[row] - row,
                formats.money(cost) if (cost := cost_below(tree, columns, row)) else "",
                why.get(row, ""),
                columns.failed[row],
            )
            for row in ranked[:_MOST_MEMBERS]
        ),
        more=max(0, len(ranked) - _MOST_MEMBERS),
        all_href=asked.toggled(group.id, group.id in asked.open),
        at_once=have.at_once,
    )


def _bars(took: Sequence[int]) -> tuple[float, ...]:
    """Heights from 0 to 1."""
    low, high = min(took), max(took)
    counts = [0] * _BINS
    for one in took:
        counts[min(_BINS - 1, (one - low) * _BINS // max(high - low, 1))] += 1
    most = max(counts)
    return tuple(round(count / most, 3) for count in counts)


def _inside(trace: Trace, group: Repeats) -> tuple[InsideRow, ...]:
    tree, columns = trace.tree, trace.columns
    found: dict[tuple[str, str], list[int]] = {}
    for member in group.members:
        for row in range(member + 1, tree.last[member]):
            found.setdefault((columns.names[row], columns.kinds[row]), []).append(row)
    rows = []
    for (name, kind), inner in found.items():
        own = sorted(tree.own_ns[row] for row in inner)
        took = sorted(columns.ends[row] - columns.starts[row] for row in inner)
        failed = sum(columns.failed[row] for row in inner)
        rows.append(InsideRow(name, kind, len(inner), took[(len(took) - 1) // 2], sum(own), failed))
    if rows:
        own = [tree.own_ns[row] for row in group.members]
        rows.append(
            InsideRow(
                "the members themselves", group.kind, len(own), sorted(own)[(len(own) - 1) // 2], sum(own), 0
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.total)[:_MOST_INSIDE])
