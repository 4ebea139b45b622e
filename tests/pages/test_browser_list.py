"""The list in a real browser: selection, cells as conditions, facets, brush, live tail, stopping."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pages_story as story
import pytest
from pages_browser import Browser, Tab, chromium
from pages_parts import Parts, serving

from sightline.store.store import Store

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
LIST = "/p/default/traces"
_DRAG = (("mousePressed", 0.3), ("mouseMoved", 0.5), ("mouseMoved", 0.98), ("mouseReleased", 0.98))
IDS = "[...document.querySelectorAll('tr[data-row]')].map(r => r.dataset.row)"


@pytest.fixture
def tab(chrome: Browser) -> Tab:
    """A fresh page."""
    found = chrome.tab()
    found.size(1440, 900)
    return found


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    """The pages served on a free port."""
    with serving(Parts(store)) as found:
        yield found


def query(tab: Tab) -> dict[str, list[str]]:
    return parse_qs(urlsplit(tab.run("location.href")).query)


def pressed(tab: Tab, key: str, *, shift: bool = False) -> None:
    """A key that writes nothing, or one with shift."""
    modifiers = 8 if shift else 0
    tab.call("Input.dispatchKeyEvent", type="keyDown", key=key, modifiers=modifiers)
    tab.call("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers)


def test_rows_are_selected_and_the_address_has_them(tab: Tab, address: str) -> None:
    tab.open(address + LIST)
    ids = tab.run(IDS)
    tab.press("j")
    tab.press("x")
    assert query(tab)["sel"] == [ids[0]]
    assert tab.run("document.querySelector('[data-bulk]').hidden") is False
    assert tab.run("document.querySelector('[data-compare]').hidden") is True
    tab.press("j")
    tab.press("x")
    assert query(tab)["sel"] == [f"{ids[0]},{ids[1]}"]
    compare = tab.run("document.querySelector('[data-compare]').href")
    assert compare.endswith(f"/p/default/compare?a={ids[0]}&b={ids[1]}")
    assert tab.run("document.querySelector('[data-compare]').hidden") is False
    tab.press("j")
    tab.press("j")
    pressed(tab, "X", shift=True)
    assert query(tab)["sel"] == [",".join(ids[:4])]
    assert tab.run("document.querySelectorAll('tr.sel').length") == 4
    # The same after a reload, from the server.
    tab.open(tab.run("location.href"))
    assert tab.run("document.querySelectorAll('tr.sel').length") == 4
    tab.run("document.querySelector('[data-clear]').click()")
    assert "sel" not in query(tab) and tab.run("document.querySelector('[data-bulk]').hidden")
    tab.run("document.querySelector('[data-select]').click()")
    assert query(tab)["sel"] == [ids[0]]
    assert tab.problems == []


def test_a_trace_is_looked_at_beside_the_list(tab: Tab, address: str) -> None:
    tab.open(address + f"{LIST}?q=llm")
    pane = "document.getElementById('preview')"
    first, second = tab.run(IDS)[:2]
    assert tab.run(f"{pane}.hidden")
    tab.press("j")
    tab.press("o")
    tab.wait(f"{pane}.dataset.peek === '{first}' && {pane}.checkVisibility()")
    assert query(tab)["peek"] == [first] and query(tab)["q"] == ["llm"]
    tab.press("j")
    tab.wait(f"{pane}.dataset.peek === '{second}'")
    tab.press("Escape")
    tab.wait(f"!{pane}.checkVisibility()")
    assert "peek" not in query(tab)
    # The line is still the one that keys are about.
    tab.press("o")
    tab.wait(f"{pane}.dataset.peek === '{second}'")
    tab.run("window.before = true; location.reload()")
    closes = "document.querySelector('[data-close-peek]')"
    ready = f"!window.before && document.readyState === 'complete' && {closes}"
    tab.wait(f"{ready} && {pane}.dataset.peek === '{second}'")
    tab.run(f"{closes}.click()")
    assert not tab.run(f"{pane}.checkVisibility()") and "peek" not in query(tab)
    assert tab.problems == []


def test_a_cell_becomes_a_condition(tab: Tab, address: str) -> None:
    tab.open(address + f"{LIST}?cols=name,user,model&q=error%20or%20llm")
    tab.press("j")
    pressed(tab, "ArrowRight")
    pressed(tab, "ArrowRight")
    user = tab.run("document.querySelector('.cellcur').dataset.cell")
    assert user.startswith("user:")
    tab.press("f")
    tab.wait("new URLSearchParams(location.search).get('q').includes('user:')")
    assert query(tab)["q"] == [f"(error or llm) {user}"]
    tab.wait("document.querySelectorAll('tr[data-row]').length === 1")
    tab.press("j")
    pressed(tab, "F", shift=True)
    tab.wait("new URLSearchParams(location.search).get('q').includes('-name')")
    assert tab.problems == []


def test_a_facet_adds_and_with_shift_excludes(tab: Tab, address: str) -> None:
    tab.open(address + LIST)
    value = "document.querySelector('[data-facet=kind] .fv')"
    tab.run(
        f"{value}.dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true, shiftKey: true}}))"
    )
    tab.wait("(new URLSearchParams(location.search).get('q') ?? '').startsWith('-kind:')")
    tab.wait("document.querySelector('[data-facet=kind] li.off')")
    tab.run("document.querySelector('[data-facet=kind] li.off .fv').click()")
    tab.wait("!new URLSearchParams(location.search).get('q')")
    tab.wait(f"{value} && !document.querySelector('[data-facet=kind] li.off')")
    tab.run(f"{value}.click()")
    tab.wait("(new URLSearchParams(location.search).get('q') ?? '').startsWith('kind:')")
    assert tab.problems == []


def test_a_stretch_of_the_histogram_becomes_the_range(tab: Tab, address: str) -> None:
    tab.open(address + f"{LIST}?q=llm&sort=-cost")
    box = tab.run(
        "(() => { const b = document.querySelector('#histogram [data-shapes]').getBoundingClientRect();"
        " return [b.left, b.top, b.width, b.height]; })()"
    )
    y, loads = box[1] + 20, tab.loads
    for kind, share in (
        ("mousePressed", 0.3),
        ("mouseMoved", 0.5),
        ("mouseMoved", 0.98),
        ("mouseReleased", 0.98),
    ):
        tab.call("Input.dispatchMouseEvent", type=kind, x=box[0] + share * box[2], y=y, button="left",
                 buttons=1, clickCount=1)  # fmt: skip
    tab.browser.until(lambda: tab.loads > loads)
    assert ".." in query(tab)["range"][0]
    kept = query(tab)
    assert kept["q"] == ["llm"] and kept["sort"] == ["-cost"]
    tab.wait("document.querySelectorAll('tr[data-row]').length > 0")
    assert tab.problems == []


def arrive(store: Store, number: int, moment: int) -> str:
    told = story.Told()
    trace = story.request(told, number, moment, project="tail")
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    return trace


def test_live_tail_shows_what_arrives(tab: Tab, store: Store, address: str) -> None:
    told = story.Told()
    for n in range(60):
        story.request(told, 5000 + n, story.NOW - (900 - n * 5) * story.S, project="tail")
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    parts = Parts(store, projects=lambda: ["default", "tail"])
    with serving(parts) as live:
        tab.open(live + "/p/tail/traces")
        tab.press("l")
        tab.wait("document.querySelector('[data-tail]')")
        assert query(tab)["live"] == ["1"]
        first = arrive(store, 6001, story.NOW - 20 * story.S)
        tab.wait(f"document.querySelector('tr[data-row=\"{first}\"]')")
        # Away from the top it waits in a bar.
        tab.run("document.querySelector('.res .scroll').scrollTop = 400")
        second = arrive(store, 6002, story.NOW - 10 * story.S)
        tab.wait("document.querySelector('[data-fresh]').hidden === false")
        assert tab.run("document.querySelector('[data-fresh]').textContent") == "1 new line"
        assert tab.run(f"document.querySelector('tr[data-row=\"{second}\"]') === null")
        tab.run("document.querySelector('[data-fresh]').click()")
        assert tab.run(f"document.querySelector('tr[data-row=\"{second}\"]') !== null")
        assert tab.run("document.querySelector('.res .scroll').scrollTop") == 0
        assert tab.run("document.querySelector('[data-fresh]').hidden") is True
        # A selected line holds the list still; without one it goes on.
        tab.run("document.querySelector('[data-select]').click()")
        third = arrive(store, 6003, story.NOW - 5 * story.S)
        there = f"document.querySelector('tr[data-row=\"{third}\"]')"
        assert tab.run(f"{there} === null")
        tab.run("document.querySelector('[data-clear]').click()")
        tab.wait(there)
        assert tab.problems == []


def test_columns_are_chosen_from_what_is_in_use(tab: Tab, address: str) -> None:
    tab.open(address + LIST)
    tab.run("document.querySelector('#colmenu summary').click()")
    tab.wait("document.querySelector('#columns input[value=\"attr.app.region\"]')")
    # Until it is settled, a form is an ordinary form.
    tab.wait("document.querySelector('.htmx-added') === null")
    tab.run("document.querySelector('#columns input[value=\"attr.app.region\"]').click()")
    tab.run("document.querySelector('#columns button').click()")
    tab.wait("(new URLSearchParams(location.search).get('cols') ?? '').endsWith(',attr.app.region')")
    tab.wait("document.querySelector('.rows').textContent.includes('eu-west')")
    assert tab.problems == []


def test_a_slow_question_can_be_stopped(tab: Tab, address: str) -> None:
    tab.open(address + LIST)
    # Requests under way for ever, as by a server that thinks.
    tab.call("Fetch.enable", patterns=[{"urlPattern": "*q=slow*"}])
    tab.run("window.same = true")
    tab.run("document.querySelector('#filter').value = 'slow'")
    tab.run("document.querySelector('.qbar').requestSubmit()")
    tab.wait("document.querySelector('.waitbar button')")
    assert tab.run("document.body.classList.contains('waiting')")
    tab.run("document.querySelector('.waitbar button').click()")
    tab.wait("!document.querySelector('.waitbar')")
    assert (
        tab.run("window.same") is True and tab.run("document.querySelectorAll('tr[data-row]').length") == 25
    )
    tab.call("Fetch.disable")


def test_facets_open_as_a_sheet_on_a_phone(tab: Tab, address: str) -> None:
    tab.size(390, 844)
    tab.open(address + f"{LIST}?q=llm")
    assert tab.run("getComputedStyle(document.querySelector('#facets')).display") == "none"
    assert tab.run("document.querySelector('.facet-m').textContent").strip().startswith("Filters · 1")
    tab.run("document.querySelector('label[for=show-facets]').click()")
    assert tab.run("getComputedStyle(document.querySelector('#facets')).display") == "block"
    assert tab.run("document.documentElement.scrollWidth") <= 390
    small = (
        "[...document.querySelectorAll('#facets .fv, .facet-m .btn')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).length"
    )
    assert tab.run(small) == 0
    assert tab.problems == []
