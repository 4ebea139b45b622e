"""Charts: figures over time become lines, bars and their words. Pure.

Every coordinate across is a share of the width, so that a chart fits any page and its text stays sharp.
`templates/_chart.html` draws them; `frontend/src/charts.ts` adds the crosshair and the brush.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, tzinfo
from itertools import pairwise
from typing import Literal
from urllib.parse import quote

from sightline.pages import scales
from sightline.pages.address import absolute_range
from sightline.pages.chart_shapes import (
    WIDTH,
    Bar,
    Cell,
    Chart,
    Dot,
    Grid,
    Line,
    Mark,
    Sparkline,
    TableRow,
)
from sightline.pages.scales import on_axis, said, written

RANGE = "{range}"
"""Stands for a range in the addresses of `Line.href` and `zoom`: `view.link("traces", range=RANGE)`."""

_PLAIN = ("ink", "err", "warn", "good", "c1", "c2", "c3", "c4", "c5", "c6", "ghost", "unknown")
_KINDS = ("llm", "prefill", "embedding", "retriever", "reranker", "tool", "agent", "chain", "guardrail")
COLOURS = frozenset((*_PLAIN, *_KINDS, "prompt", "http", "queue"))
HEIGHT, LOW = 132, 58
MOST = 1e30


def chart(
    id: str,  # noqa: A002
    title: str,
    lines: Sequence[Line],
    starts: Sequence[int],
    end: int,
    unit: str,
    *,
    kind: Literal["lines", "bars"] = "lines",
    finding: str = "",
    zoom: str = "",
    note: str = "",
    height: int = HEIGHT,
    zone: tzinfo = UTC,
    until: int | None = None,
) -> Chart:
    """A chart over buckets that begin at `starts` (ns) and end at `end`.

    `bars` of several lines are stacked. `unit` is one of `query.measures.Unit`, or any other in words.
    `finding` is what the chart shows in one sentence, `note` a short figure beside the title, `until` the
    moment up to which there is data, when it lies before the end. Raises ValueError.
    """
    for line in lines:
        if line.colour not in COLOURS or len(line.values) != len(starts):
            raise ValueError(
                f"line {line.name!r}: {line.colour!r}, {len(line.values)} of {len(starts)} values"
            )
    edges = (*starts, end)
    if not starts or any(a >= b for a, b in pairwise(edges)):
        raise ValueError("buckets are in order and have a length")
    until = end if until is None else min(until, end)
    frame = _Frame(edges, until, kind, unit, height, zone, lines)
    drawn = [line for line in lines if not line.dashed]
    empty = all(value is None for line in lines for value in frame.values(line))
    return Chart(
        id=id,
        title=title,
        unit=unit,
        finding=finding or _finding(drawn or lines, frame),
        note=note,
        height=height,
        grid=tuple(Grid(frame.y(value), on_axis(value, unit)) for value in frame.scale.lines),
        ticks=scales.ticks(edges[0], end, zone),
        marks=tuple(frame.marks()),
        rows=tuple(frame.row(n) for n in range(len(starts))),
        zoom=zoom,
        legend=len(drawn) > 1,
        empty=empty,
        rest=round(frame.x(starts[-1]), 3) if until < end else 100,
    )


def opened(href: str, since: int, until: int) -> str:
    """An address with the range filled in; '' stays ''."""
    found = quote(absolute_range(since, until), safe="")
    return href.replace(f"range={quote(RANGE)}", f"range={found}")


class _Frame:
    """What the parts of one chart have in common."""

    def __init__(
        self, edges: tuple[int, ...], until: int, kind: str, unit: str, height: int, zone: tzinfo,
        lines: Sequence[Line],
    ) -> None:  # fmt: skip
        self.edges, self.until, self.unit, self.height, self.zone = edges, until, unit, height, zone
        self.lines = lines
        self.bars = kind == "bars"
        self.count = len(edges) - 1
        known = [
            v for line in lines if line.dashed or not self.bars for v in self.values(line) if v is not None
        ]
        if self.bars:
            tops = [sum(v for v in values if v is not None and v > 0) for values in self._columns()]
            known += [
                *tops,
                *(min((v for v in values if v is not None), default=0) for values in self._columns()),
            ]
        self.scale = scales.scale(known, unit)

    def _columns(self) -> list[tuple[float | None, ...]]:
        drawn = [self.values(line) for line in self.lines if not line.dashed]
        return list(zip(*drawn, strict=True)) if drawn else []

    def values(self, line: Line) -> list[float | None]:
        """A line's values without what is no number."""
        return _numbers(line.values)

    def x(self, moment: int) -> float:
        """Percent of the width."""
        return 100 * (moment - self.edges[0]) / (self.edges[-1] - self.edges[0])

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return round(self.height * (1 - self.scale.share(value)), 1)

    def middle(self, n: int) -> float:
        """The middle of a bucket, percent."""
        return round((self.x(self.edges[n]) + self.x(self.edges[n + 1])) / 2, 3)

    def partial(self, n: int) -> bool:
        """Whether a bucket is not over yet."""
        return self.edges[n + 1] > self.until

    def text(self, line: Line, n: int, value: float | None) -> str:
        """A mark in words."""
        name = f"{line.name}, " if line.name else ""
        return f"{name}{said(self.edges[n], self.edges[n + 1], self.zone)}: {written(value, self.unit)}"

    def href(self, line: Line, n: int) -> str:
        """The spans behind a mark."""
        return opened(line.href, self.edges[n], self.edges[n + 1]) if line.href else ""

    def marks(self) -> list[Mark]:
        """The lines; bars stand on those before them."""
        floors, found = [0.0] * self.count, []
        for line in self.lines:
            if self.bars and not line.dashed:
                found.append(self._bars(line, floors))
            else:
                found.append(self._line(line))
        return found

    def _bars(self, line: Line, floors: list[float]) -> Mark:
        bars = []
        for n, value in enumerate(self.values(line)):
            if not value:
                continue
            low = floors[n] if value > 0 else 0.0
            floors[n] += max(0.0, value)
            top, bottom = self.y(max(low + value, low)), self.y(min(low + value, low))
            left, right = self.x(self.edges[n]), self.x(self.edges[n + 1])
            gap = 0.08 * (right - left)
            # What is not nothing can be seen.
            height = max(1.0, round(bottom - top, 1))
            bars.append(
                Bar(
                    x=round(left + gap, 3),
                    width=round(right - left - 2 * gap, 3),
                    y=max(0.0, min(top, bottom - height)),
                    height=height,
                    href=self.href(line, n),
                    text=self.text(line, n, value),
                    partial=self.partial(n),
                )
            )
        href = line.href and opened(line.href, self.edges[0], self.until)
        return Mark(line.name, line.colour, False, href, (), (), tuple(bars), ())

    def _line(self, line: Line) -> Mark:
        runs: list[list[int]] = [[]]
        values = self.values(line)
        for n, value in enumerate(values):
            if value is None:
                runs.append([])
            else:
                runs[-1].append(n)
        places = [
            None if v is None else Dot(self.middle(n), self.y(v), self.href(line, n), self.text(line, n, v))
            for n, v in enumerate(values)
        ]
        alone = tuple(d for run in runs if len(run) == 1 and (d := places[run[0]]))
        points = tuple(
            " ".join(f"{d.x * WIDTH / 100:.1f},{d.y:g}" for n in run if (d := places[n]))
            for run in runs
            if len(run) > 1
        )
        marked = tuple(d for d in places if d and d.href)
        href = line.href and opened(line.href, self.edges[0], self.until)
        return Mark(line.name, line.colour, line.dashed, href, points, alone, (), marked)

    def row(self, n: int) -> TableRow:
        """A line of the table."""
        since, until = self.edges[n], self.edges[n + 1]
        cells = tuple(Cell(written(line.values[n], self.unit), self.href(line, n)) for line in self.lines)
        text = said(since, until, self.zone)
        return TableRow(since // 10**6, until // 10**6, text, self.middle(n), cells, self.partial(n))


def _numbers(values: Sequence[float | None]) -> list[float | None]:
    """What is no number becomes a gap, what no axis can show stands at its end."""
    return [None if v is None or not math.isfinite(v) else min(MOST, max(-MOST, float(v))) for v in values]


def _finding(lines: Sequence[Line], frame: _Frame) -> str:
    """What can be said of any chart: the latest and the highest value of its first lines."""
    words = []
    for line in lines[:3]:
        known = [(value, n) for n, value in enumerate(frame.values(line)) if value is not None]
        if not known:
            continue
        most, at = max(known, key=lambda pair: pair[0])
        when = said(frame.edges[at], frame.edges[at + 1], frame.zone)
        name = f"{line.name}: " if line.name else ""
        words.append(
            f"{name}highest {written(most, frame.unit)} on {when}, last {written(known[-1][0], frame.unit)}"
        )
    return "; ".join(words) or "nothing was measured in this time"


def sparkline(values: Sequence[float | None], colour: str, before: Sequence[float | None] = ()) -> Sparkline:
    """A sparkline; both ranges have one scale that begins at zero."""
    if colour not in COLOURS:
        raise ValueError(f"{colour!r} is no colour")
    known = [v for v in _numbers([*values, *before]) if v is not None]
    low, high = min((0.0, *known)), max((0.0, *known))

    def runs(of: Sequence[float | None]) -> tuple[str, ...]:
        found: list[list[str]] = [[]]
        for n, value in enumerate(_numbers(of)):
            if value is None:
                found.append([])
                continue
            up = (value - low) / (high - low) if high > low else 0
            found[-1].append(f"{WIDTH * (n + 0.5) / len(of):.1f},{23 - 22 * up:.1f}")
        # A point alone is a short stroke.
        return tuple(" ".join(run if len(run) > 1 else [*run, *run]) for run in found if run)

    return Sparkline(colour, runs(values), runs(before))


__all__ = ["COLOURS", "HEIGHT", "LOW", "RANGE", "WIDTH", "Chart", "Line", "Sparkline", "chart", "sparkline"]
