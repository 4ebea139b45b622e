"""An answer of explore as charts and a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from sightline.pages.address import View
from sightline.pages.charts import RANGE, Chart, Line, chart
from sightline.pages.explore_form import Asked
from sightline.pages.figures import Shown, fitted, points, shown, unit_of
from sightline.pages.formats import Absent
from sightline.pages.scales import every
from sightline.query.measures import Unit
from sightline.query.score_measures import measure_named
from sightline.query.selection import Target
from sightline.records.figures import Breakdown, Figure, Series

# As many lines as have a colour of their own; all others together are the sixth.
DRAWN = 5
_SUMS = frozenset({Unit.COUNT, Unit.TOKENS, Unit.USD})
# Counts of what is different, which cannot be added up.
_DIFFERENT = frozenset({"users", "sessions", "traces"})


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group: its values ('' is not set), or other, or everything; where it leads, and its figures."""

    values: tuple[str, ...]
    other: bool
    total: bool
    filter: str
    href: str
    colour: str
    cells: tuple[Shown, ...]


def _summed(name: str) -> bool:
    return unit_of(name) in _SUMS and name not in _DIFFERENT


def _opens(view: View, asked: Asked, q: str, **more: str) -> str:
    return view.link("traces", q=q, view="spans" if asked.target is Target.SPANS else None, **more)


def name_of(series: Series) -> str:
    """A group in words."""
    if series.group.other:
        return "other"
    return " · ".join(value or Absent.NOT_SET for value in series.group.values) or "all"


def colours(found: Breakdown) -> tuple[str, ...]:
    """A colour for each row: its own for the first five, hatched what is not set, grey all others."""
    named = 0
    given = []
    for row in found.rows:
        if row.group.other:
            given.append("c6")
        elif not any(row.group.values):
            given.append("unknown")
        else:
            named += 1
            given.append(f"c{named}" if named <= DRAWN else "c6")
    return tuple(given)


def charts(
    view: View, asked: Asked, found: Breakdown, before: Breakdown | None, zone: tzinfo, now: int
) -> tuple[Chart, ...]:
    """One chart for each measure."""
    made = []
    for at, name in enumerate(found.measures):
        stacked = asked.shape == "stacked" and _summed(name) and bool(asked.by)
        lines = _lines(view, asked, found, before, at, stacked)
        kind: Literal["lines", "bars"] = "bars" if stacked or asked.shape == "bars" else "lines"
        if asked.shape == "bars" and asked.by and not _summed(name):
            kind = "lines"
        per = f" per {every(found.step)}" if _summed(name) else ""
        total = shown(found.whole.total[at], unit_of(name), headline=True)
        note = (
            f"{'≥ ' if total.bound else ''}{total.text}{f' ± {total.margin}' if total.margin else ''} in all"
        )
        made.append(
            chart(
                f"chart-{at}", f"{name}{per}", lines, found.starts, found.end, unit_of(name), kind=kind,
                zoom=view.link("explore", **asked.parameters, q=view.q, range=RANGE), note=note,
                height=220 if len(found.measures) == 1 else 150, zone=zone, until=min(now, view.until),
            )
        )  # fmt: skip
    return tuple(made)


def _lines(
    view: View, asked: Asked, found: Breakdown, before: Breakdown | None, at: int, stacked: bool
) -> list[Line]:
    length = len(found.starts)
    ghost = (
        [Line("before, all", "ghost", fitted(points(before.whole, at), length), dashed=True)]
        if before
        else []
    )
    whole = Line(
        "all", "c1", points(found.whole, at), _opens(view, asked, found.whole.group.filter, range=RANGE)
    )
    if not asked.by:
        return [whole, *ghost]
    drawn: list[Line] = []
    rest: list[Series] = []
    for row, colour in zip(found.rows, colours(found), strict=True):
        if colour == "c6" and not (row.group.other and not rest and _last_named(found) <= DRAWN):
            rest.append(row)
        else:
            href = _opens(view, asked, row.group.filter, range=RANGE)
            drawn.append(Line(name_of(row), colour, points(row, at), href))
    if rest and _summed(found.measures[at]):
        drawn.append(Line(f"{_groups(found, rest)} other groups", "c6", _sum(rest, at)))
    return [*drawn, *ghost] if drawn else [whole, *ghost]


def _last_named(found: Breakdown) -> int:
    return sum(1 for row in found.rows if not row.group.other and any(row.group.values))


def _groups(found: Breakdown, rest: Sequence[Series]) -> int:
    own = sum(1 for row in found.rows if not row.group.other)
    return len([row for row in rest if not row.group.other]) + (
        found.groups - own if any(row.group.other for row in rest) else 0
    )


def _sum(rows: Sequence[Series], at: int) -> list[float | None]:
    found: list[float | None] = []
    for values in zip(*(points(row, at) for row in rows), strict=True):
        known = [value for value in values if value is not None]
        found.append(sum(known) if known else None)
    return found


def rows(view: View, asked: Asked, found: Breakdown, before: Breakdown | None) -> tuple[GroupRow, ...]:
    """The table: each group with its figures, everything last."""
    earlier = {(row.group.values, row.group.other): row for row in before.rows} if before else {}

    def made(series: Series, was: Series | None, colour: str, total: bool = False) -> GroupRow:
        return GroupRow(
            series.group.values,
            series.group.other,
            total,
            series.group.filter,
            _opens(view, asked, series.group.filter),
            colour,
            tuple(
                shown(
                    figure,
                    unit_of(name),
                    _was(was, n, name) if before else None,
                )
                for n, (figure, name) in enumerate(zip(series.total, found.measures, strict=True))
            ),
        )

    listed = [
        made(row, earlier.get((row.group.values, row.group.other)), colour)
        for row, colour in zip(found.rows, colours(found), strict=True)
    ]
    return (*listed, made(found.whole, before.whole if before else None, "", total=True))


def _was(series: Series | None, at: int, name: str) -> Figure:
    return series.total[at] if series else Figure(measure_named(name).none)
