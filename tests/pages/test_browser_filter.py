"""The filter bar in a real browser: colours, completion by keyboard, the place of a mistake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pages_browser import Browser, Tab, chromium
from pages_parts import Parts, serving

from sightline.store.store import Store

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
FIELD = "document.querySelector('#filter')"


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


def type_in(tab: Tab, text: str) -> None:
    tab.call("Input.insertText", text=text)


def test_a_filter_is_typed_with_completion(tab: Tab, address: str) -> None:
    tab.open(address + "/p/default/traces?range=30d")
    tab.press("/")
    assert tab.run(f"document.activeElement === {FIELD}")
    assert tab.run(f"{FIELD}.value") == ""
    type_in(tab, "kin")
    tab.wait("document.querySelector('.qlist:not([hidden]) [role=option][aria-selected=true] .mono')")
    assert tab.run("document.querySelector('[aria-selected=true] .mono').textContent") == "kind:"
    assert tab.run(f"{FIELD}.getAttribute('aria-expanded')") == "true"
    active = f"document.getElementById({FIELD}.getAttribute('aria-activedescendant'))"
    assert tab.run(f"{active}.getAttribute('role')") == "option"
    tab.press("Tab")
    assert tab.run(f"{FIELD}.value") == "kind:"
    tab.wait("document.querySelectorAll('.qlist:not([hidden]) .c').length > 3")
    counts = "[...document.querySelectorAll('.qlist .c')].map(c => Number(c.textContent.replace(',', '')))"
    assert tab.run(counts)[0] > 0
    tab.press("ArrowDown")
    wanted = tab.run(f"{active}.querySelector('.mono').textContent")
    tab.press("Enter")
    assert tab.run(f"{FIELD}.value") == f"kind:{wanted} "
    tab.wait("!document.querySelector('.qlist').hidden")
    tab.press("Escape")
    assert tab.run("document.querySelector('.qlist').hidden")
    tab.press("Enter")
    tab.wait(f"new URLSearchParams(location.search).get('q') === 'kind:{wanted} '")
    tab.wait("document.querySelector('filter-bar.lit .q-field')")
    assert tab.run("document.querySelector('.qlayer').textContent") == f"kind:{wanted} "
    assert "range=30d" in tab.run("location.search")
    assert tab.problems == []


def test_what_is_wrong_is_underlined_where_it_is(tab: Tab, address: str) -> None:
    tab.open(address + "/p/default/traces?q=%F0%9F%98%80%20-kind:lm%20cost%3E1")
    tab.wait("document.querySelector('.qlayer .q-bad')")
    bad = "[...document.querySelectorAll('.q-bad')].map(p => p.textContent).join('')"
    assert tab.run(bad) == "lm"
    assert tab.run("document.querySelector('.qlayer').textContent") == "😀 -kind:lm cost>1"
    assert tab.run("document.querySelector('.q-not').textContent") == "-"
    # The layer and the field show the same text at the same place.
    same = f"document.querySelector('.qlayer').scrollWidth >= {FIELD}.getBoundingClientRect().width - 1"
    assert tab.run(same)
    tab.run("document.querySelector('.qerr a').click()")
    tab.wait("new URLSearchParams(location.search).get('q') === '😀 -kind:llm cost>1'")
    tab.wait("!document.querySelector('.q-bad')")
    assert tab.problems == []


def test_at_the_end_of_a_filter_a_mistake_has_a_place_too(tab: Tab, address: str) -> None:
    tab.open(address + "/p/default/traces?q=error%20or")
    tab.wait("document.querySelector('.qlayer .q-bad')")
    assert tab.run("document.querySelector('.qlayer').textContent").startswith("error or")


def test_a_press_takes_a_suggestion(tab: Tab, address: str) -> None:
    tab.open(address + "/p/default/traces?range=30d")
    tab.run(f"{FIELD}.focus()")
    type_in(tab, "status:err")
    tab.wait("document.querySelector('.qlist:not([hidden]) [role=option]')")
    tab.run("document.querySelector('.qlist [role=option]').click()")
    assert tab.run(f"{FIELD}.value") == "status:error "
    assert tab.run(f"document.activeElement === {FIELD}")
    # Within the field the letters are letters.
    type_in(tab, "/j")
    assert tab.run(f"{FIELD}.value") == "status:error /j"
