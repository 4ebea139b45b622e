"""Sightline's own logs: one pipeline for all libraries; no prompts, no keys, no terminal tricks."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from sightline.operations.logs import configure, printable, redact
from sightline.settings import LogSettings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging is process-wide: put it back after each test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)  # a server in this process may have set it
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_structlog_and_the_standard_library_come_out_alike() -> None:
    out = io.StringIO()
    configure(LogSettings(format="json"), out)
    structlog.get_logger("sightline.wire").info("request refused", reason="too large", bytes=12)
    logging.getLogger("uvicorn.error").warning("port %d is busy", 4318)
    ours, theirs = lines(out)
    assert (ours["event"], ours["logger"], ours["level"]) == ("request refused", "sightline.wire", "info")
    assert (ours["reason"], ours["bytes"]) == ("too large", 12)
    assert (theirs["event"], theirs["logger"], theirs["level"]) == (
        "port 4318 is busy",
        "uvicorn.error",
        "warning",
    )
    assert ours["timestamp"].endswith("Z")


def test_auto_is_json_unless_a_terminal_reads() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    configure(LogSettings(format="auto"), out)
    structlog.get_logger("a").info("hello")
    assert "hello" in out.getvalue()
    assert not out.getvalue().startswith("{")
    plain = io.StringIO()
    configure(LogSettings(format="auto"), plain)
    structlog.get_logger("a").info("hello")
    assert lines(plain)[0]["event"] == "hello"


def test_the_level_holds_for_both() -> None:
    out = io.StringIO()
    configure(LogSettings(level="warning", format="json"), out)
    structlog.get_logger("a").info("quiet")
    logging.getLogger("b").info("quiet")
    logging.getLogger("b").error("loud")
    assert [line["event"] for line in lines(out)] == ["loud"]


def test_configuring_twice_does_not_double_the_lines() -> None:
    out = io.StringIO()
    configure(LogSettings(format="json"), out)
    configure(LogSettings(format="json"), out)
    logging.getLogger("a").warning("once")
    assert len(lines(out)) == 1


SECRET = "Zq7Xw9Lm2Kp4Rt6Y"


@pytest.mark.parametrize(
    "event",
    [
        {"event": f"Authorization: Bearer {SECRET}"},
        {"event": f"GET /?api_key={SECRET}&x=1"},
        {"event": f"postgresql://me:{SECRET}@db/x"},
        {"event": "x", "api_key": SECRET},
        {"event": "x", "x-api-key": SECRET},
        {"event": "x", "headers": {"Authorization": SECRET}},
        {"event": "x", "prompt": SECRET},
        {"event": "x", "request": {"messages": [{"content": SECRET}]}},
        {"event": "x", "gen_ai.input.messages": [SECRET]},
        {"event": "x", "body": SECRET.encode()},
        {"event": "x", "chunk": SECRET.encode()},
        {"event": "x", "exception": f"ValueError: sk-{SECRET}{SECRET}"},
    ],
)
def test_prompts_and_keys_never_come_out(event: dict[str, Any]) -> None:
    assert SECRET not in str(redact(None, "info", event))


def test_tracebacks_show_no_local_variables() -> None:
    out = io.StringIO()
    configure(LogSettings(format="console"), out)
    prompt = SECRET
    try:
        raise ValueError(len(prompt))
    except ValueError:
        structlog.get_logger("a").exception("failed")
    assert "ValueError: 16" in out.getvalue()
    assert SECRET not in out.getvalue()


@given(st.dictionaries(st.text(min_size=1), st.recursive(st.text() | st.binary() | st.floats(), st.lists)))
def test_any_event_survives_and_stays_short(fields: dict[str, Any]) -> None:
    found = redact(None, "info", {"event": "x", **fields})
    assert found.keys() == {"event", *fields}
    json.dumps(found)


def test_long_texts_are_cut() -> None:
    found = redact(None, "info", {"event": "x" * 10**6, "reason": "y" * 10**6})
    assert len(found["event"]) < 2100
    assert len(found["reason"]) < 2100


@given(st.text())
def test_the_console_gets_no_control_characters(text: str) -> None:
    found = printable(None, "info", {"event": text, "name": text})
    assert all(c.isprintable() or not c.isascii() for c in found["event"] + found["name"])


def test_colors_and_newlines_from_outside_are_escaped_on_the_console() -> None:
    out = io.StringIO()
    configure(LogSettings(format="console"), out)
    structlog.get_logger("a").warning("bad name", service="\x1b[2Jgone\nlevel=error fake")
    assert "\x1b[2J" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1
