"""Charts and the SQL editor in a real browser: crosshair, brush, keys, cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from pages_browser import Browser, Tab, chromium
from pages_parts import Parts, serving

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
PLOT = "#c-requests [data-shapes]"


@pytest.fixture
def tab(chrome: Browser) -> Tab:
    """A fresh page."""
    found = chrome.tab()
    found.size(1440, 1200)
    return found


@pytest.fixture
def address(parts: Parts) -> Iterator[str]:
    """The pages served on a free port."""
    with serving(parts) as found:
        yield found


def box(tab: Tab, selector: str) -> dict[str, float]:
    found: dict[str, float] = tab.run(
        f"(() => {{ const r = document.querySelector('{selector}').getBoundingClientRect();"
        " return {x: r.x, y: r.y, width: r.width, height: r.height}; })()"
    )
    return found


def mouse(tab: Tab, kind: str, x: float, y: float, **more: Any) -> None:
    tab.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_no_page_complains_or_scrolls_sideways(tab: Tab, address: str, width: int, dark: bool) -> None:
    tab.size(width, 900, dark=dark)
    for path in (
        "/p/default/?vs=prev",
        "/p/default/explore?by=kind,name&measure=count,duration.p95,cost&chart=stacked&vs=prev",
        "/p/default/explore?measure=nope&by=nope&q=kind:",
        "/p/default/explore/sql?sql="
        + quote("select name, count() as n, any(trace_id) as t from spans group by name"),
        "/p/default/explore/sql?sql=select%20form",
    ):
        tab.open(address + path)
        assert tab.problems == [], path
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), path


def test_one_crosshair_reads_all_charts(tab: Tab, address: str) -> None:
    tab.open(f"{address}/p/default/?vs=prev")
    plot = box(tab, PLOT)
    mouse(tab, "mouseMoved", plot["x"] + plot["width"] * 0.7, plot["y"] + 20)
    assert tab.run("document.querySelectorAll('.chart .cross').length") == 6
    assert (
        tab.run(
            "new Set([...document.querySelectorAll('.chart .cross')].map(l => l.getAttribute('x1'))).size"
        )
        == 1
    )
    # What is read is what the table says, for both ranges.
    assert tab.run(
        "(() => { const c = document.querySelector('#c-requests'); const x = c.querySelector('.cross');"
        " const row = c.querySelector(`tr[data-x='${parseFloat(x.getAttribute('x1'))}']`);"
        " const said = [...c.querySelectorAll('[data-value]')].map(v => v.textContent);"
        " return said.length === 3 && said.every((v, n) => v === row.cells[n + 1].textContent); })()"
    )
    mouse(tab, "mouseMoved", 5, 5)
    assert tab.run("document.querySelectorAll('.chart .cross').length") == 0
    assert tab.problems == []


def test_dragging_writes_the_range_and_is_no_click(tab: Tab, address: str) -> None:
    tab.open(f"{address}/p/default/?env=prod")
    plot = box(tab, PLOT)
    y = plot["y"] + 30
    since, until = plot["x"] + plot["width"] * 0.8, plot["x"] + plot["width"] * 0.96
    mouse(tab, "mouseMoved", since, y)
    mouse(tab, "mousePressed", since, y, button="left", buttons=1, clickCount=1)
    mouse(tab, "mouseMoved", (since + until) / 2, y, button="left", buttons=1)
    mouse(tab, "mouseMoved", until, y, button="left", buttons=1)
    assert tab.run("document.querySelectorAll('.chart .brush').length") == 1
    mouse(tab, "mouseReleased", until, y, button="left", clickCount=1)
    tab.wait("location.search.includes('..')")
    query = tab.run("Object.fromEntries(new URLSearchParams(location.search))")
    assert query["env"] == "prod" and tab.run("location.pathname") == "/p/default/"
    begins, ends = query["range"].split("..")
    assert begins < ends and begins.endswith("Z")
    tab.wait("document.querySelectorAll('.notice').length === 0")
    assert tab.problems == []


def test_keys_move_the_crosshair_and_say_what_it_stands_on(tab: Tab, address: str) -> None:
    tab.open(f"{address}/p/default/")
    tab.run("document.querySelector('#c-errors [data-plot]').focus()")
    tab.press("End")
    last = tab.run("document.querySelector('#c-errors .cross').getAttribute('x1')")
    tab.press("ArrowLeft")
    before = tab.run("document.querySelector('#c-errors .cross').getAttribute('x1')")
    assert float(before.rstrip("%")) < float(last.rstrip("%"))
    assert "failed" in tab.run("document.querySelector('#chart-says').textContent")
    tab.press("Escape")
    assert tab.run("document.querySelectorAll('.cross').length") == 0


def test_the_browser_tells_its_zone(tab: Tab, address: str) -> None:
    tab.call("Emulation.setTimezoneOverride", timezoneId="Asia/Kolkata")
    tab.open(f"{address}/p/default/?range=30d")
    assert "sightline_zone=Asia%2FKolkata" in tab.run("document.cookie").replace("Calcutta", "Kolkata")


def test_the_editor_inserts_runs_and_can_be_cancelled(tab: Tab, address: str) -> None:
    tab.open(f"{address}/p/default/explore/sql")
    tab.run("document.querySelector('textarea').value = 'select count() as n from'; undefined")
    tab.run("document.querySelector('textarea').setSelectionRange(99, 99)")
    tab.run("document.querySelector('[data-insert=spans]').click()")
    assert tab.run("document.querySelector('textarea').value") == "select count() as n from spans"
    tab.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", modifiers=2)
    tab.wait("document.querySelector('[aria-label=Result]')")
    assert "sql=select" in tab.run("location.search")
    slow = "select sum(a.own_ns + b.own_ns + c.own_ns) from spans a, spans b, spans c, spans d, spans e"
    tab.open(f"{address}/p/default/explore/sql")
    tab.run(f"document.querySelector('textarea').value = {slow!r}; undefined")
    tab.run("document.querySelector('form[data-sql]').requestSubmit()")
    tab.wait("!document.querySelector('[data-cancel]').hidden")
    tab.run("document.querySelector('[data-cancel]').click()")
    tab.wait("document.querySelector('[data-cancel]').hidden")
    assert tab.run("document.querySelector('textarea').value") == slow
