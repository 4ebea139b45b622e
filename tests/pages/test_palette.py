"""Going anywhere by typing: what is offered, to whom, and in a browser."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pages_story as story
import pytest
from pages_browser import Browser, Tab
from pages_parts import Parts, serving
from pages_people import ANN, BOB, EVE, inhabited, signed_in
from starlette.testclient import TestClient

from sightline.store.store import Store

GO = "/p/default/go"
TRACE = story.trace_id(4)


def offered(client: TestClient, to: str, path: str = GO) -> list[tuple[str, str]]:
    """Words and addresses of the list's entries."""
    text = client.get(path, params={"to": to} if to else {}).text
    found = re.findall(r'<a href="([^"]+)">(?:<svg.*?</svg>)<span class="ell">(.*?)</span>', text)
    return [(html.unescape(words), html.unescape(href)) for href, words in found]


def test_pages_come_first_and_all_of_them_without_a_word(client: TestClient) -> None:
    names = [words for words, _ in offered(client, "")]
    assert names.index("Traces") < names.index("First run") < names.index("Prices") < names.index("Health")
    assert offered(client, "hea") == [
        ("Health", "/settings/health"),
        ('Traces: "hea"', "/p/default/traces?q=hea"),
    ]


def test_traces_sessions_users_and_models_are_found(client: TestClient) -> None:
    assert (TRACE, f"/p/default/traces/{TRACE}") in offered(client, TRACE[:8])
    assert ("u_20566", "/p/default/users/u_20566") in offered(client, "20566")
    assert any(
        words == "s_0004" and href.endswith("/sessions/s_0004") for words, href in offered(client, "s_0004")
    )
    assert any(words == "gpt-4o-2024-11-20" for words, _ in offered(client, "GPT-4O"))


def test_a_filter_opens_the_traces_with_it(client: TestClient) -> None:
    assert offered(client, "cost>0.01 error") == [
        ("Traces: cost>0.01 status:error", "/p/default/traces?q=cost%3E0.01+error")
    ]
    page = client.get(GO, params={"to": "modl:gpt"}).text
    assert "As a filter: there is no field modl" in page and "Did you mean model?" in page
    assert "Nothing of the last 30 days is called" in page


def test_range_and_environment_go_along(client: TestClient) -> None:
    page = client.get(GO + "?range=7d&env=prod&to=tra").text
    assert '/p/default/traces?range=7d&amp;env=prod"' in page
    assert '<input type="hidden" name="env" value="prod">' in page


def test_nothing_of_another_project_is_offered(store: Store, tmp_path: Path) -> None:
    with inhabited(store, tmp_path) as town:
        eve, bob, ann = (signed_in(town, email) for email in (EVE, BOB, ANN))
        for to in (TRACE[:8], "u_20566", "s_0004", "o4-mini"):
            assert eve.client.get(GO, params={"to": to}).status_code == 403
            talk = [words for words, _ in offered(eve.client, to, "/p/talk/go")]
            assert all(words.startswith("Traces:") for words in talk), talk
            assert any(not words.startswith("Traces:") for words, _ in offered(ann.client, to)), to
        everything = {words for words, _ in offered(eve.client, "", "/p/talk/go")}
        assert {"Traces", "First run", "Prices", "Your account"} <= everything
        assert not {"People", "Keys", "Projects", "Scrape", "Health", "Log"} & everything
        assert "Keys" in {words for words, _ in offered(bob.client, "", "/p/talk/go")}


def test_saved_views_are_those_of_the_reader_and_of_everyone(store: Store, tmp_path: Path) -> None:
    with inhabited(store, tmp_path) as town:
        bob = next(p for p in town.control.people() if p.email == BOB)
        town.control.save_view("talk", "Slow <answers>", "traces", "range=7d&q=duration%3E5s", None)
        town.control.save_view("talk", "Slow of bob", "traces", "q=error", bob.id)
        town.control.save_view("default", "Slow elsewhere", "traces", "q=error", None)
        visitor = signed_in(town, EVE)
        found = offered(visitor.client, "slow", "/p/talk/go")
        assert ("Slow <answers>", "/p/talk/traces?range=7d&q=duration%3E5s") in found
        assert not {"Slow of bob", "Slow elsewhere"} & {words for words, _ in found}
        mine = {words for words, _ in offered(signed_in(town, BOB).client, "SLOW", "/p/talk/go")}
        assert {"Slow <answers>", "Slow of bob"} <= mine


@pytest.fixture
def tab(chrome: Browser, store: Store) -> Iterator[Tab]:
    with serving(Parts(store)) as address:
        found = chrome.tab()
        found.size(1280, 900)
        found.open(address + "/p/default/traces?range=7d")
        yield found


def press(tab: Tab, key: str, code: int, modifiers: int = 0) -> None:
    more = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
    tab.call("Input.dispatchKeyEvent", type="rawKeyDown", **more)
    tab.call("Input.dispatchKeyEvent", type="keyUp", **more)


CHOSEN = "document.querySelector('#places [aria-selected=true] span')?.textContent"


def test_the_palette_is_driven_by_keys(tab: Tab) -> None:
    press(tab, "k", 75, modifiers=2)
    tab.wait(f"Boolean({CHOSEN})")
    assert tab.run("document.activeElement.getAttribute('role')") == "combobox"
    tab.call("Input.insertText", text="heal")
    tab.wait(f"{CHOSEN} === 'Health'")
    assert tab.run("document.querySelector('[data-places-count]').textContent") == "2 places"
    press(tab, "ArrowDown", 40)
    assert tab.run(CHOSEN).startswith("Traces: ")
    active = "document.activeElement.getAttribute('aria-activedescendant')"
    assert tab.run(f"document.getElementById({active}).textContent.includes('Traces: ')")
    press(tab, "ArrowDown", 40)
    assert tab.run(CHOSEN) == "Health"
    press(tab, "Escape", 27)
    assert tab.run("document.querySelector('#palette').open") is False
    assert tab.problems == []


def test_enter_goes_to_what_is_chosen(tab: Tab) -> None:
    tab.run("document.querySelector('[data-palette]').click()")
    tab.wait("document.querySelector('#palette').open")
    tab.call("Input.insertText", text=TRACE[:10])
    tab.wait(f"{CHOSEN} === '{TRACE}' || [...document.querySelectorAll('#places a')].length > 1")
    tab.wait(f"[...document.querySelectorAll('#places a span')].some(s => s.textContent === '{TRACE}')")
    while tab.run(CHOSEN) != TRACE:
        press(tab, "ArrowDown", 40)
    before = tab.loads
    press(tab, "Enter", 13)
    tab.browser.until(lambda: tab.loads > before)
    assert tab.run("location.pathname") == f"/p/default/traces/{TRACE}"
    assert tab.problems == []


def test_the_button_leads_to_the_page_without_scripts(tab: Tab) -> None:
    assert (
        tab.run("document.querySelector('[data-palette]').getAttribute('href')") == "/p/default/go?range=7d"
    )
