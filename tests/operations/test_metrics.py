"""`/metrics`: valid Prometheus text with Sightline's and the process's measures, fresh at each scrape."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.operations.metrics import journal_gauges, metrics_route


@dataclass
class Stats:
    backlog_bytes: int
    backlog_segments: int
    quarantined: int


def test_the_text_is_valid_and_complete() -> None:
    client = TestClient(Starlette(routes=[metrics_route()]))
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    names = {family.name for family in parse(answer.text)}
    assert {"sightline_received_items", "sightline_backlog_bytes", "sightline_query_seconds"} <= names
    assert "process_resident_memory_bytes" in names


def test_openmetrics_is_spoken_when_asked_for() -> None:
    client = TestClient(Starlette(routes=[metrics_route()]))
    answer = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert {f.name for f in parse_open(answer.text)} >= {"sightline_backlog_bytes", "process_open_fds"}
    assert answer.text.endswith("# EOF\n")


def test_the_journals_stats_are_copied_at_each_scrape() -> None:
    now = Stats(1, 2, 3)
    client = TestClient(Starlette(routes=[metrics_route([journal_gauges(lambda: now)])]))

    def shown() -> tuple[float, float, float]:
        found = {f.name: f.samples[0].value for f in parse(client.get("/metrics").text) if f.samples}
        return (
            found["sightline_backlog_bytes"],
            found["sightline_backlog_segments"],
            found["sightline_quarantine_records"],
        )

    assert shown() == (1, 2, 3)
    now.backlog_bytes = 10
    assert shown() == (10, 2, 3)
