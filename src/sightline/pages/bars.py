"""Rectangles on a time axis as markup: few elements, however many rectangles. Pure.

A large trace has hundreds of rows, and a group's row a hundred rectangles. Each as an element of its own,
they take a browser on a slow machine seconds. So rectangles of one look become one path; as a path knows no
percent, it is drawn in a nested picture of whole units that stretches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from markupsafe import Markup

from sightline.pages.icons import colour_of
from sightline.pages.scale import Block, Shape

# Classes of shapes that stand for something other than a kind of span.
_FILLS = frozenset({"prefill", "err", "path", "hatch", "decode", "queue"})
_STRENGTHS = frozenset({"pale", "off", *(f"d{level}" for level in range(1, 9))})
# Percent below which a rectangle might not be seen.
_THIN = 0.4
_FEW = 3
_UNITS = 100
"""Of the nested picture for each percent."""
_ROW = 28


def fill_of(colour: str) -> str:
    """The suffix of `.f-…` for a shape: of a kind of span, or of what else it stands for."""
    return colour if colour in _FILLS else colour_of(colour)


@lru_cache(4096)
def guides(marks: tuple[str, ...]) -> Markup:
    """The lines of a tree in front of a row; the marks are those of `Lines.guides`."""
    return Markup("").join(Markup('<span class="ind {}"></span>').format(mark) for mark in marks)


def bars(shapes: Iterable[Shape], path: Iterable[Shape] = ()) -> Markup:
    """A row's rectangles: those of its bar, then those of the critical path below it."""
    found = [Block(s, 11, 6) if s.strength == "pale" else Block(s, 8, 12) for s in shapes]
    return blocks([*found, *(Block(s, 22, 2) for s in path)], _ROW)


def blocks(found: Sequence[Block], tall: int) -> Markup:
    """Rectangles of a picture `tall` pixels high; thin ones have a pixel, failures two.

    Written at once: numbers and classes of closed sets, on every row of a large trace.
    """
    if len(found) <= _FEW:
        return Markup("".join(_alone(one) for one in found))  # noqa: S704 - numbers and words of closed sets
    looks: dict[tuple[str, str], list[Block]] = {}
    for one in found:
        looks.setdefault(_look(one.shape), []).append(one)
    paths = "".join(_path(look, strength, of_it) for (look, strength), of_it in looks.items())
    inner = (
        f'<svg viewBox="0 0 {100 * _UNITS} {tall}" width="100%" height="{tall}" preserveAspectRatio="none">'
    )
    return Markup(f"{inner}{paths}</svg>")  # noqa: S704 - numbers and words of closed sets


def _path(look: str, strength: str, found: Sequence[Block]) -> str:
    """Rectangles of one look: a line as thick as they are tall where all are alike, else their outlines."""
    places = sorted(
        ((round(b.shape.x * _UNITS), round((b.shape.x + b.shape.width) * _UNITS), b) for b in found),
        key=lambda place: place[0],
    )
    if len({(one.y, one.height) for one in found}) == 1:
        y, height = found[0].y, found[0].height
        at = places[0][0]
        line = [f"M{at} {y + height / 2:g}"]
        for begin, end, _ in places:
            # Moves are relative, whole numbers: short, and nothing adds up to a wrong place.
            line.append(f"{f'm{begin - at} 0' if begin != at else ''}h{end - begin}")
            at = end
        drawn = f'<path class="c-{look}{strength} line" stroke-width="{height:g}" d="{"".join(line)}"/>'
    else:
        outlines = "".join(f"M{begin} {b.y:g}h{end - begin}v{b.height:g}H{begin}" for begin, end, b in places)
        drawn = f'<path class="f-{look}{strength}" d="{outlines}"/>'
    thin = "".join(f"M{begin} {b.y:g}v{b.height:g}" for begin, _, b in places if b.shape.width < _THIN)
    return drawn + (f'<path class="c-{look}{strength} thin" d="{thin}"/>' if thin else "")


def _alone(one: Block) -> str:
    """A rectangle as an element; thin ones also with a width in pixels."""
    shape = one.shape
    named = f'<rect class="f-{"".join(_look(shape))}" x="{shape.x:g}%"'
    place = f'y="{one.y:g}" height="{one.height:g}"/>'
    drawn = f'{named} width="{shape.width:g}%" {place}'
    if shape.width < _THIN:
        drawn += f'{named} width="{2 if shape.colour == "err" else 1}" {place}'
    return drawn


def _look(shape: Shape) -> tuple[str, str]:
    return fill_of(shape.colour), f" s-{shape.strength}" if shape.strength in _STRENGTHS else ""
