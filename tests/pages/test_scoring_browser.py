"""Scoring with keys alone in a real browser: a trace, selected rows, and taking that back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pages_story as story
import pytest
from pages_browser import Browser, Tab
from pages_parts import Parts, serving
from test_score_forms import Digesting, a_trace

from sightline.control.control import Control
from sightline.store.store import Store


@pytest.fixture
def address(store: Store, tmp_path: Path) -> Iterator[str]:
    """An open server whose project has two definitions."""
    control = Control(f"sqlite:///{tmp_path / 'control.db'}")
    control.migrate()
    control.create_project("talk", by="ann")
    control.define_score("talk", "keyed", "boolean", direction="higher", by="ann")
    control.define_score("talk", "stars", "numeric", low=1, high=5, by="ann")
    journal, moments = Digesting(store, tmp_path), itertools.count(story.NOW)
    parts = Parts(
        store, control, journal=journal, clock=lambda: next(moments), projects=lambda: ["talk"]
    )  # fmt: skip
    with serving(parts) as found:
        yield found
    store.command("DELETE FROM sightline.scores WHERE project = 'talk' AND name IN ('keyed', 'stars')")
    journal.close()
    control.close()


@pytest.fixture
def tab(chrome: Browser) -> Tab:
    found = chrome.tab()
    found.size(1280, 900)
    return found


def kept(store: Store) -> list[tuple[float, str]]:
    return [
        (float(value), str(target))
        for value, target in store.query(
            "SELECT value, target FROM sightline.scores FINAL WHERE project = 'talk' AND name = 'keyed'"
            " ORDER BY value"
        ).rows
    ]


def pressed(tab: Tab, key: str) -> None:
    """A key that sends a form."""
    before = tab.loads
    tab.press(key)
    tab.browser.until(lambda: tab.loads > before)


def test_two_keys_score_a_trace_and_another_changes_ones_mind(address: str, tab: Tab, store: Store) -> None:
    trace, span = a_trace(store)
    tab.open(f"{address}/p/talk/traces/{trace}?span={span}&tab=messages")
    # Where no buttons are seen a number does nothing.
    tab.press("1")
    tab.press("a")
    tab.wait("document.querySelector('.quick')")
    pressed(tab, "1")
    tab.wait("document.querySelector('.done-note')")
    assert kept(store) == [(1.0, "trace")]
    assert tab.run("document.querySelector('.quick [aria-pressed=true]').value") == "yes"
    pressed(tab, "2")
    tab.wait("document.querySelector('.quick [aria-pressed=true]')?.value === 'no'")
    assert kept(store) == [(0.0, "trace")]
    assert tab.run("getComputedStyle(document.querySelector('.quick .btn')).whiteSpace") == "nowrap"
    # However many scores there are, the page stays as long as its window, on a short one, too.
    tab.size(1280, 420)
    tab.run("document.querySelectorAll('main details').forEach(one => one.open = true)")
    assert tab.run("document.scrollingElement.scrollHeight <= innerHeight")
    assert tab.problems == []


def test_selected_rows_are_scored_and_that_is_undone(address: str, tab: Tab, store: Store) -> None:
    tab.open(f"{address}/p/talk/traces?range=30d&view=spans")
    tab.wait("document.querySelectorAll('tr[data-row]').length > 1")
    tab.press("s")
    assert not tab.run("document.querySelector('[data-scoring]').open"), "nothing is selected"
    for key in ("j", "x", "j", "x", "s"):
        tab.press(key)
    tab.wait("document.querySelector('[data-scoring]').open")
    assert tab.run("document.querySelector('[data-sel]').value.split(',').length") == 2
    pressed(tab, "2")
    tab.wait("document.querySelector('.done-note')?.textContent.includes('2 scores are kept')")
    assert kept(store) == [(0.0, "span"), (0.0, "span")]
    before = tab.loads
    tab.run("document.querySelector('.done-note button').click()")
    tab.browser.until(lambda: tab.loads > before)
    tab.wait("document.querySelector('.done-note')?.textContent.includes('taken back')")
    assert kept(store) == []
    assert tab.problems == []


def test_the_form_over_rows_stays_on_a_phone(address: str, tab: Tab, store: Store) -> None:
    trace, _ = a_trace(store)
    tab.size(390, 844)
    tab.open(f"{address}/p/talk/traces?range=30d&sel={trace}")
    tab.run("document.querySelector('[data-scoring] > summary').click()")
    box = "document.querySelector('[data-scoring] .pop').getBoundingClientRect()"
    tab.wait(f"{box}.width > 0")
    assert tab.run(f"{box}.left >= 0 && {box}.right <= 390 && {box}.top >= 0")
    assert tab.run("document.querySelector('.quick .btn').getBoundingClientRect().height") >= 44
    assert tab.run("document.documentElement.scrollWidth") <= 390
