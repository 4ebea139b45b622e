"""Where the lines of a chart's grid stand, and how its numbers and times are written. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from sightline.pages import formats
from sightline.query.buckets import DAY, HOUR, MINUTE, SECOND
from sightline.query.measures import Unit

MOST_LINES = 4
# Steps of an axis of time, as people read clocks.
_CLOCK = (
    *(n * 10**6 for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(n * SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 7, 14, 28, 91, 182, 364, 1820)),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` to `high` with grid lines at round numbers, both ends among them."""

    low: float
    high: float
    lines: tuple[float, ...]

    def share(self, value: float) -> float:
        """How far up a value stands, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def scale(values: Sequence[float], unit: str) -> Scale:
    """A scale that holds all values and zero."""
    low, high = min((0.0, *values)), max((0.0, *values))
    # Nothing but zero, or so little that no number on an axis could say it.
    if high - low < 1e-15:
        high = (
            {Unit.RATIO: 0.01, Unit.NANOSECONDS: float(formats.MS)}.get(Unit(unit), 1) if _known(unit) else 1
        )
    step = _step((high - low) / (MOST_LINES - 1), unit)
    first, last = math.floor(low / step), math.ceil(high / step)
    if unit == Unit.RATIO and low >= 0 and high <= 1:
        last = min(last, round(1 / step)) if last * step > 1 else last
    lines = tuple(n * step for n in range(first, last + 1))
    return Scale(lines[0], lines[-1], lines)


def _known(unit: str) -> bool:
    return unit in set(Unit)


def _step(least: float, unit: str) -> float:
    """The smallest round number that is not below `least`."""
    if unit == Unit.NANOSECONDS and least > 5 * SECOND:
        found = next((step for step in _CLOCK if step >= least and step >= 10 * SECOND), None)
        if found is not None:
            return found
    if unit in (Unit.COUNT, Unit.TOKENS, Unit.NANOSECONDS):
        least = max(1.0, least)
    power = 10.0 ** math.floor(math.log10(least))
    # Divisions below leave 1.9999 where 2 is meant.
    return next(n * power for n in (1, 2, 5, 10, 20) if n * power >= least * (1 - 1e-9))


def on_axis(value: float, unit: str) -> str:
    """A grid line's number: `$2,000`, `2 %`, `500 ms`, `200 k`."""
    if unit == Unit.RATIO:
        return f"{_plain(100 * value)} %"
    if unit == Unit.NANOSECONDS:
        return formats.axis(round(value))
    if unit == Unit.USD:
        return f"${_plain(value)}" if value >= 0 else f"−${_plain(-value)}"
    return _plain(value)


def _plain(value: float) -> str:
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e5, "k")):
        if abs(value) >= size:
            size = 1e3 if unit == "k" else size
            return f"{value / size:,.4g} {unit}".replace("-", "−")
    if 0 < abs(value) < 1e-4:
        return f"{value:.0e}".replace("-", "−")
    return f"{round(value, 10):,.6g}".replace("-", "−") if abs(value) < 1000 else f"{value:,.0f}"


def written(value: float | None, unit: str) -> str:
    """A value as the pages write its unit; no value is a dash."""
    if value is None or not math.isfinite(value):
        return formats.Absent.NOT_APPLICABLE
    if unit == Unit.RATIO:
        return f"{100 * value:.{1 if abs(value) >= 0.001 or not value else 2}f} %"
    if unit == Unit.NANOSECONDS:
        return str(formats.duration(round(value)))
    if unit == Unit.USD:
        return formats.money(value)
    if unit in (Unit.COUNT, Unit.TOKENS):
        return formats.count(round(value))
    if unit == Unit.SCORE:
        return formats.score(value)
    number = formats.count(round(value)) if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    return f"{number} {unit}".replace("-", "−") if unit and unit != "1" else number.replace("-", "−")


@dataclass(frozen=True, slots=True)
class Tick:
    """A round moment on the axis: where it stands (percent), its words, and for scripts the moment in
    milliseconds. `few`: it also has room in a narrow chart."""

    x: float
    text: str
    at: int
    few: bool
    clock: bool


def ticks(since: int, until: int, zone: tzinfo = UTC) -> tuple[Tick, ...]:
    """Round moments of a stretch of time, as a zone's clocks have them, in order."""
    few = _moments(since, until, 4.5, zone)
    more = _moments(since, until, 9, zone)
    step, places = more if set(few[1]) <= set(more[1]) else few
    found = []
    for at in places:
        x = 100 * (at - since) / (until - since)
        # A label in the middle of the edge would stick out.
        if 3 <= x <= 97:
            found.append(
                Tick(
                    round(x, 3), _label(at, step, until - since, zone), at // 10**6, at in few[1], step < DAY
                )
            )
    return tuple(found)


def _moments(since: int, until: int, most: float, zone: tzinfo) -> tuple[int, tuple[int, ...]]:
    """The step that gives at most so many moments, and the moments."""
    step = next((s for s in _CLOCK if (until - since) / s <= most), _CLOCK[-1])
    if step < HOUR:
        return step, tuple(range(-(-since // step) * step, until, step))
    found = []
    day = local(since, zone).date()
    days = max(1, step // DAY)
    # Counted from a Monday, so that the same days are labelled wherever the range begins.
    day -= timedelta(days=(day.toordinal() - date(1970, 1, 5).toordinal()) % days)
    while (at := _ns(datetime(day.year, day.month, day.day, tzinfo=zone))) < until:
        hours = range(0, 24, step // HOUR) if step < DAY else (0,)
        found += [_ns(datetime(day.year, day.month, day.day, hour, tzinfo=zone)) for hour in hours]
        if day > date(9000, 1, 1):
            break
        day += timedelta(days=days)
        del at
    return step, tuple(sorted({at for at in found if since <= at < until}))


def _label(at: int, step: int, length: int, zone: tzinfo) -> str:
    then = local(at, zone)
    if step >= DAY:
        return f"{then.day} {then:%b}" + (f" {then.year}" if step >= 91 * DAY else "")
    if step < SECOND:
        return f"{then:%H:%M:%S}.{then.microsecond // 1000:03d}"
    if step < MINUTE:
        return f"{then:%H:%M:%S}"
    if length > DAY and then.hour == then.minute == 0:
        return f"{then.day} {then:%b}"
    return f"{then:%H:%M}"


def every(step: int) -> str:
    """The length of a bucket in words: `30 min`, `1 h`, `day`, `7 days`."""
    for size, unit in ((DAY, "day"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")):
        if step >= size and step % size == 0:
            number = step // size
            return unit if number == 1 and size == DAY else f"{number} {unit}{'s' if size == DAY else ''}"
    return f"{step / 10**6:g} ms"


def said(since: int, until: int, zone: tzinfo = UTC) -> str:
    """A bucket in words: `Fri 20 Nov 14:30`, and with seconds or without the clock where that tells more."""
    then = local(since, zone)
    if until - since >= DAY - HOUR:
        return f"{then:%a} {then.day} {then:%b}"
    clock = f"{then:%H:%M}" if (until - since) % MINUTE == 0 and then.second == 0 else f"{then:%H:%M:%S}"
    return f"{then:%a} {then.day} {then:%b} {clock}"


def local(ns: int, zone: tzinfo) -> datetime:
    """A moment on a zone's clock; what no calendar holds becomes its nearest end."""
    try:
        return datetime.fromtimestamp(ns // SECOND, zone).replace(microsecond=ns // 1000 % 10**6)
    except (OverflowError, ValueError, OSError):
        return datetime(9000, 1, 1, tzinfo=UTC)


def _ns(then: datetime) -> int:
    elapsed = then - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * SECOND
