# ruff: noqa: E501 - the cases are lines of a table
"""`sightline report` as it is called: what it prints and writes, its exit codes, hostile text, CI bounds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner, Result

from sightline.cli import PLACES, main

HOSTILE = "<script>alert(1)</script>\x1b[31m|`*[x](javascript:1)\u202e&amp;\"'"


def run(*words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["report", *words], input=text)


def record(**more: Any) -> dict[str, Any]:
    return {
        "timestamp": 1764135358,
        "model": "gpt-4o",
        "latency_ms": 1200,
        "prompt_tokens": 10,
        "user": "ada",
    } | more


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.jsonl"
    rows = [
        record(timestamp=1764135358 + i * 60, error="TimeoutError: x" if i % 4 == 0 else None)
        for i in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "not json\n")
    return path


def test_it_prints_tables_and_says_what_it_took_for_what(log: Path) -> None:
    done = run(str(log))
    assert done.exit_code == 0, done.output
    for words in (
        "requests",
        "25.0 % of calls",
        "1.20 s",
        "TimeoutError",
        "latency_ms (ms)",
        "40 records from 1 file",
        "1 could not be read",
        "line 41",
    ):
        assert words in done.stdout, words


def test_json_is_for_programs(log: Path) -> None:
    found = json.loads(run(str(log), "--json").stdout)
    assert found["schema"] == 1
    assert found["figures"]["error_rate"] == 0.25
    assert found["figures"]["ttft_p95"] is None
    assert found["calls"]["latency"]["p95"] == 1_200_000_000
    assert found["reading"]["unreadable"] == 1
    assert {"field": "latency", "name": "latency_ms (ms)", "records": 40} in found["reading"]["fields"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--fail-if", "error_rate>0.5"), 0), (("--fail-if", "error_rate>0.02"), 1), (("--fail-if", "ttft_p95>1s"), 1),
        (("--fail-if", "nonsense>1"), 2), (("--since", "soon"), 2), (("--since", "2030-01-01"), 2),
        (("--field", "x"), 2), (("--since", "2025-11-26T05:40:00Z", "--until", "2025-11-26T05:50:00Z"), 0),
    ],
)  # fmt: skip
def test_exit_codes(log: Path, words: tuple[str, ...], code: int) -> None:
    done = run(str(log), *words)
    assert done.exit_code == code, done.output


def test_a_bound_that_is_broken_says_by_how_much(log: Path) -> None:
    done = run(str(log), "--fail-if", "error_rate>0.02", "--fail-if", "latency_p95>1s")
    assert "error_rate>0.02: it is 0.25" in done.stderr
    assert "latency_p95>1s: it is 1.2" in done.stderr


def test_files_that_are_not_there_or_hold_nothing(tmp_path: Path) -> None:
    assert run(str(tmp_path / "none.jsonl")).exit_code == 2
    (tmp_path / "empty.jsonl").write_text("")
    done = run(str(tmp_path / "empty.jsonl"))
    assert done.exit_code == 2
    assert "nothing to report on" in done.stderr


def test_standard_input() -> None:
    assert "1 record from 1 file" in run("-", text=json.dumps(record())).stdout


def test_hostile_text_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = [
        record(
            model=HOSTILE,
            user=HOSTILE,
            feature=HOSTILE,
            error=HOSTILE,
            prompt=HOSTILE,
            trace_id=HOSTILE,
            timestamp=1764135358 + i,
        )
        for i in range(3)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page, text = tmp_path / "r.html", tmp_path / "r.md"
    done = run(str(path), "--html", str(page), "--markdown", str(text))
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.stdout + page.read_text() + text.read_text()
    assert "\u202e" not in done.stdout + page.read_text() + text.read_text()
    assert "<script" not in page.read_text().lower()
    assert "<script" not in text.read_text().replace("\\<", "")
    assert "](javascript" not in text.read_text().replace("\\]", "").replace("\\(", "")


def test_the_page_is_whole_and_needs_nothing_else(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    assert run(str(log), "--html", str(page)).exit_code == 0
    text = page.read_text()
    assert not re.findall(r"(?:src|href)=|url\(|@import|<script|<link", text)
    assert "default-src 'none'" in text
    assert text.count("<svg") == text.count("</svg>") >= 3
    for drawn in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(drawn)
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_files_of_the_sdk_and_rotated_ones_are_read_together(tmp_path: Path) -> None:
    def line(number: int) -> str:
        span = {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": "chat", "startTimeUnixNano": "1764135358000000000",
                "endTimeUnixNano": "1764135359000000000", "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}]}  # fmt: skip
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n"

    (tmp_path / "spans.jsonl").write_text(line(1) + json.dumps({"resourceLogs": []}) + "\n")
    (tmp_path / "spans.jsonl.1").write_text(line(2) + line(1))
    found = json.loads(run(str(tmp_path / "spans.jsonl"), "--json").stdout)
    assert (found["calls"]["count"], found["reading"]["copies"], found["reading"]["other_signals"]) == (
        2,
        1,
        1,
    )


def test_a_command_says_the_same_in_the_list_and_about_itself() -> None:
    for name, place in PLACES.items():
        command = main.commands[name]
        assert isinstance(command, click.Command)
        assert command.get_short_help_str(200).rstrip(".") == place.says.rstrip("."), name
