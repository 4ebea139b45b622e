"""What a page takes on the way to a browser that has nothing yet, in bytes as they travel."""

from __future__ import annotations

import pages_story as story
import pytest
from pages_browser import browser, chromium
from pages_parts import Parts, serving

from sightline.store.store import Store

PROGRAM = chromium()
MOST = 150_000
TRACE = story.trace_id(4)


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(
    "path", ["/p/default/traces", f"/p/default/traces/{TRACE}?span={TRACE[:8]}0000000c", "/p/empty/first"]
)
def test_scripts_styles_and_fonts_of_a_page_are_light(store: Store, path: str) -> None:
    with serving(Parts(store)) as address, browser(str(PROGRAM)) as opened:
        tab = opened.tab()
        tab.open(address + path)
        opened.until(lambda: {"Document", "Script", "Stylesheet", "Font"} <= tab.weights.keys())
        weights = dict(tab.weights)
    built = weights["Script"] + weights["Stylesheet"]
    fonts = weights["Font"]
    print(f"{path}: scripts and styles {built:,} bytes, fonts {fonts:,}, the page {weights['Document']:,}")
    assert 10_000 < built < MOST
    # Fonts come once and are kept for good; they are counted apart from what the limit is about.
    assert fonts < MOST
