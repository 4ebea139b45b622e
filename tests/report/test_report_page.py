# ruff: noqa: E501 - the rows are lines of a table
"""The page of a report in a browser: light, dark, a phone, paper; nothing is asked for, nothing runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.pages.pages_browser import Tab, browser, chromium

from sightline.cli import main

PROGRAM = chromium()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser(PROGRAM or "") as opened:
        yield opened.tab()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    rows = [
        {"timestamp": 1764135358 + i * 30, "model": f"model-{i % 3}", "latency_ms": 100 + i, "prompt_tokens": 10, "cost": 0.01,
         "user": "a user with a rather long name " * 3, "feature": "<img src=x onerror=alert(1)>", "question": "x" * 3000,
         "trace_id": "0a" * 16, "error": "E" * 200 if i % 7 == 0 else None}
        for i in range(120)
    ]  # fmt: skip
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = CliRunner().invoke(main, ["report", str(folder / "a.jsonl"), "--html", str(folder / "r.html")])
    assert done.exit_code == 0, done.output
    return folder / "r.html"


@pytest.mark.parametrize("width", [320, 390, 794, 1440])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_is_quiet(tab: Tab, page: Path, width: int, dark: bool) -> None:
    tab.size(width, 900, dark=dark)
    tab.open(page.as_uri())
    assert tab.problems == []
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run("document.images.length + document.scripts.length") == 0
    assert tab.run("document.querySelectorAll('svg').length") >= 5
    ink, ground = (
        tab.run(f"getComputedStyle(document.body).{name}") for name in ("color", "backgroundColor")
    )
    bright = sum(map(int, ink[4:-1].split(","))) > sum(map(int, ground[4:-1].split(",")))
    assert bright is dark


def test_no_cell_is_squeezed_to_letters(tab: Tab, page: Path) -> None:
    tab.size(390, 900)
    tab.open(page.as_uri())
    assert (
        tab.run(
            "Math.min(...[...document.querySelectorAll('td.w')].map(c => c.getBoundingClientRect().width))"
        )
        >= 90
    )


def test_wide_tables_are_reached_with_the_keyboard(tab: Tab, page: Path) -> None:
    tab.size(390, 900)
    tab.open(page.as_uri())
    tab.press("Tab")
    assert tab.run("document.activeElement.className") == "wide"
    assert tab.run("document.activeElement.getAttribute('aria-label')")
