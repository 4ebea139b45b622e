"""What a chart is made of, as its template draws it.

Across, everything is in percent of the width; down, in pixels. Runs of a line have points of `WIDTH`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages.scales import Tick

WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """What is drawn: a value for each start, None where there is none (a gap, not a zero).

    `colour` is one of `COLOURS`; `unknown` is hatched. `href` opens the spans behind a mark: its RANGE is
    that of the mark. `dashed`: the comparison range, in grey.
    """

    name: str
    colour: str
    values: Sequence[float | None]
    href: str = ""
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle: `x` and `width` in percent, `y` and `height` in pixels."""

    x: float
    width: float
    y: float
    height: float
    href: str
    text: str
    partial: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """A point without neighbours, or the place that opens a line's spans: `x` in percent, `y` in pixels."""

    x: float
    y: float
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One line as drawn. `runs` are its points without gaps, x of `WIDTH`."""

    name: str
    colour: str
    dashed: bool
    href: str
    runs: tuple[str, ...]
    dots: tuple[Dot, ...]
    bars: tuple[Bar, ...]
    places: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A line of the grid: pixels from the top, and its number."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of the table and the spans behind it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """A bucket: beginning and end (ms), in words, where it stands (percent), and a number for each line."""

    since: int
    until: int
    text: str
    x: float
    cells: tuple[Cell, ...]
    partial: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything `chart_of` draws. `legend`: several lines that need their names. `empty`: no value at all.

    `rest` is where the last bucket begins (percent) that is not over yet; 100 when all are.
    """

    id: str
    title: str
    unit: str
    finding: str
    note: str
    height: int
    grid: tuple[Grid, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    rows: tuple[TableRow, ...]
    zoom: str
    legend: bool
    empty: bool
    rest: float


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line without axes: points of `WIDTH` times 24, in runs without gaps; `before` is the comparison."""

    colour: str
    runs: tuple[str, ...]
    before: tuple[str, ...] = ()
