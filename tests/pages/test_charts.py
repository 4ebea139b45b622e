"""Charts as shapes: everything within the box, gaps as gaps, round grids, links that open the same time."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.pages import scales
from sightline.pages.address import View, view
from sightline.pages.charts import COLOURS, RANGE, WIDTH, Chart, Line, chart, sparkline
from sightline.pages.environment import ENVIRONMENT
from sightline.query.measures import Unit

HOUR = 3_600 * 10**9
START = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()) * 10**9
STARTS = tuple(START + n * HOUR for n in range(6))
END = START + 6 * HOUR


def address() -> View:
    """A reader's place, for links."""
    return view("helpdesk", "/p/helpdesk/", {"range": "24h"}, "", END)


def drawn(found: Chart) -> str:
    """The chart as HTML."""
    macro = ENVIRONMENT.get_template("_chart.html").module.chart_of  # type: ignore[attr-defined]
    return str(macro(found))


def coordinates(found: Chart) -> list[tuple[float, float]]:
    """Every point, percent across and pixels down."""
    points = []
    for mark in found.marks:
        for run in mark.runs:
            for pair in run.split():
                x, y = pair.split(",")
                points.append((100 * float(x) / WIDTH, float(y)))
        points += [(dot.x, dot.y) for dot in (*mark.dots, *mark.places)]
        for bar in mark.bars:
            points += [(bar.x, bar.y), (bar.x + bar.width, bar.y + bar.height)]
    return points


VALUES = st.lists(
    st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**12), 10**18),
    min_size=6,
    max_size=6,
)
EVERY_UNIT = st.sampled_from([*Unit, "By", "1", ""])


@given(VALUES, VALUES, EVERY_UNIT, st.sampled_from(["lines", "bars"]))
def test_whatever_the_values_everything_is_inside_the_box(
    first: list[float | None], second: list[float | None], unit: str, kind: str
) -> None:
    lines = [Line("a", "c1", first), Line("b", "c2", second), Line("before", "ghost", first, dashed=True)]
    found = chart("c", "Chart", lines, STARTS, END, unit, kind="bars" if kind == "bars" else "lines")
    for x, y in coordinates(found):
        assert math.isfinite(x) and math.isfinite(y)
        assert -0.001 <= x <= 100.001 and 0 <= y <= found.height
    assert [line.y for line in found.grid] == sorted((line.y for line in found.grid), reverse=True)
    assert found.grid[0].y == found.height and found.grid[-1].y == 0
    assert "nan" not in drawn(found).lower().replace("finance", "")


@given(
    st.floats(min_value=0, max_value=1e15, allow_nan=False),
    st.floats(min_value=-1e15, max_value=0, allow_nan=False) | st.just(0.0),
    EVERY_UNIT,
)
def test_a_scale_holds_its_values_between_few_round_lines(high: float, low: float, unit: str) -> None:
    found = scales.scale([high, low], unit)
    assert found.low <= low * (1 - 1e-9) + 1e-12 and found.high >= high * (1 - 1e-9) - 1e-12
    assert 2 <= len(found.lines) <= 6
    assert 0 in found.lines
    assert 0 <= found.share(high) <= 1


@given(
    st.integers(0, 4 * 10**18),
    st.integers(10**6, 10**18),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)
def test_ticks_are_sorted_and_inside(since: int, length: int, zone: str) -> None:
    found = scales.ticks(since, since + length, ZoneInfo(zone))
    places = [tick.x for tick in found]
    assert places == sorted(places) and all(0 <= x <= 100 for x in places)
    assert len(found) <= 11 and sum(tick.few for tick in found) <= 6


@pytest.mark.parametrize(
    ("most", "unit", "lines"),
    [
        (233, Unit.COUNT, ["0", "100", "200", "300"]),
        (1, Unit.COUNT, ["0", "1"]),
        (0, Unit.COUNT, ["0", "1"]),
        (0.0064, Unit.RATIO, ["0 %", "0.5 %", "1 %"]),
        (0.98, Unit.RATIO, ["0 %", "50 %", "100 %"]),
        (3_620_000_000, Unit.NANOSECONDS, ["0 s", "2 s", "4 s"]),
        (100 * 10**9, Unit.NANOSECONDS, ["0 s", "1 m", "2 m"]),
        (7_000 * 10**9, Unit.NANOSECONDS, ["0 s", "1 h", "2 h"]),
        (0.00021, Unit.USD, ["$0", "$0.0001", "$0.0002", "$0.0003"]),
        (3_100, Unit.USD, ["$0", "$2,000", "$4,000"]),
        (7_600_000, Unit.TOKENS, ["0", "5 M", "10 M"]),
    ],
)
def test_grid_lines_stand_at_round_numbers(most: float, unit: Unit, lines: list[str]) -> None:
    assert [scales.on_axis(value, unit) for value in scales.scale([most], unit).lines] == lines


def test_days_begin_at_midnight_of_the_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since = int(datetime(2026, 10, 23, 10, tzinfo=UTC).timestamp()) * 10**9
    found = scales.ticks(since, since + 4 * 24 * HOUR, berlin)
    few = [tick for tick in found if tick.few]
    assert [tick.text for tick in few] == ["24 Oct", "25 Oct", "26 Oct", "27 Oct"]
    # Clocks go back on the 25th.
    assert few[2].at - few[1].at == 25 * 3_600_000
    assert few[1].at - few[0].at == 24 * 3_600_000


def test_a_gap_is_neither_zero_nor_joined() -> None:
    found = chart("c", "p95", [Line("", "ink", [1, 2, None, 4, None, 5])], STARTS, END, Unit.COUNT)
    (mark,) = found.marks
    assert [len(run.split()) for run in mark.runs] == [2]
    assert len(mark.dots) == 2
    assert [row.cells[0].text for row in found.rows] == ["1", "2", "–", "4", "–", "5"]


def test_bars_are_stacked_on_each_other_and_keep_zero_empty() -> None:
    lines = [Line("ok", "c1", [3, 0, 1, 1, 1, 1]), Line("failed", "err", [1, 0, 1, 0, 0, 0])]
    found = chart("c", "Requests", lines, STARTS, END, Unit.COUNT, kind="bars")
    ok, failed = found.marks
    assert len(ok.bars) == 5 and len(failed.bars) == 2
    assert found.grid[-1].text == "4"
    assert failed.bars[0].y == 0
    assert failed.bars[0].y + failed.bars[0].height == pytest.approx(ok.bars[0].y)


def test_a_mark_opens_the_spans_of_its_own_time_and_nothing_else_is_filled_in() -> None:
    href = address().link("traces", range=RANGE, q="x range={range}")
    found = chart(
        "c", "Errors", [Line("", "err", [1, 2, 3, 4, 5, 6], href=href)], STARTS, END, Unit.COUNT, zoom=href
    )
    place = found.marks[0].places[1]
    assert "range=2026-11-20T13%3A00Z..2026-11-20T14%3A00Z" in place.href
    assert "q=x+range%3D%7Brange%7D" in place.href
    assert found.rows[1].cells[0].href == place.href
    assert 'data-zoom="' in drawn(found)


def test_the_last_bucket_says_that_it_is_not_over() -> None:
    found = chart("c", "Requests", [Line("", "ink", [1] * 6)], STARTS, END, Unit.COUNT, until=END - HOUR // 2)
    assert [row.partial for row in found.rows] == [False] * 5 + [True]
    assert found.rest == pytest.approx(100 * 5 / 6, abs=0.01)
    assert "so far" in drawn(found)


def test_what_is_unknown_is_hatched_and_names_are_harmless() -> None:
    lines = [Line("<script>alert(1)</script>", "c1", [1] * 6), Line("unknown", "unknown", [1] * 6)]
    html = drawn(chart("c", "Cost", lines, STARTS, END, Unit.USD, kind="bars"))
    assert 'fill="url(#hatch-c)"' in html
    assert "<script>" not in html and "style=" not in html


def test_the_finding_is_said_also_where_nobody_wrote_one() -> None:
    found = chart("c", "Requests", [Line("", "ink", [1, 7, None, 2, 1, 3])], STARTS, END, Unit.COUNT)
    assert found.finding == "highest 7 on Fri 20 Nov 13:00, last 3"
    empty = chart("c", "Requests", [Line("", "ink", [None] * 6)], STARTS, END, Unit.COUNT)
    assert empty.empty and "nothing measured" in drawn(empty)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="red;back"):
        chart("c", "x", [Line("", "red;background:url(x)", [1] * 6)], STARTS, END, Unit.COUNT)
    with pytest.raises(ValueError, match="values"):
        chart("c", "x", [Line("", "ink", [1])], STARTS, END, Unit.COUNT)
    with pytest.raises(ValueError, match="order"):
        chart("c", "x", [], (), END, Unit.COUNT)


def test_every_colour_has_its_class() -> None:
    css = (Path(__file__).parents[2] / "frontend/styles/charts.css").read_text()
    assert set(re.findall(r"\.s-([a-z0-9]+)", css)) >= COLOURS


@given(st.lists(st.none() | st.floats(), max_size=80))
def test_a_sparkline_stays_in_its_box(values: list[float | None]) -> None:
    for run in sparkline(values, "ink").runs:
        for pair in run.split():
            x, y = (float(part) for part in pair.split(","))
            assert 0 <= x <= WIDTH and 0 <= y <= 24
