"""The pages in a real browser: nothing violates the policy, nothing complains, keys and swaps work."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pages_story as story
import pages_talk as talk
import pytest
from pages_browser import Browser, Tab, browser, chromium
from pages_hostile import ALL, CORPUS, MARKDOWN
from pages_parts import Parts, serving

from sightline.store.store import Store

TRACE = story.trace_id(4)
SPAN = f"{TRACE[:8]}0000000c"
PAGE = f"/p/default/traces/{TRACE}"
TALK = f"/p/talk/traces/{talk.TRACE}"
PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One browser for the module."""
    with browser(str(PROGRAM)) as found:
        yield found


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


@pytest.mark.parametrize("width", [1440, 420])
@pytest.mark.parametrize("dark", [False, True])
def test_no_page_complains_or_scrolls_sideways(tab: Tab, address: str, width: int, dark: bool) -> None:
    tab.size(width, 900, dark=dark)
    for path in (
        "/p/default/traces",
        f"{PAGE}?span={SPAN}",
        f"{PAGE}?span={SPAN}&tab=attributes",
        f"{PAGE}?span={SPAN}&tab=cost",
        f"{PAGE}?tab=raw",
        f"/p/default/traces/{story.trace_id(900)}",
        "/p/empty/first",
        *(f"{TALK}?span={span}" for span in (talk.FIRST, talk.SECOND, talk.RETRIEVER)),
        f"{TALK}?span={talk.FIRST}&exact=1",
    ):
        tab.open(address + path)
        tab.run("document.querySelectorAll('details:not(.menu)').forEach(fold => fold.open = true)")
        assert tab.problems == [], path
        assert tab.run("document.documentElement.scrollWidth") <= width, path
        assert tab.run("document.fonts.check('13px \"Inter Variable\"')")
        assert tab.run(
            "performance.getEntriesByType('resource').every(r => r.name.startsWith(location.origin))"
        )


def test_the_policy_stops_what_slips_in(tab: Tab, address: str) -> None:
    tab.open(address + "/p/default/traces")
    tab.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">')")
    tab.run("document.body.append(Object.assign(document.createElement('script'), {text: 'hit = 1'}))")
    tab.wait("document.images.length > 0")
    assert tab.run("typeof window.hit") == "undefined"
    assert any("Content Security Policy" in p or "ContentSecurityPolicy" in p for p in tab.problems)


def test_hostile_messages_do_nothing(tab: Tab, store: Store, address: str) -> None:
    told = story.Told()
    trace, texts = "cd" * 16, [*CORPUS, *MARKDOWN]
    chat = [{"role": "user", "content": text} for text in texts]
    answer = [
        {"role": "assistant", "content": text, "tool_calls": [{"function": {"name": text}}]} for text in texts
    ]
    contents = {
        "input_messages": json.dumps(chat),
        "output_messages": json.dumps(answer),
        "retrieval_documents": json.dumps([{"content": text, "url": text} for text in texts]),
        "metadata": json.dumps({text: text for text in texts}),
        "odd": ALL,
    }
    told.span(
        trace, 1, None, "llm", "llm", story.NOW - story.S, story.S, 0, content=contents, project="hostile"
    )  # fmt: skip
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    for path in (f"/p/hostile/traces/{trace}", f"/p/hostile/traces/{trace}?exact=1"):
        tab.open(address + path)
        tab.run("document.querySelectorAll('details:not(.menu)').forEach(fold => fold.open = true)")
        assert (
            tab.run(
                "document.querySelectorAll('.insp script, .insp iframe, .insp svg svg, .insp form').length"
            )
            == 0
        )
        assert tab.problems == [], path
        assert tab.run("document.documentElement.scrollWidth") <= 1440
        loaded = "performance.getEntriesByType('resource').every(r => r.name.startsWith(location.origin))"
        assert tab.run(loaded), path


def test_a_span_is_chosen_without_leaving_the_page(tab: Tab, address: str) -> None:
    tab.open(address + PAGE)
    tab.run("window.same = true")
    tab.run(f"document.querySelector('.wfr[href*=\"span={SPAN}\"]').click()")
    tab.wait("document.querySelector('#inspector h2').textContent === 'answer'")
    tab.wait(f"location.search.includes('span={SPAN}')")
    tab.wait(f"document.querySelector('.wfr[aria-selected=true]').href.includes('span={SPAN}')")
    # Until it is settled, a link is an ordinary link.
    tab.wait("document.querySelector('.htmx-added') === null")
    tab.run("document.querySelector('[data-tabs] a[href*=\"tab=cost\"]').click()")
    tab.wait("document.querySelector('.why') !== null")
    assert tab.run("window.same") is True
    tab.back()
    assert tab.run("document.querySelector('.why') === null")
    assert tab.run("document.querySelector('#inspector h2').textContent") == "answer"
    assert tab.problems == []


def test_keys_move_and_open(tab: Tab, address: str) -> None:
    tab.open(address + "/p/default/traces")
    for key in "jjk":
        tab.press(key)
    assert tab.run("[...document.querySelectorAll('td.nm a')].indexOf(document.activeElement)") == 0
    tab.press("t")
    assert tab.run("document.querySelector('#range').open") is True
    tab.press("?")
    assert tab.run("document.querySelector('#keys').open") is True
    assert "next, previous line" in tab.run("document.querySelector('#keys').textContent")
    tab.run("document.querySelector('#keys').close()")
    tab.press("j")
    tab.press("Enter")
    tab.wait("document.querySelector('[data-tree]') !== null")
    assert tab.problems == []


def test_times_are_the_readers(tab: Tab, address: str) -> None:
    tab.call("Emulation.setTimezoneOverride", timezoneId="Asia/Kolkata")
    tab.open(address + PAGE)
    assert tab.run("document.querySelector('[data-zone]').textContent") == "UTC+5:30"
    assert tab.run("document.querySelector('.thead time').textContent").endswith("19:52:40.000 UTC+5:30")
    assert tab.run("document.querySelector('.thead time').dateTime") == "2026-11-20T14:22:40.000Z"


def test_the_chosen_theme_wins_over_the_systems(tab: Tab, address: str) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    tab.open(address + "/p/default/traces")
    light = tab.run(colour)
    tab.open(address + "/theme?to=dark&back=/p/default/traces")
    assert tab.run("location.pathname") == "/p/default/traces"
    assert tab.run(colour) != light
    tab.open(address + "/theme?to=system&back=/p/default/traces")
    assert tab.run(colour) == light


def test_everything_opens_without_scripts(tab: Tab, address: str) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(address + "/p/empty/first?with=curl")
    tab.open(address + f"{PAGE}?span={SPAN}&tab=cost")
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert "own usage" in tab.run("document.querySelector('.why').textContent")
    assert tab.run("document.querySelector('[data-zone]').textContent") == "UTC"
