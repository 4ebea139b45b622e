"""A program, its spool and a real server: away for the whole run, killed, other keys; all arrives once."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.sdk.sdk_process import program, run

from sightline.testing import ServerProcess, environment, sightline, wait_until

pytestmark = pytest.mark.flow

WORK = """
    import sys
    import sightline
    from opentelemetry import trace
    sightline.init(
        endpoint={url!r}, service="spooling", spool_dir={spool!r}, spool={how!r}, flush_interval=0.02,
        quiet=True,
    )
    tracer = trace.get_tracer("x")
    for n in range({traces}):
        with tracer.start_as_current_span("outer") as outer:
            tracer.start_span("inner").end()
        if {said}:
            assert sightline.flush(20)
            sys.stdout.write(f"{{outer.get_span_context().span_id:016x}}\\n")
            sys.stdout.flush()
"""
DOUBLES = "SELECT count() AS n, uniqExact(trace_id, span_id) AS distinct FROM spans"


def work(server: ServerProcess, spool: Path, traces: int, how: str = "auto", said: bool = False) -> str:
    return WORK.format(url=server.url, spool=str(spool), traces=traces, how=how, said=said)


def test_a_server_that_was_away_for_the_whole_run_has_everything_once_when_it_is_back(tmp_path: Path) -> None:
    server, spool = ServerProcess(tmp_path / "data"), tmp_path / "spool"
    for _ in range(2):
        done = run(work(server, spool, 2000))
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("sightline:") == 1, done.stderr
    assert sum(p.stat().st_size for p in spool.rglob("*.spool")) > 10_000
    with server:
        done = run(work(server, spool, 1))
        assert (done.returncode, done.stderr) == (0, "")
        rows = server.wait_for(DOUBLES, lambda rows: rows[0]["n"] >= 8002)
        assert rows == [{"n": 8002, "distinct": 8002}]
        senders = server.sql("SELECT uniqExact(resource.`service.instance.id`::String) AS n FROM spans")
        assert senders == [{"n": 3}]
        assert not list(spool.rglob("*.spool"))


def test_what_a_killed_program_had_spooled_arrives_once(tmp_path: Path) -> None:
    """Killed while the server is away and while it is there; what was said to be safe must come."""
    spool, out = tmp_path / "spool", tmp_path / "out"
    said: set[str] = set()
    server = ServerProcess(tmp_path / "data")
    with ExitStack() as running:
        for round_ in range(4):
            if round_ == 2:
                running.enter_context(server)
            with out.open("w") as target:
                process = subprocess.Popen(
                    program(work(server, spool, 10**6, "always", True)), stdout=target, env=environment()
                )
                wait_until(lambda: out.stat().st_size > 17 * 30, "thirty traces to be safe")
                process.kill()
                process.wait(30)
            said |= set(out.read_text().split("\n")[:-1])
        done = run(work(server, spool, 1))
        assert done.returncode == 0, done.stderr
        assert not list(spool.rglob("*.spool"))
        server.settled()
        (row,) = server.sql(DOUBLES)
        assert row["n"] == row["distinct"]
        ids = ", ".join(f"'{one}'" for one in sorted(said)[:5000])
        arrived = {r["span_id"] for r in server.sql(f"SELECT span_id FROM spans WHERE span_id IN ({ids})")}
        assert len(said) >= 120
        assert set(sorted(said)[:5000]) == arrived


def test_nothing_goes_to_another_server_or_with_another_key(tmp_path: Path) -> None:
    away, spool = ServerProcess(tmp_path / "away"), tmp_path / "spool"
    assert run(work(away, spool, 10)).returncode == 0
    with ServerProcess(tmp_path / "other") as other:
        assert run(work(other, spool, 1)).returncode == 0
        other.wait_for(DOUBLES, lambda rows: rows[0]["n"] >= 2)
        other.settled()
        assert other.sql(DOUBLES) == [{"n": 2, "distinct": 2}]
    assert list(spool.rglob("*.spool"))


def test_the_senders_own_account_arrives_as_metrics(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        assert run(work(server, tmp_path / "spool", 5)).returncode == 0
        rows = server.wait_for(
            "SELECT attributes.outcome::String AS outcome, max(value) AS n FROM metrics "
            "WHERE name = 'sightline.sdk.spans' GROUP BY outcome ORDER BY outcome",
            lambda rows: len(rows) == 3,
        )
        assert {r["outcome"]: r["n"] for r in rows} == {"acknowledged": 10, "ended": 10, "sampled_out": 0}


FILE = """
    import sightline
    from opentelemetry import trace
    sightline.init(service="no-server", file={path!r}, file_max_bytes=20_000, file_keep=100, quiet=True)
    for n in range(100):
        with trace.get_tracer("x").start_as_current_span("outer"):
            trace.get_tracer("x").start_span("inner", attributes={{"text": "x" * 300}}).end()
        if n % 10 == 9:
            assert sightline.flush(20)
"""


def test_files_of_a_program_without_a_server_come_to_one_later_without_doubles(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    assert run(FILE.format(path=str(path))).returncode == 0
    files = [str(p) for p in sorted(tmp_path.glob("traces.jsonl*")) if p.suffix != ".lock"]
    assert len(files) > 2
    with ServerProcess(tmp_path / "data") as server:
        for _ in range(2):
            done = sightline("import", *files, "--url", server.url)
            assert done.returncode == 0, done.stderr
        server.settled()
        assert server.sql(DOUBLES) == [{"n": 200, "distinct": 200}]
