"""Log records and metrics over the API: pages, refusals, and one project only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from tests.api.api_server import Server, is_problem, serve
from tests.query import signal_story as story

S = 10**9
NAME = "queue depth {of} jobs"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    now = time.time_ns() - 60 * S
    with serve(tmp_path_factory.mktemp("signals")) as running:
        writer = running.services.store.writer()
        records, points = [], []
        for project in ("alpha", "beta"):
            for n in range(5):
                at = now + n * S
                number = 17 if n == 4 else 9
                records.append(
                    story.record(0, f"{project} {n}", number, project=project, attributes={"n": n},
                                 trace_id=story.TRACE)
                    | {"time": at, "observed_time": at, "received_at": at, "digested_at": at}
                )  # fmt: skip
                points.append(
                    story.point(NAME, "gauge", 0, project=project, value=float(n), service=project,
                                **{"exemplars.time": [at], "exemplars.value": [1.0 * n],
                                   "exemplars.span_id": [""],
                                   "exemplars.trace_id": [story.TRACE], "exemplars.attributes": ["{}"]})
                    | {"time": at, "received_at": at, "digested_at": at}
                )  # fmt: skip
        story.write(writer, "logs", records)
        story.write(writer, "metrics", points)
        writer.close()
        yield running


def test_logs_come_page_by_page(server: Server) -> None:
    bodies, cursor = [], ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = server.ask("GET", f"/logs?project=alpha&limit=2{more}").json()
        bodies += [record["body"] for record in page["logs"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert bodies == [f"alpha {n}" for n in (4, 3, 2, 1, 0)]
    oldest = server.ask("GET", "/logs?project=alpha&order=oldest&limit=1").json()["logs"][0]
    assert (oldest["body"], oldest["severity"], oldest["attributes"]) == ("alpha 0", "info", {"n": 0})
    assert oldest["trace_id"] == story.TRACE
    assert oldest["event"] is None


def test_a_filter_narrows_and_is_said_as_understood(server: Server) -> None:
    answer = server.ask("GET", "/logs?project=alpha&q=error").json()
    assert [record["body"] for record in answer["logs"]] == ["alpha 4"]
    assert answer["filter"] == "severity:error"
    assert server.ask("GET", "/logs?project=alpha&environment=nowhere").json()["logs"] == []
    assert server.ask("GET", "/logs?project=alpha&until=2020-01-01T00:00:00Z").json()["logs"] == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/logs?q=sevrity:warn", "Did you mean severity?"),
        ("/logs?order=sideways", "expected one of latest, oldest"),
        ("/logs?cursor=mine", "was not made by this server"),
        ("/logs?limit=100000", "expected a whole number from 1 to 1000"),
        ("/logs?since=yesterday", "since is 'yesterday'"),
        ("/logs?until=soon", "until is 'soon'"),
        ("/logs?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since has to be before until"),
        ("/metrics?q=cost>1", "There is no field cost"),
        (f"/metrics/{quote(NAME)}?project=alpha&aggregate=p95", "P95 cannot be asked of a gauge"),
        (f"/metrics/{quote(NAME)}?project=alpha&by=time", "Time is a time"),
        (f"/metrics/{quote(NAME)}?project=alpha&top=0", "top is '0'"),
    ],
)
def test_what_is_wrong_is_a_problem(server: Server, path: str, says: str) -> None:
    answer = server.ask("GET", path)
    assert is_problem(answer, 422)
    assert says in answer.json()["detail"]


def test_metrics(server: Server) -> None:
    listed = server.ask("GET", "/metrics?project=alpha").json()
    assert [one["name"] for one in listed["metrics"]] == [NAME]
    assert (listed["total"], listed["next"]) == (1, None)
    one = server.ask("GET", f"/metrics/{quote(NAME)}?project=alpha&by=service&aggregate=max").json()
    assert [(line["group"], line["whole"]) for line in one["lines"]] == [("alpha", 4.0)]
    assert len(one["lines"][0]["values"]) == len(one["starts"])
    assert one["exemplars"][0]["trace_id"] == story.TRACE
    assert is_problem(server.ask("GET", "/metrics/nothing?project=alpha"), 404)


def test_a_key_sees_its_project_only(server: Server) -> None:
    for path in ("/logs", "/metrics", f"/metrics/{quote(NAME)}?by=service"):
        sign = "&" if "?" in path else "?"
        text = server.ask("GET", f"{path}{sign}project=alpha").text
        assert "beta" not in text
        assert "alpha" in text
