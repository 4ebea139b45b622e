"""Two lines in a program of its own, and what a real server then has."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sdk.sdk_process import run

from sightline.testing import ServerProcess

pytestmark = pytest.mark.flow

PROGRAM = """
    import sightline
    started = sightline.init(endpoint={url!r}, service="two-lines", spool="off")
    from opentelemetry import trace
    with trace.get_tracer("mine").start_as_current_span("outer"):
        with trace.get_tracer("mine").start_as_current_span("inner") as inner:
            inner.set_attribute("session.id", "s1")
    print(started.sender)
"""


def test_two_lines_reach_a_server_at_the_end_of_the_program(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        done = run(PROGRAM.format(url=server.url))
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        rows = server.wait_for(
            "SELECT name, service, session_id FROM spans ORDER BY name",
            lambda rows: len(rows) == 2,
        )
        assert [r["name"] for r in rows] == ["inner", "outer"]
        assert rows[0]["session_id"] == "s1"
