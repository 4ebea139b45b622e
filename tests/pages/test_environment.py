from __future__ import annotations

from sightline.pages.environment import quantity
from sightline.pages.formats import duration


def test_what_is_below_the_smallest_unit_is_escaped() -> None:
    assert quantity(duration(5)) == '&lt; 1<span class="u">µs</span>'
