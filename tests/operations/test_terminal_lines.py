"""Lines of a terminal: the pages' numbers, nothing for what is unknown, columns that fit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rich.text import Text

from sightline.client import Refused, Span
from sightline.operations.remote import pointed
from sightline.operations.terminal_lines import (
    SPAN_HEADS,
    figure,
    fitting,
    money,
    padded,
    span_line,
    status,
    tokens,
)
from sightline.records.visible import one_line

SPAN = Span(
    "1", "chat\x1b[31m\n\u202ex", datetime(2026, 11, 25, tzinfo=UTC), 1_240_000_000, "t" * 32, kind="llm"
)


def test_what_is_unknown_is_nothing_and_zero_is_zero() -> None:
    assert (tokens(None, None), tokens(0, None), tokens(1165, 71)) == ("", "0 → ?", "1,165 → 71")
    assert (money(None), money(0)) == ("", "$0.00")
    assert (figure(None, "usd").plain, figure(0, "usd").plain) == ("", "$0.00")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (2.66e9, "ns", "2.66 s"),
        (0.125, "ratio", "12.5 %"),
        (1234, "count", "1,234"),
        (87.25, "tokens/s", "87.25"),
    ],
)
def test_figures_are_written_as_on_the_pages(value: float, unit: str, said: str) -> None:
    assert figure(value, unit).plain == said


def test_a_failure_is_told_without_its_colour() -> None:
    assert status("error").plain == "error"
    assert status("ok", 3).plain == "3 failed"
    assert status("unset").plain == ""


def test_foreign_text_stays_on_its_line_and_does_nothing() -> None:
    line = padded(SPAN_HEADS, span_line(SPAN)).plain
    assert "chat␛[31m [U+202E]x" in line
    assert "\n" not in line
    assert one_line("a\n\n  b" + "x" * 50, 10) == "a bxxxxxx…"


def test_a_narrow_terminal_keeps_what_tells_most() -> None:
    lines = [span_line(SPAN)]
    assert fitting(SPAN_HEADS, lines, 400) == list(SPAN_HEADS)
    narrow = fitting(SPAN_HEADS, lines, 90)
    assert "service" not in narrow
    assert {"start", "status", "duration", "name", "cost", "trace"} <= set(narrow)
    assert fitting(["a", "b"], [[Text("x"), Text("y")]], 1) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "position", "length", "said"),
    [
        ("kind:llm nmae:x", 9, 4, "  kind:llm nmae:x\n           ^^^^"),
        ("a\nb nmae", 4, 4, "  b nmae\n    ^^^^"),
        ("(", 1, 0, "  (\n   ^"),
        ("\x1b x", 2, 1, "  ␛ x\n    ^"),
        ("short", 99, 5, "  short\n       ^"),
    ],
)
def test_the_mark_stands_under_the_mistake(text: str, position: int, length: int, said: str) -> None:
    assert pointed(text, Refused(422, {"position": position, "length": length})) == said
