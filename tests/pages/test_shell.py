from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.pages import address, shell
from sightline.pages.services import Intake

NOW = 1_795_000_000 * 10**9 + 5


def test_a_broken_range_falls_back_and_says_so() -> None:
    view = address.view(
        "default", "/p/default/traces", {"range": "fortnight", "wat": "1", "cursor": "c"}, "", NOW, ["cursor"]
    )
    assert view.range_name == "24h"
    assert "“fortnight”" in view.notices[0] and "15m" in view.notices[0]
    assert view.notices[1] == "Ignored: wat. This page has no such parameter."
    assert "wat" not in view.here and "cursor=c" in view.here


def test_default_values_are_left_out_of_addresses() -> None:
    view = address.view("default", "/p/default/traces", {"env": "prod"}, "dark", NOW)
    frame = shell.shell("Traces", "traces", view, Intake(), ["default"], ["dev", "prod"])
    assert [link.href for link in frame.ranges if link.current] == ["/p/default/traces?env=prod"]
    assert frame.navigation[0].href == "/p/default/?env=prod"
    assert frame.navigation[1].href == "/p/default/traces?env=prod"
    assert [link.text for link in frame.themes if link.current] == ["Dark"]
    assert [link.text for link in frame.environments if link.current] == ["prod"]


def test_the_navigation_names_only_pages_that_exist() -> None:
    view = address.view("default", "/p/default/traces", {}, "", NOW)
    full = shell.shell("Traces", "traces", view, Intake(), ["default"])
    empty = shell.shell("First run", "first", view, Intake(), ["default"], empty=True)
    assert [link.text for link in full.navigation] == [entry.text for entry in shell.NAVIGATION]
    assert [link.text for link in empty.navigation] == [
        *(entry.text for entry in shell.NAVIGATION),
        "First run",
    ]


@pytest.mark.parametrize(
    ("name", "line", "sentence"),
    [
        ("24h", "last 24 hours", "in the last 24 hours"),
        ("month", "this month", "this month"),
        (
            "2026-11-19..2026-11-20",
            "19 Nov 00:00 to 20 Nov 00:00 UTC",
            "from 19 Nov 00:00 to 20 Nov 00:00 UTC",
        ),
    ],
)
def test_a_range_reads_in_a_line_and_in_a_sentence(name: str, line: str, sentence: str) -> None:
    view = address.view("default", "/p/default/traces", {"range": name}, "", NOW)
    frame = shell.shell("Traces", "traces", view, Intake(), ["default"])
    assert (frame.range_words, frame.range_phrase) == (line, sentence)


@pytest.mark.parametrize(
    ("name", "since", "until", "text"),
    [
        ("1h", NOW - 3600 * 10**9, NOW, "Last hour"),
        ("month", 1793491200 * 10**9, NOW, "This month"),
        (
            "2026-11-19T14:32Z..2026-11-20T14:32:05.250Z",
            1795098720 * 10**9,
            1795185125 * 10**9 + 250 * 10**6,
            "19 Nov 14:32 to 20 Nov 14:32:05 UTC",
        ),
        (
            "2026-11-19..2026-11-20",
            1795046400 * 10**9,
            1795132800 * 10**9,
            "19 Nov 00:00 to 20 Nov 00:00 UTC",
        ),
        (
            "2025-12-31T23:00Z..2026-01-01T01:00Z",
            1767222000 * 10**9,
            1767229200 * 10**9,
            "31 Dec 2025 23:00 to 1 Jan 01:00 UTC",
        ),
    ],
)
def test_a_range_is_relative_or_two_times(name: str, since: int, until: int, text: str) -> None:
    view = address.view("default", "/p/default/traces", {"range": name}, "", NOW)
    assert (view.since, view.until, view.range_text, view.notices) == (since, until, text, ())
    if ".." in name:
        again = address.view("d", "/", {"range": address.absolute_range(since, until)}, "", NOW)
        assert (again.since, again.until) == (since, until)


@pytest.mark.parametrize(
    "name", ["..", "2026-11-20..2026-11-19", "2026-11-20..", "x..y", "1900-01-01..2026-01-01"]
)
def test_two_times_in_the_wrong_order_are_no_range(name: str) -> None:
    view = address.view("default", "/p/default/traces", {"range": name}, "", NOW)
    assert view.range_name == "24h" and view.notices


def test_switches_stay_on_a_page_of_the_navigation_and_leave_its_place_in_a_list() -> None:
    query = {"range": "7d", "cursor": "c", "q": "error"}
    view = address.view("default", "/p/default/traces", query, "", NOW, ("cursor", "q"))
    frame = shell.shell("Traces", "traces", view, Intake(), ["default"])
    assert frame.ranges[1].href == "/p/default/traces?range=1h&q=error"
    assert frame.range_form.kept == (("q", "error"),)
    inside = address.view("default", "/p/default/traces/ab", {"range": "7d", "span": "c"}, "", NOW, ("span",))
    frame = shell.shell("Trace", "traces", inside, Intake(), ["default"])
    assert frame.ranges[1].href == "/p/default/traces?range=1h"


def test_a_comparison_is_as_long_as_the_range_and_only_where_a_page_compares() -> None:
    view = address.view("default", "/p/default/traces", {"vs": "-7d"}, "", NOW, ("vs",))
    assert view.earlier and view.earlier.until == NOW - 7 * 86400 * 10**9
    assert view.earlier.length == view.window.length
    assert address.view("default", "/p/default/traces", {"vs": "-7d"}, "", NOW).earlier is None


@pytest.mark.parametrize(
    ("intake", "arriving", "quarantine", "tone"),
    [
        (Intake(), "no spans yet", "Nothing in quarantine", ""),
        (Intake(612.4, 1.2), "612 spans/s", "Nothing in quarantine", ""),
        (Intake(0.25, 11.0), "0.2 spans/s", "Nothing in quarantine", "warn"),
        (Intake(3.0, 1.0, refused=2), "3.0 spans/s", "2 requests refused", "err"),
        (Intake(3.0, 1.0, quarantined=1, refused=2), "3.0 spans/s", "1 in quarantine", "err"),
        (Intake(accepted=4), "measuring", "Nothing in quarantine", ""),
    ],
)
def test_the_foot_tells_what_arrives(intake: Intake, arriving: str, quarantine: str, tone: str) -> None:
    foot = shell.foot(intake, "/x")
    assert (foot.arriving, foot.quarantine, foot.tone) == (arriving, quarantine, tone)


@pytest.mark.parametrize(
    "text",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/a\nb", "x"],
)
def test_a_way_back_never_leaves_this_server(text: str) -> None:
    assert address.local(text) == "/"


@given(st.text())
def test_local_addresses_are_paths(text: str) -> None:
    found = address.local(text)
    assert found.startswith("/") and not found.startswith(("//", "/\\"))


@given(st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_no_name_escapes_its_place_in_a_path(project: str, trace: str) -> None:
    path = address.path_of(project, "traces", trace)
    assert path.count("/") == 4
    assert not set(path) & set("?#\"'<> ")
