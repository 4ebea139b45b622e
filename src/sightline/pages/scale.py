"""From moments to places on a time axis: rectangles in percent of what is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sightline.pages import formats

_LEVELS = 8
# Beyond this a note has no room to the right of its bar.
_ROOM = 72


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle: left and width in percent, class of its colour and strength."""

    x: float
    width: float
    colour: str
    strength: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle at a height of its own: `y` and `height` in pixels."""

    shape: Shape
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Scale:
    """The stretch that is shown, in nanoseconds since the epoch, and where the trace begins."""

    start: int
    end: int
    origin: int

    @property
    def length(self) -> int:
        """In nanoseconds, at least one."""
        return max(1, self.end - self.start)

    def x(self, moment: int) -> float:
        """A moment in percent of what is shown; those outside of it at its ends."""
        return round(max(0.0, min(100.0, 100 * (moment - self.start) / self.length)), 3)

    def shapes(self, begin: int, end: int, colour: str, strength: str = "") -> tuple[Shape, ...]:
        """The rectangle of a stretch; nothing when it is not in sight."""
        if end < self.start or begin > self.end:
            return ()
        x = self.x(begin)
        return (Shape(x, round(self.x(max(begin, end)) - x, 3), colour, strength),)

    def beside(self, begin: int, end: int) -> tuple[float, str]:
        """Where a note on a bar stands: `after` the bar, `before` it, or `inside`."""
        x, last = self.x(begin), self.x(end)
        if last <= _ROOM:
            return last, "after"
        return (x, "before") if x > 40 else (last, "inside")

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Four to seven round times since the trace began: position in percent and label."""
        step = step_of(self.length)
        first = self.start - self.origin
        begin = -(-first // step) * step
        return tuple(
            (self.x(self.origin + at), _label(at, step)) for at in range(begin, self.end - self.origin, step)
        ) or ((0.0, formats.axis(first)),)


def _label(at: int, step: int) -> str:
    """A time of an axis in one unit for all of it: minutes as long as the step is less than an hour."""
    if 60 * formats.S <= step < 3600 * formats.S and step % (60 * formats.S) == 0:
        return f"{at // (60 * formats.S)} m"
    return formats.axis(at)


def step_of(length: int) -> int:
    """The round step that divides a length (ns) in at most six."""
    for exponent in range(19):
        for factor in (1, 2, 5):
            step: int = factor * 10**exponent
            if length / step <= 6:
                if step < formats.S:
                    return step
                # Beyond seconds round times are sixties.
                sixties = (
                    1,
                    2,
                    5,
                    10,
                    20,
                    30,
                    60,
                    120,
                    300,
                    600,
                    1200,
                    1800,
                    3600,
                    7200,
                    14400,
                    21600,
                    86400,
                    604800,
                )
                return next((n * formats.S for n in sixties if length / (n * formats.S) <= 6), length)
    return max(length, 1)


def merged(pieces: Iterable[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """Stretches in order of time, those nearer than `gap` as one; longest first."""
    found: list[tuple[int, int]] = []
    for begin, end in pieces:
        if found and begin - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return sorted(found, key=lambda piece: piece[0] - piece[1])


def strip(values: Sequence[float], begin: int, end: int, colour: str, scale: Scale) -> tuple[Shape, ...]:
    """A density as rectangles in eight strengths, neighbours of one strength as one."""
    most = max(values, default=0.0)
    if most <= 0:
        return ()
    width = (end - begin) / len(values)
    found: list[Shape] = []
    since, level = 0, -1
    for at, value in enumerate([*values, -1.0]):
        now = -1 if value < 0 else 0 if value == 0 else max(1, round(_LEVELS * value / most))
        if now == level:
            continue
        if level > 0:
            found += scale.shapes(
                begin + round(since * width), begin + round(at * width), colour, f"d{level}"
            )
        since, level = at, now
    return tuple(found)
