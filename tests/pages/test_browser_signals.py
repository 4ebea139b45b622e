"""Logs and metrics in a real browser: hostile records do nothing, a record opens, a tail follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pages_browser import Browser, Tab, chromium
from pages_parts import Parts, serving
from tests.query import signal_story as signals
from tests.query.test_metrics import HOSTILE, POINTS

from sightline.store.store import Store

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
LOGS = "/p/default/logs"
METRICS = "/p/default/metrics"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with signals.opened(Path(tmp_path_factory.mktemp("browser")), POINTS) as found:
        yield found


@pytest.fixture
def tab(chrome: Browser) -> Tab:
    found = chrome.tab()
    found.size(1440, 900)
    return found


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with serving(Parts(store, projects=lambda: ["default"], clock=lambda: signals.NOW + 1)) as found:
        yield found


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_no_page_complains_or_scrolls_sideways(tab: Tab, address: str, width: int, dark: bool) -> None:
    tab.size(width, 900, dark=dark)
    tab.open(f"{address}{LOGS}?q=fatal")
    hostile = tab.run("document.querySelector('tr[data-rec]').dataset.rec")
    for path in (
        LOGS,
        f"{LOGS}?wrap=1&order=oldest",
        f"{LOGS}?q=fatal&rec={hostile}",
        f"{LOGS}?q=sevrity:warn",
        f"{METRICS}?range=1h",
        f"{METRICS}/hits?range=1h&by=attr.host",
        f"{METRICS}/delta.time?range=1h",
        f"{METRICS}/{quote(HOSTILE, safe='')}?range=1h",
    ):
        tab.open(address + path)
        wide = tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} pixels too wide"
        assert tab.run("document.querySelectorAll('h1').length") == 1
    assert tab.problems == []


def test_a_record_opens_beside_the_list_and_closes(tab: Tab, address: str) -> None:
    tab.open(address + LOGS)
    tab.run("document.querySelector('[data-log-scroll]').scrollTop = 200")
    tab.run("document.querySelectorAll('tr[data-rec] td.nm a')[12].click()")
    tab.wait("document.querySelector('#log-record')?.hidden === false")
    assert "rec=" in tab.run("location.search")
    assert tab.run("document.querySelector('[data-log-scroll]').scrollTop") == 200
    tab.wait("document.querySelectorAll('tr[aria-selected=true]').length === 1")
    key = tab.run("new URLSearchParams(location.search).get('rec')")
    assert tab.run("document.querySelector('tr[aria-selected=true]').dataset.rec") == key
    tab.press("Escape")
    tab.wait("!location.search.includes('rec=') && document.querySelector('#log-record').hidden")
    assert tab.problems == []


def test_the_trace_of_a_line_is_a_page_of_its_own(tab: Tab, address: str) -> None:
    tab.open(f"{address}{LOGS}?q=error")
    tab.run("document.querySelector('td.lx a').click()")
    tab.wait(f"location.pathname.endsWith('/traces/{signals.TRACE}')")


def test_the_tail_follows_while_nothing_is_read(tab: Tab, address: str, store: Store) -> None:
    tab.open(f"{address}{LOGS}?live=1")
    before = tab.run("document.querySelectorAll('tr[data-rec]').length")
    writer = store.writer()
    signals.write(writer, "logs", [signals.record(signals.S, "fresh from the press")])
    tab.wait(f"document.querySelectorAll('tr[data-rec]').length === {before} + 1")
    assert "fresh from the press" in tab.run("document.querySelector('tr[data-rec]').textContent")
    # With a record open it only counts. The new lines answer to a click once htmx has seen them.
    tab.wait("document.querySelector('tr[data-rec] td.nm a')['htmx-internal-data']?.boosted")
    tab.run("document.querySelector('tr[data-rec] td.nm a').click()")
    tab.wait("document.querySelector('#log-record')?.hidden === false")
    signals.write(writer, "logs", [signals.record(signals.S // 2, "one more")])
    writer.close()
    tab.wait("document.querySelector('#log-live')?.textContent.includes('1 new record')")
    assert tab.run("document.querySelectorAll('tr[data-rec]').length") == before + 1
    tab.run("document.querySelector('[data-live-show]').click()")
    tab.wait(f"document.querySelectorAll('tr[data-rec]').length === {before} + 2")
    assert tab.problems == []


def test_values_complete_in_the_filter(tab: Tab, address: str) -> None:
    tab.open(address + LOGS)
    tab.run("document.querySelector('#filter').focus()")
    for letter in "service:w":
        tab.press(letter)
    tab.wait("document.querySelector('filter-bar [role=option]')?.textContent.includes('worker')")
    assert tab.problems == []
