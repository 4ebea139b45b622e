"""Sessions and users in a real browser: nothing complains, hostile texts and ids do nothing, keys move."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pages_sessions as sessions
import pages_story as story
import pytest
from pages_browser import Browser, Tab, chromium
from pages_hostile import ALL, CORPUS, MARKDOWN
from pages_parts import Parts, serving

from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
LIST, USERS = f"/p/{sessions.PROJECT}/sessions", f"/p/{sessions.PROJECT}/users"
EVIL = "evil <img src=x onerror=alert(1)>"


def _evil(told: story.Told) -> None:
    """A turn whose every text is hostile, and a tool that is."""
    trace, texts = story.trace_id(4800), [*CORPUS, *MARKDOWN]
    kw = {"project": sessions.PROJECT, "session_id": EVIL, "user_id": EVIL, "environment": ALL[:60]}
    asked = json.dumps([{"role": "user", "content": text} for text in texts])
    answered = json.dumps([{"role": "assistant", "content": text} for text in texts])
    told.span(
        trace, 1, None, ALL, "agent", story.NOW - 60 * story.S, story.S, 0, status="error",
        status_message=ALL, content={"input_messages": asked, "output_messages": answered}, **kw,
    )  # fmt: skip
    told.span(
        trace, 2, 1, ALL, "tool", story.NOW - 60 * story.S, story.S, 1, tool_name=ALL, status="error",
        content={"tool_arguments": json.dumps({t: t for t in texts}), "tool_result": ALL}, **kw,
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages over a store with the conversations in it."""
    directory: Path = tmp_path_factory.mktemp("sessions")
    store = Store(embedded_url(directory), StoreSettings())
    writer = store.writer()
    schema.migrate(writer)
    told = story.Told()
    sessions.everything(told, 120)
    _evil(told)
    story.store(told, writer)
    with serving(Parts(store, projects=lambda: [sessions.PROJECT, sessions.OTHER])) as found:
        yield found
    writer.close()
    store.close()


@pytest.fixture
def tab(chrome: Browser) -> Tab:
    """A fresh page."""
    return chrome.tab()


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_complains_or_scrolls_sideways(tab: Tab, address: str, width: int) -> None:
    tab.size(width, 900)
    own = quote(EVIL, safe="")
    for path in (
        LIST, f"{LIST}?q=usr:x", f"{LIST}?sort=-cost", f"{LIST}/{sessions.CHAT}", f"{LIST}/{sessions.LONG}",
        f"{LIST}/{own}", f"{LIST}/{own}?exact=1", USERS, f"{USERS}/u_anna", f"{USERS}/{own}",
    ):  # fmt: skip
        tab.open(address + path)
        tab.run("document.querySelectorAll('details:not(.menu)').forEach(fold => fold.open = true)")
        assert tab.problems == [], path
        assert tab.run("document.documentElement.scrollWidth") <= width, path
        # A conversation scrolls in its window, whatever is unfolded.
        if width > 760 and path.startswith(f"{LIST}/"):
            assert tab.run("document.documentElement.scrollHeight <= innerHeight"), path
        forms = "form:not([role=search], .colform, .scoreform, .quick)"
        inside = f"main :is(script, iframe, {forms}, svg svg:not(.px svg))"
        assert tab.run(f"document.querySelectorAll('{inside}').length") == 0, path
        assert tab.run("[...document.images].every(i => i.src.startsWith('data:image/'))"), path
        loaded = "performance.getEntriesByType('resource').every(r => r.name.startsWith(location.origin))"
        assert tab.run(loaded), path


def test_keys_move_over_turns_and_to_the_next_failure(tab: Tab, address: str) -> None:
    tab.size(1440, 900)
    tab.open(f"{address}{LIST}/{sessions.CHAT}")
    said = "document.activeElement.querySelector('b')?.textContent"
    for key, number in (("j", "#1"), ("j", "#2"), ("e", "#3"), ("j", "#4"), ("k", "#3")):
        tab.press(key)
        assert tab.run(said) == number
    tab.run("document.activeElement.click()")
    tab.wait("location.pathname.includes('/traces/')")


def test_a_row_opens_its_session_and_its_figures_their_traces(tab: Tab, address: str) -> None:
    tab.size(1440, 900)
    tab.open(f"{address}{LIST}?q=user:u_anna")
    place = "document.elementFromPoint(...(({x, y, width, height}) => [x + width / 2, y + height / 2])"
    middle = f"{place}(document.querySelector('tbody td.pv').getBoundingClientRect()))"
    assert tab.run(f"{middle}.closest('a').pathname") == f"{LIST}/{sessions.CHAT}"
    turns = f"{place}(document.querySelector('tbody td.du a').getBoundingClientRect()))"
    assert tab.run(f"{turns}.closest('a').pathname") == f"/p/{sessions.PROJECT}/traces"
