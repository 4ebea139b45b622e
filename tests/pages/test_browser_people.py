"""Signing in and settings in a real browser: with the keyboard, narrow and dark, with hostile names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_browser import Browser, Tab, chromium
from pages_hostile import ALL
from pages_parts import Parts, serving
from pages_people import ANN, PASSWORD, ZOE, inhabited

from sightline.control.errors import InvalidValue
from sightline.store.store import Store

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")


@pytest.fixture
def tab(chrome: Browser) -> Tab:
    found = chrome.tab()
    found.size(1280, 900)
    return found


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


@pytest.fixture
def address(town: Parts) -> Iterator[str]:
    with serving(town) as found:
        yield found


def type_in(tab: Tab, text: str) -> None:
    tab.call("Input.insertText", text=text)


def press(tab: Tab, key: str, code: int) -> None:
    """A key with what the browser itself does on it."""
    more = {"key": key, "code": key, "windowsVirtualKeyCode": code}
    tab.call("Input.dispatchKeyEvent", type="rawKeyDown", **more)
    if key == "Enter":
        tab.call("Input.dispatchKeyEvent", type="char", text="\r", **more)
    tab.call("Input.dispatchKeyEvent", type="keyUp", **more)


def sign_in(tab: Tab, address: str, path: str, email: str = ANN) -> None:
    """As a person without a mouse: the cursor is in the first field already."""
    tab.open(address + path)
    tab.wait("document.activeElement.name === 'email'")
    type_in(tab, email)
    press(tab, "Tab", 9)
    tab.wait("document.activeElement.name === 'password'")
    type_in(tab, PASSWORD)
    before = tab.loads
    press(tab, "Enter", 13)
    tab.browser.until(lambda: tab.loads > before)


def test_signing_in_with_the_keyboard_leads_to_the_page_that_was_asked_for(tab: Tab, address: str) -> None:
    sign_in(tab, address, "/p/talk/traces?range=7d")
    assert tab.run("location.pathname + location.search") == "/p/talk/traces?range=7d"
    # The zone is told by a script; the session is in a cookie that no script reads.
    assert re.fullmatch("sightline_zone=[A-Za-z/_+-]+", tab.run("document.cookie")), (
        "no script reads the session"
    )
    assert tab.problems == []


def test_signing_out_from_the_menu(tab: Tab, address: str) -> None:
    sign_in(tab, address, "/settings/me")
    tab.run("document.querySelector('#account > summary').focus()")
    press(tab, "Enter", 13)
    tab.wait("document.querySelector('#account').open")
    before = tab.loads
    tab.run("document.querySelector('#account form button').click()")
    tab.browser.until(lambda: tab.loads > before)
    assert tab.run("location.pathname") == "/login"
    tab.open(address + "/settings/me")
    assert tab.run("location.pathname") == "/login"


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (420, True)])
def test_no_page_complains_or_scrolls_sideways(
    tab: Tab, town: Parts, address: str, width: int, dark: bool
) -> None:
    for number, text in enumerate(ALL):
        name = "".join(c for c in text if c.isprintable())[:200]
        try:
            town.control.add_person(f"{number}.{'long' * 12}@example.com", name, roles={"talk": "reader"})
        except InvalidValue:
            continue
    tab.size(width, 900, dark=dark)
    _, token = town.control.make_link(ZOE)
    tab.open(f"{address}/set-password?token={token}")
    assert tab.run("document.documentElement.scrollWidth") <= width
    sign_in(tab, address, "/settings/people")
    tab.run("document.querySelectorAll('details').forEach(d => { d.open = !d.classList.contains('menu') })")
    for path in ("", "/settings/me"):
        if path:
            tab.open(address + path)
        assert tab.run("document.documentElement.scrollWidth") <= width
        tab.run("document.querySelector('#account').open = true")
        assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.problems == []


def test_an_error_stands_beside_the_form_and_the_form_keeps_its_text(tab: Tab, address: str) -> None:
    sign_in(tab, address, "/settings/people")
    tab.run("document.querySelector('.fields [name=email]').value = 'ann@' + 'x'.repeat(250)")
    tab.run("document.querySelector('.fields [name=name]').value = 'Nemo'")
    tab.run("document.querySelector('.fields').noValidate = true")
    before = tab.loads
    tab.run("document.querySelector('.fields').requestSubmit()")
    tab.browser.until(lambda: tab.loads > before)
    assert "does not fit" in tab.run("document.querySelector('[role=alert]').textContent")
    assert tab.run("document.querySelector('.fields [name=name]').value") == "Nemo"
