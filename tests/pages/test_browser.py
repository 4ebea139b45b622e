"""The pages in a real browser: nothing violates the policy, nothing complains, keys and swaps work."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pages_story as story
import pages_talk as talk
import pytest
from pages_browser import Browser, Tab, chromium
from pages_hostile import ALL, CORPUS, MARKDOWN
from pages_parts import Parts, serving

from sightline.pages import traces_questions
from sightline.store.store import Store

TRACE = story.trace_id(4)
SPAN = f"{TRACE[:8]}0000000c"
PAGE = f"/p/default/traces/{TRACE}"
TALK = f"/p/talk/traces/{talk.TRACE}"
# Until a swap is settled, a link is an ordinary link.
SETTLED = "document.querySelector('.htmx-added, .htmx-settling, .htmx-swapping, .htmx-request') === null"
PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")


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
        f"{PAGE}?span={SPAN}&tab=moment",
        f"{PAGE}?span={SPAN}&find=refund&zoom=1s..4s",
        f"/p/default/traces/{story.trace_id(900)}",
        f"/p/default/compare?a={story.trace_id(0)}&b={TRACE}",
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


def test_without_scripts_figures_that_take_long_come(
    tab: Tab, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces_questions, "PATIENCE", 0.0)
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    before = tab.loads
    tab.open(address + "/p/default/traces?q=llm")
    tab.browser.until(lambda: tab.loads > before + 1)
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.run("document.querySelectorAll('.hist rect').length") > 0
    assert tab.run("document.querySelectorAll('.facets .fv').length") > 0


def test_a_trace_is_walked_with_keys(tab: Tab, address: str) -> None:
    tab.open(address + PAGE)
    chosen = "document.querySelector('.wfr[aria-selected=true] .nm').textContent"
    tab.press("e")
    tab.wait(f"{chosen} === 'answer' && location.search.includes('span={SPAN}')")
    tab.wait(SETTLED)
    tab.run("document.querySelector('.wfr[aria-selected=true]').focus()")
    tab.press("ArrowUp")
    assert tab.run("document.activeElement.querySelector('.nm').textContent") == "GET /orders"
    tab.press("c")
    tab.wait("document.querySelectorAll('.wfr').length === 10 && location.search.includes('view=path')")
    tab.wait(SETTLED)
    assert "GET /orders" not in tab.run("document.querySelector('[data-tree]').textContent")
    tab.press("c")
    tab.wait("document.querySelectorAll('.wfr').length === 13")
    tab.wait(SETTLED)
    tab.press("/")
    assert tab.run("document.activeElement.id") == "find"
    tab.run("document.activeElement.blur()")
    tab.press("Escape")
    tab.wait("!location.search.includes('span=')")
    assert tab.run(chosen) == "POST /v1/answer"
    assert tab.problems == []


def test_rows_fold_and_unfold_in_place(tab: Tab, address: str) -> None:
    tab.open(address + PAGE)
    tab.run("window.same = true")
    tab.run("[...document.querySelectorAll('.wfr')][1].focus()")
    tab.press("ArrowLeft")
    tab.wait("document.querySelectorAll('.wfr').length === 2")
    tab.wait(SETTLED)
    assert tab.run("document.querySelectorAll('.wfr')[1].getAttribute('aria-expanded')") == "false"
    tab.run("document.querySelectorAll('.wfr')[1].focus()")
    tab.press("ArrowRight")
    tab.wait("document.querySelectorAll('.wfr').length === 13")
    assert tab.run("window.same") is True
    assert tab.problems == []


def test_a_drag_over_the_strip_zooms_and_a_double_click_does(tab: Tab, address: str) -> None:
    tab.open(address + PAGE)
    box = tab.run(
        "(r => [r.left, r.top, r.width, r.height])"
        "(document.querySelector('trace-zoom svg').getBoundingClientRect())"
    )
    y = box[1] + box[3] / 2
    for kind, x in (
        ("mousePressed", box[0] + box[2] * 0.25),
        ("mouseMoved", box[0] + box[2] * 0.5),
        ("mouseReleased", box[0] + box[2] * 0.75),
    ):
        button = "left"
        tab.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=1, clickCount=1)
    tab.wait("location.search.includes('zoom=')")
    tab.wait("document.querySelector('.zoomed') !== null")
    tab.wait(SETTLED)
    tab.run("document.querySelector('.zoomed a').click()")
    tab.wait("document.querySelector('.zoomed') === null")
    tab.wait(SETTLED)
    row = f"document.querySelector('.wfr[data-id=\"{SPAN}\"]')"
    tab.run(f"{row}.click()")
    tab.wait("document.querySelector('#inspector h2').textContent === 'answer'")
    tab.wait(SETTLED)
    tab.run(f"{row}.dispatchEvent(new MouseEvent('dblclick', {{bubbles: true, cancelable: true}}))")
    tab.wait("location.search.includes('zoom=')")
    assert tab.problems == []


def test_rows_come_as_one_scrolls(tab: Tab, store: Store, address: str) -> None:
    told = story.Told()
    trace = "fa" * 16
    start = story.NOW - 60 * story.S
    told.span(trace, 1, None, "root", "chain", start, 50 * story.S, 0, project="talk")
    for n in range(2, 2400):
        told.span(trace, n, 1, f"step {n}", "tool", start + n * story.MS, story.MS, 1, project="talk")
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    tab.open(address + f"/p/talk/traces/{trace}")
    # Rows out of sight are not laid out: their height is an estimate.
    assert tab.run("document.querySelector('trace-tree').scrollHeight") > 2300 * 28
    assert tab.run("document.querySelectorAll('.wfr').length") < 1300
    tab.run("document.querySelector('trace-tree').scrollTop = 2000 * 28")
    tab.wait("[...document.querySelectorAll('.nm')].some(n => n.textContent === 'step 2010')")
    tab.run("document.querySelector('trace-tree').scrollTop = 0")
    tab.wait("[...document.querySelectorAll('.nm')].some(n => n.textContent === 'step 5')")
    tab.run("document.querySelector('trace-tree').scrollTop = 1e9")
    tab.wait("[...document.querySelectorAll('.nm')].some(n => n.textContent === 'step 2399')")
    far = f"{trace[:8]}{2300:08x}"
    tab.open(address + f"/p/talk/traces/{trace}?span={far}")
    tab.wait("document.querySelector('.wfr[aria-selected=true]').getBoundingClientRect().top < 800")
    assert tab.run("document.querySelector('.wfr[aria-selected=true] .nm').textContent") == "step 2300"
    assert tab.problems == []
