"""The shipped dashboards and a real Prometheus: every query of them, on a whole server that was sent spans."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from tests.flow.flow_dashboards import clickhouse, dashboard, promql, targets

from sightline.testing import ServerProcess, free_port, span, traces_request, wait_until

pytestmark = pytest.mark.flow
CLICKHOUSE, PROMETHEUS = "overview-clickhouse", "overview-prometheus"
CALLS, FAILED = 40, 10
CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: sightline
    metrics_path: /api/v1/scrape
    authorization: {{credentials: {key}}}
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


@dataclass
class Watched:
    """A server with keys, and the address of a Prometheus that scrapes it ('' where there is none)."""

    server: ServerProcess
    send: str
    read: str
    prometheus: str

    def measured(self, query: str) -> list[dict[str, Any]]:
        """An instant query."""
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": query}).json()
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def sent(self, calls: int = CALLS) -> None:
        """Calls of a model, some of which failed, of one team."""
        attributes = {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100, "team": "search",
            "gen_ai.response.time_to_first_chunk": 0.3, "deployment.environment.name": "production",
        }  # fmt: skip
        spans = [
            span(name="chat", attributes=attributes, status=Status(code=2 if number < FAILED else 0))
            for number in range(calls)
        ]
        body = traces_request(spans, service="shop").SerializeToString()
        assert self.server.post("/v1/traces", body, key=self.send).status == 200


@pytest.fixture(scope="module")
def watched(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    operator = httpx.post(f"{server.url}/api/v1/keys", json={"scope": "admin"}).json()["key"]
    folder = tmp_path_factory.mktemp("prometheus")

    def key(scope: str) -> str:
        made = httpx.post(f"{server.url}/api/v1/keys", json={"scope": scope}, headers={"x-api-key": operator})
        text: str = made.json()["key"]
        return text

    found = Watched(server, key("ingest"), key("read"), "")
    program = shutil.which("prometheus")
    if program is None:
        found.sent()
        yield found
        return
    port = free_port()
    (folder / "prometheus.yml").write_text(CONFIG.format(key=found.read, port=server.port))
    command = [
        program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    found.prometheus = f"http://127.0.0.1:{port}"
    try:
        wait_until(_quiet(lambda: found.measured('up{job="sightline"} == 1')), "Prometheus to scrape")
        found.sent()
        wait_until(lambda: found.measured("sum(sightline_ai_requests_total) == 40"), "the calls", 60.0)
        yield found
    finally:
        process.terminate()
        process.wait(20)


def _quiet(ask: Callable[[], Any]) -> Callable[[], Any]:
    """Asked before it answers, it is not there yet."""

    def asked() -> Any:
        try:
            return ask()
        except (httpx.HTTPError, ValueError):
            return None

    return asked


@pytest.mark.parametrize("environment", [(), ("production",), ("production", "staging")])
def test_every_clickhouse_query_answers(watched: Watched, environment: tuple[str, ...]) -> None:
    watched.server.settled()
    now = int(time.time())
    asked = {"database": "default", "default_format": "JSON"}
    for target in targets(CLICKHOUSE):
        query = clickhouse(target.query, now - 3600, now + 60, 60, environment)
        answer = httpx.post(f"{watched.server.url}/clickhouse", params=asked, content=query,
                            headers={"X-ClickHouse-User": "default", "X-ClickHouse-Key": watched.read})  # fmt: skip
        assert answer.status_code == 200, f"{target.title}: {answer.text}"
        document = answer.json()
        assert document["data"], f"{target.title}: {query}"
        names = [column["name"] for column in document["meta"]]
        if not target.table:
            assert names[0] == "time"
            assert document["meta"][0]["type"].startswith("DateTime")
        if target.title == "Requests":
            assert int(document["data"][0]["requests"]) == CALLS
        if target.title == "Error rate":
            assert document["data"][0]["error_rate"] == FAILED / CALLS
        if target.title == "Cost":
            assert document["data"][0]["usd"] == pytest.approx(CALLS * (1000 * 0.15 + 100 * 0.6) / 1e6)


def test_the_variable_of_environments_answers(watched: Watched) -> None:
    variable = next(v for v in dashboard(CLICKHOUSE)["templating"]["list"] if v["name"] == "environment")
    answer = httpx.post(
        f"{watched.server.url}/clickhouse",
        content=variable["query"],
        headers={"X-ClickHouse-Key": watched.read},
    )
    assert answer.text.splitlines() == ["production"]


def test_prometheus_counts_what_was_sent(watched: Watched) -> None:
    _need(watched)
    for query, value in {
        "sum(sightline_ai_errors_total)": FAILED,
        'sum(sightline_ai_tokens_total{class="input"})': CALLS * 1000,
        "sum(sightline_ai_request_duration_seconds_count)": CALLS,
        'sum(sightline_ai_request_duration_seconds_bucket{le="1.0"})': CALLS,
        'sum(sightline_ai_time_to_first_token_seconds_bucket{le="0.5"})': CALLS,
        'sum(sightline_ai_requests_total{project="default",team="search",service="shop",model="gpt-4o-mini"})': CALLS,
    }.items():
        [sample] = watched.measured(query)
        assert float(sample["value"][1]) == value, query
    [cost] = watched.measured("sum(sightline_ai_cost_usd_total)")
    assert float(cost["value"][1]) == pytest.approx(CALLS * (1000 * 0.15 + 100 * 0.6) / 1e6)
    # A series begins at 0, so that the first calls are an increase.
    [increase] = watched.measured("sum(increase(sightline_ai_requests_total[5m]))")
    assert float(increase["value"][1]) > 0


def test_every_promql_query_answers(watched: Watched) -> None:
    _need(watched)
    for target in targets(PROMETHEUS):
        assert watched.measured(promql(target.query, "1m", "5m")), f"{target.title}: {target.query}"
    values = httpx.get(f"{watched.prometheus}/api/v1/label/project/values").json()
    assert values["data"] == ["default"]


def test_counters_do_not_fall_over_a_restart(watched: Watched) -> None:
    _need(watched)
    watched.server.restart()
    watched.sent(5)
    wait_until(
        lambda: watched.measured(f"sum(sightline_ai_requests_total) == {CALLS + 5}"), "five more", 60.0
    )
    assert not any(float(s["value"][1]) for s in watched.measured("resets(sightline_ai_requests_total[5m])"))


def test_both_dashboards_show_the_same() -> None:
    for name in (CLICKHOUSE, PROMETHEUS):
        found = dashboard(name)
        assert found["uid"].startswith("sightline-")
        ids = [panel["id"] for panel in found["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in found["panels"]:
            assert panel["datasource"]["uid"] == "${datasource}"
            assert all(t["datasource"] == panel["datasource"] for t in panel["targets"])
    titles = [[panel["title"] for panel in dashboard(name)["panels"]] for name in (CLICKHOUSE, PROMETHEUS)]
    assert titles[0] == titles[1]


def _need(watched: Watched) -> None:
    if not watched.prometheus:
        pytest.skip("no prometheus on this machine; .ci/run installs it")
