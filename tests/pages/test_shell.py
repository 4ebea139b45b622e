from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.pages import shell
from sightline.pages.services import Intake


def test_a_broken_range_falls_back_and_says_so() -> None:
    view = shell.view(
        "default", "/p/default/traces", {"range": "fortnight", "wat": "1", "cursor": "c"}, "", ["cursor"]
    )
    assert view.range_name == "24h"
    assert "“fortnight”" in view.notices[0] and "15m" in view.notices[0]
    assert view.notices[1] == "Ignored: wat. This page has no such parameter."
    assert "wat" not in view.here and "cursor=c" in view.here


def test_default_values_are_left_out_of_addresses() -> None:
    view = shell.view("default", "/p/default/traces", {"env": "prod"}, "dark")
    frame = shell.shell("Traces", "traces", view, Intake(), ["default"], ["dev", "prod"])
    assert [link.href for link in frame.ranges if link.current] == ["/p/default/traces?env=prod"]
    assert frame.navigation[0].href == "/p/default/traces?env=prod"
    assert [link.text for link in frame.themes if link.current] == ["Dark"]
    assert [link.text for link in frame.environments if link.current] == ["prod"]


def test_the_navigation_names_only_pages_that_exist() -> None:
    view = shell.view("default", "/p/default/traces", {}, "")
    full = shell.shell("Traces", "traces", view, Intake(), ["default"])
    empty = shell.shell("First run", "first", view, Intake(), ["default"], empty=True)
    assert [link.text for link in full.navigation] == ["Traces"]
    assert [link.text for link in empty.navigation] == ["Traces", "First run"]


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
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/a\nb", "x"],
)
def test_a_way_back_never_leaves_this_server(address: str) -> None:
    assert shell.local(address) == "/"


@given(st.text())
def test_local_addresses_are_paths(address: str) -> None:
    found = shell.local(address)
    assert found.startswith("/") and not found.startswith(("//", "/\\"))


@given(st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_no_name_escapes_its_place_in_a_path(project: str, trace: str) -> None:
    path = shell.path_of(project, "traces", trace)
    assert path.count("/") == 4
    assert not set(path) & set("?#\"'<> ")
