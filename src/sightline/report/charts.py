"""Charts as inline SVG, drawn without scripts: they print, and need nothing but the page they stand in.

Colours are classes of the page's style sheet, so that they follow light and dark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 10, 24


@dataclass(frozen=True, slots=True)
class Series:
    """Values by position, None where nothing is known; `look` is a class: s1 to s4, err."""

    name: str
    values: Sequence[float | None]
    look: str


def _ceiling(value: float) -> float:
    """The next number that an axis can end with."""
    if value <= 0:
        return 1.0
    size = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 10.0 ** -(len(f"{1 / value:.0f}"))
    return next(s * size for s in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 50, 100) if s * size >= value)


def _frame(label: str, marks: Sequence[str], most: float, unit: Callable[[float], str]) -> list[str]:
    """The box, three lines with their numbers, and marks below."""
    inner, plot = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">']
    for share in (0.0, 0.5, 1.0):
        y = _TOP + plot * (1 - share)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(unit(most * share))}</text>"
        )
    shown = [i for i in range(len(marks)) if marks[i]]
    every = max(1, -(-len(shown) // 6))
    for at in shown[::every]:
        x = _LEFT + inner * (at + 0.5) / max(len(marks), 1)
        # Marks near an end are set inwards, so that none is cut off.
        anchor = "start" if x < _LEFT + 40 else "end" if x > WIDTH - 60 else "middle"
        x = max(x, _LEFT) if anchor == "start" else x
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">'
            f"{escape(marks[at])}</text>"
        )
    return parts


def columns(label: str, marks: Sequence[str], series: Sequence[Series], unit: Callable[[float], str]) -> str:
    """Stacked columns, the first series at the bottom."""
    count = max(len(marks), 1)
    totals = [sum(s.values[i] or 0.0 for s in series) for i in range(len(marks))]
    most = _ceiling(max(totals, default=0.0))
    inner, plot = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    parts = _frame(label, marks, most, unit)
    wide = inner / count
    for at in range(len(marks)):
        base = float(_TOP + plot)
        for one in series:
            value = one.values[at]
            if not value:
                continue
            tall = plot * value / most
            base -= tall
            gap = min(wide * 0.15, 2)
            parts.append(
                f'<rect class="{one.look}" x="{_LEFT + wide * at + gap / 2:.1f}" y="{base:.1f}"'
                f' width="{max(wide - gap, 0.5):.1f}" height="{max(tall, 0.6):.1f}">'
                f"<title>{escape(f'{marks[at]}  {one.name}: {unit(value)}'.strip())}</title></rect>"
            )
    return "".join([*parts, "</svg>"])


def lines(label: str, marks: Sequence[str], series: Sequence[Series], unit: Callable[[float], str]) -> str:
    """Lines that break where nothing is known; a lone value is a dot."""
    most = _ceiling(max((v for s in series for v in s.values if v is not None), default=0.0))
    inner, plot = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    parts = _frame(label, marks, most, unit)
    for one in series:
        runs: list[list[tuple[float, float]]] = [[]]
        for at, value in enumerate(one.values):
            if value is None:
                runs.append([])
                continue
            x = _LEFT + inner * (at + 0.5) / max(len(marks), 1)
            y = _TOP + plot * (1 - value / most)
            runs[-1].append((x, y))
            parts.append(
                f'<circle class="{one.look} dot" cx="{x:.1f}" cy="{y:.1f}"'
                f' r="{2 if len(marks) < 40 else 1.2}">'
                f"<title>{escape(f'{marks[at]}  {one.name}: {unit(value)}'.strip())}</title></circle>"
            )
        for run in runs:
            if len(run) > 1:
                path = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
                parts.append(f'<polyline class="{one.look} line" points="{path}"/>')
    return "".join([*parts, "</svg>"])


_NAME = 20
"""Characters of a name that fit beside its bar, also in the larger letters of a phone."""


def ranked(label: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Horizontal bars: name, value, and how it is written."""
    high = 26
    most = max((value for _, value, _ in rows), default=0.0) or 1.0
    height = high * len(rows) + 6
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">']
    for at, (name, value, written) in enumerate(rows):
        y = at * high + 4
        wide = (WIDTH - 300) * value / most
        parts.append(
            f'<text class="name" x="200" y="{y + 14}" text-anchor="end">'
            f"{escape(name[:_NAME] + '…' * (len(name) > _NAME))}<title>{escape(name)}</title></text>"
            f'<rect class="s1" x="208" y="{y + 3}" width="{max(wide, 1):.1f}" height="14"/>'
            f'<text class="tick" x="{214 + wide:.1f}" y="{y + 14}">{escape(written)}</text>'
        )
    return "".join([*parts, "</svg>"])
