from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from sightline.pages.bars import bars, blocks
from sightline.pages.scale import Block, Shape

PLACES = st.floats(0, 100).map(lambda x: round(x, 3))


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """A rectangle inside of what is shown, of a few colours."""
    ends = sorted((draw(PLACES), draw(PLACES)))
    strength = draw(st.sampled_from(["", "pale", "d3"]))
    colour = draw(st.sampled_from(["llm", "tool", "err"]))
    return Shape(ends[0], round(ends[1] - ends[0], 3), colour, strength)


def stretches(path: str) -> list[tuple[int, int]]:
    """Where a line is drawn, in hundredths of a percent."""
    at, found = 0, []
    for word, number in re.findall(r"([Mmh])(-?\d+)", path):
        if word == "h":
            found.append((at, at + int(number)))
            at += int(number)
        else:
            at = int(number) if word == "M" else at + int(number)
    return found


def test_a_row_draws_only_known_classes_whatever_the_kind() -> None:
    hostile = Shape(1.5, 0.1, '"><script>alert(1)</script>', '" onload="x')
    drawn = bars([hostile, Shape(2.0, 50.0, "llm", "pale")], [Shape(0.0, 12.345, "path")])
    assert "script" not in drawn and "onload" not in drawn
    assert drawn.count("<rect") == 4 and 'class="f-http" x="1.5%" width="1"' in drawn
    assert 'class="f-llm s-pale" x="2%" width="50%" y="11" height="6"' in drawn
    many = bars([hostile] * 5)
    assert "script" not in many and "onload" not in many and 'class="c-http thin"' in many


@given(st.lists(shapes(), min_size=4, max_size=60))
def test_many_rectangles_are_a_line_for_each_look(found: list[Shape]) -> None:
    drawn = bars(found)
    looks = {(s.colour, s.strength) for s in found}
    thin = {(s.colour, s.strength) for s in found if s.width < 0.4}
    lines = re.findall(r'<path class="c-(\w+)(?: s-(\w+))? line" stroke-width="\d+" d="([^"]+)"/>', drawn)
    assert {(colour, strength) for colour, strength, _ in lines} == looks and len(lines) == len(looks)
    assert drawn.count(' thin" d=') == len(thin)
    for colour, strength, path in lines:
        of_it = [s for s in found if (s.colour, s.strength) == (colour, strength)]
        meant = [(round(s.x * 100), round((s.x + s.width) * 100)) for s in of_it]
        assert sorted(stretches(path)) == sorted(meant)


def test_heights_of_their_own_are_outlines() -> None:
    found = [Block(Shape(float(at), 0.8, "http"), 20.0 - at, 5.0 + at) for at in range(5)]
    drawn = blocks(found, 30)
    assert 'viewBox="0 0 10000 30"' in drawn and drawn.count("<path") == 1
    assert 'class="f-http" d="M0 20h80v5H0M100 19h80v6H100' in drawn
