"""Every page of the route table: access, narrow windows, focus, and hostile text in all that senders say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pages_addresses import NO_PAGES, SAMPLES, addresses
from pages_browser import Browser, Tab, chromium
from pages_filled import PLAIN, cookie_of, filled, hostile_places, hostile_rows
from pages_hostile import ALL
from pages_parts import Parts, serving
from starlette.routing import Route

from sightline.pages.routes import not_found, routes
from sightline.store.store import Store

PROGRAM = chromium()
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
needs_browser = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `make setup`")
NARROW = 390
# Before anything of the page runs: what would be a dialog, and what the policy stopped, is written down.
WATCH = """
window.watched = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
  window[name] = (...said) => { window.watched.push(name + ': ' + said); return null; };
document.addEventListener('securitypolicyviolation', (event) =>
  window.watched.push('policy: ' + event.violatedDirective + ' ' + event.blockedURI));
"""
SERIOUS = """
axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(found.violations
  .filter((one) => one.impact === 'serious' || one.impact === 'critical')
  .map((one) => [one.id, one.nodes.length, ...one.nodes.slice(0, 4).map((node) =>
    node.target.join(' ') + ' | ' + (node.any[0]?.message ?? node.failureSummary))])))
"""
UNFOLD = "document.querySelectorAll('main details').forEach(fold => fold.open = true)"
FOCUSED = """
(() => {
  const at = document.activeElement;
  if (!at || at === document.body) return '';
  // A row shows that its link has the focus, a form that its field has.
  const around = [at, ...(at.closest('tr')?.cells ?? []), at.matches('input') && at.closest('form')]
    .filter((one) => one).map((one) => getComputedStyle(one));
  const seen = around.some((style) => style.boxShadow !== 'none' ||
    (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2));
  return (seen ? 'seen ' : 'unseen ') + at.outerHTML.slice(0, 120);
})()
"""


@pytest.fixture(scope="module")
def served(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Parts]]:
    """The pages of a server in use, and their surroundings."""
    writer = store.writer()
    try:
        hostile_rows(writer)
    finally:
        writer.close()
    with filled(store, tmp_path_factory.mktemp("filled")) as parts, serving(parts) as address:
        yield address, parts


@pytest.fixture(scope="module")
def tab(chrome: Browser, served: tuple[str, Parts]) -> Tab:
    """A page in which the server administrator has signed in."""
    found = chrome.tab()
    found.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    found.call("Network.setCookie", url=served[0], **cookie_of(served[1]))
    return found


def opened(tab: Tab, address: str) -> None:
    tab.problems.clear()
    tab.requests.clear()
    tab.open(address)


def test_every_page_has_a_sample_and_no_other(store: Store) -> None:
    parts = Parts(store)
    table = [*routes(parts), not_found(parts)]
    pages = {r.path for r in table if isinstance(r, Route) and r.methods and "GET" in r.methods}
    assert pages - set(SAMPLES) - set(NO_PAGES) == set(), (
        "give the new page a line in pages_addresses.SAMPLES"
    )
    assert set(SAMPLES) <= pages, "these addresses are no pages any more"


@needs_browser
@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", addresses(PLAIN))
def test_axe_has_no_serious_finding(tab: Tab, served: tuple[str, Parts], path: str, dark: bool) -> None:
    tab.size(1440, 900, dark=dark)
    opened(tab, served[0] + path)
    tab.run(UNFOLD)
    tab.run(AXE.read_text() + "; 1")
    assert json.loads(tab.run(SERIOUS)) == []


@needs_browser
@needs_axe
def test_axe_would_find_something(tab: Tab, served: tuple[str, Parts]) -> None:
    opened(tab, served[0] + "/settings/health")
    tab.run("document.querySelector('main').append(document.createElement('button'))")
    tab.run(AXE.read_text() + "; 1")
    assert [name for name, *_ in json.loads(tab.run(SERIOUS))] == ["button-name"]


@needs_browser
@pytest.mark.parametrize("path", addresses(PLAIN))
def test_no_page_scrolls_sideways_on_a_phone(tab: Tab, served: tuple[str, Parts], path: str) -> None:
    tab.size(NARROW, 844)
    opened(tab, served[0] + path)
    tab.run(UNFOLD)
    assert tab.run("document.documentElement.scrollWidth") <= NARROW
    assert [p for p in tab.problems if "status of 4" not in p] == []


@needs_browser
@pytest.mark.parametrize("path", addresses(PLAIN))
def test_the_keyboard_is_seen_wherever_it_goes(tab: Tab, served: tuple[str, Parts], path: str) -> None:
    tab.size(1440, 900)
    opened(tab, served[0] + path)
    reached = []
    for _ in range(30):
        tab.call("Input.dispatchKeyEvent", type="rawKeyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        tab.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(tab.run(FOCUSED))
    assert [one for one in reached if one.startswith("unseen")] == []
    assert any(one.startswith("seen") for one in reached)


@needs_browser
@pytest.mark.parametrize("path", addresses(hostile_places()))
def test_hostile_text_does_nothing(tab: Tab, served: tuple[str, Parts], path: str) -> None:
    address = served[0]
    tab.size(1440, 900)
    opened(tab, address + path)
    tab.run(UNFOLD)
    assert tab.run("window.watched") == []
    # The page that says 404 is itself what a browser reports of a 404.
    assert [p for p in tab.problems if "status of 4" not in p] == []
    elsewhere = [url for url in tab.requests if not url.startswith((address, "data:image/"))]
    assert elsewhere == []
    assert tab.run("document.querySelectorAll('main script, main iframe, main style, base').length") == 0


@needs_browser
@pytest.mark.parametrize("path", addresses(PLAIN))
def test_hostile_parameters_do_nothing(tab: Tab, served: tuple[str, Parts], path: str) -> None:
    text = quote(ALL.replace("\x00", ""))
    names = ("q", "env", "range", "vs", "cursor", "tab", "span", "to", "find", "of", "on", "actor", "error")
    joint = "&" if "?" in path else "?"
    opened(tab, served[0] + path + joint + "&".join(f"{name}={text}" for name in names))
    assert tab.run("window.watched") == []
    assert [p for p in tab.problems if "status of 4" not in p] == []
    assert [url for url in tab.requests if not url.startswith((served[0], "data:image/"))] == []


def test_the_hostile_story_is_there(store: Store, served: tuple[str, Parts]) -> None:
    for table in ("spans", "logs", "metrics"):
        found = store.query(f"SELECT count() FROM sightline.{table} WHERE project = 'hostile'").scalar()
        assert found > 10, table
