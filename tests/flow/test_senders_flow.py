"""The account of a real SDK against a real server: it adds up, whatever was left out, dropped or lost."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.sdk.sdk_process import program, run

from sightline.testing import ServerProcess, environment, wait_until

pytestmark = pytest.mark.flow

SAMPLED = """
    import sightline
    from opentelemetry import trace
    from sightline.sdk.sampling import Sampling
    sightline.init(
        endpoint={url!r}, service="sampled", spool="off", quiet=True, sampling=Sampling(ratio=0.2),
        queue_max_spans={queue},
    )
    tracer = trace.get_tracer("x")
    for n in range({traces}):
        with tracer.start_as_current_span("outer") as outer:
            tracer.start_span("inner").end()
            if n % 50 == 0:
                outer.set_status(trace.StatusCode.ERROR)
"""
AWAY = """
    import os
    import sys
    import sightline
    from opentelemetry import trace
    sightline.init(
        endpoint={url!r}, service="away", spool="always", spool_dir={spool!r}, spool_max_bytes={most},
        quiet=True, flush_interval=0.02,
    )
    tracer = trace.get_tracer("x")
    for n in range(4000):
        with tracer.start_as_current_span("work", attributes={{"text": os.urandom(300).hex()}}):
            pass
        if n % 100 == 0:
            sightline.flush(20)
    sightline.flush(20)
    print("made", flush=True)
    sys.stdin.readline()
    sightline.flush(20)
"""


def account(server: ServerProcess, service: str) -> dict[str, Any]:
    """The account of the only sender of a service, once its last report is stored."""

    def found() -> dict[str, Any] | None:
        listed = server.json("/api/v1/senders?since=-1h")["senders"]
        [one] = [s for s in listed if s["service"] == service] or [None]
        spans = one and one["spans"]
        if not spans or not spans["report"] or not spans["numbers"]:
            return None
        return one if spans["numbers"]["distinct"] >= spans["report"]["acknowledged"] else None

    return wait_until(found, f"the account of {service}")


def adds_up(report: dict[str, Any]) -> bool:
    parts = report["sampled_out"] + sum(report["dropped"].values()) + report["acknowledged"]
    return bool(report["made"] == parts + report["waiting"])


def test_what_was_sampled_out_and_what_did_not_fit_are_told_apart(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        done = run(SAMPLED.format(url=server.url, traces=3000, queue=100))
        assert done.returncode == 0, done.stderr
        server.settled()
        spans = account(server, "sampled")["spans"]
        report = spans["report"]
        assert adds_up(report) and report["made"] == 6000, report
        assert report["sampled_out"] > 0 and report["acknowledged"] == spans["numbers"]["distinct"]
        assert (spans["missing"], spans["numbers"]["missing"], report["waiting"]) == (0, 0, 0)
        weights = server.sql(
            "SELECT DISTINCT sample_weight AS w, sample_reason AS why FROM spans ORDER BY why"
        )
        assert {row["why"] for row in weights} == {"error", "ratio"}
        assert [row["w"] for row in weights if row["why"] == "ratio"] == [pytest.approx(5)], weights
        body = server.json("/api/v1/count?target=traces&since=-1h")
        assert body["count"] < body["estimate"] and body["margin"] > 0


def test_what_a_full_spool_dropped_has_its_reason(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data")
    code = program(AWAY.format(url=server.url, spool=str(tmp_path / "spool"), most=65_536))
    with subprocess.Popen(
        code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), text=True
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "made\n"
        with server:
            process.stdin.write("\n")
            process.stdin.close()
            assert process.wait(60) == 0
            server.settled()
            spans = account(server, "away")["spans"]
    report = spans["report"]
    assert adds_up(report) and report["made"] == 4000
    dropped = report["dropped"]["spool_full"]
    assert dropped > 0 and spans["state"] == "dropped", spans
    assert spans["numbers"]["distinct"] == report["acknowledged"] == 4000 - dropped
    assert "spool full" in spans["says"] and spans["missing"] == 0
