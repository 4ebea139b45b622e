from __future__ import annotations

from sightline.pages.environment import bars, quantity
from sightline.pages.formats import duration
from sightline.pages.scale import Shape


def test_a_row_draws_only_known_classes_whatever_the_kind() -> None:
    hostile = Shape(1.5, 0.1, '"><script>alert(1)</script>', '" onload="x')
    drawn = bars([hostile, Shape(2.0, 50.0, "llm", "pale")], [Shape(0.0, 12.345, "path")])
    assert "script" not in drawn and "onload" not in drawn
    assert drawn.count("<rect") == 4 and 'class="f-http" x="1.5%" width="1"' in drawn
    assert 'class="f-llm s-pale" x="2%" width="50%" y="11" height="6"' in drawn
    assert quantity(duration(5)) == '&lt; 1<span class="u">µs</span>'
