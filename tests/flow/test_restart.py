"""A data directory over restarts; replays that double nothing; Sightline's own traces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sightline.testing import ServerProcess, sightline, span, traces_request, wait_until

pytestmark = pytest.mark.flow
COUNT = "SELECT count() AS n, uniqExact(span_id) AS spans FROM spans"


def test_everything_survives_a_restart_and_a_replay_doubles_nothing(tmp_path: Path) -> None:
    body = json.dumps({"name": "kept", "retention_days": 7, "content_days": 3}).encode()
    with ServerProcess(tmp_path / "data") as server:
        assert server.post("/api/v1/projects", body, "application/json").status == 201
        for _ in range(3):
            spans = [
                span(attributes={"gen_ai.input.messages": f"text {n}", "session.id": "s"}) for n in range(10)
            ]
            assert server.post("/v1/traces", traces_request(spans).SerializeToString()).status == 200
        server.settled()
        server.restart()
        assert server.sql(COUNT) == [{"n": 30, "spans": 30}]
        kept = next(p for p in server.json("/api/v1/projects")["projects"] if p["name"] == "kept")
        assert (kept["retention_days"], kept["content_days"]) == (7, 3)
        assert server.sql("SELECT uniqExact(hash) AS n FROM content")[0]["n"] >= 10
        for more in ((), ("--force-new-id",)):
            done = sightline("journal", "--data", str(server.data), "replay", "--since", "2020-01-01", *more)
            assert done.returncode == 0, done.stderr + done.stdout
            server.restart()  # finds at once what was given back
            server.settled()
            server.wait_for(COUNT, lambda rows: rows == [{"n": 30, "spans": 30}])


def test_its_own_traces_end(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", "--self-tracing") as server:
        assert server.post("/v1/traces", traces_request([span()]).SerializeToString()).status == 200
        for _ in range(5):
            server.sql("SELECT 1 AS one")
        own = "/api/v1/traces?project=sightline&limit=500"

        def seen() -> int:
            return len(server.json(own)["traces"])

        wait_until(lambda: seen() > 0, "a trace of its own")
        assert server.sql("SELECT count() AS n FROM spans")[0]["n"] == 1, "they are in their own project"
        server.restart()
        server.settled()
        first = seen()
        assert first < 200
        # Its own spans make no spans: between two looks there is at most what the looks themselves made.
        assert seen() - first < 50
