"""Whole servers on a remote store: one that does everything, and two that share the work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.remote import remote_store
from sightline.testing import ServerProcess, span, traces_request, wait_until

pytestmark = pytest.mark.flow
TRACE = "00" * 15 + "aa"
ROOT = b"\1" * 8
CALL = {
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.provider.name": "openai",
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 10,
    "gen_ai.prompt": "hello",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with remote_store(tmp_path_factory.mktemp("remote")) as found:
        yield found


def send(server: ServerProcess, trace: str, *names: str) -> None:
    """A trace: a root, named first, and its children, each with other tokens."""
    made = [
        span(
            trace, name, CALL | {"gen_ai.usage.input_tokens": 1001 + i},
            **({"parent_span_id": ROOT} if i else {"span_id": ROOT}),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    assert server.post("/v1/traces", traces_request(made).SerializeToString()).status == 200


def read(server: ServerProcess, trace: str, count: int) -> None:
    """What was sent is there by SQL, by the API and on the page."""
    query = f"SELECT name, depth, cost_usd FROM spans WHERE trace_id = '{trace}' ORDER BY depth, name"
    # A late span stands there a moment before its trace is settled.
    rows = server.wait_for(query, lambda found: [r["depth"] for r in found] == [0] + [1] * (count - 1))
    assert all(r["cost_usd"] for r in rows)
    assert len(server.json(f"/api/v1/traces/{trace}")["spans"]) == count
    page = server.client.request("GET", f"/p/default/traces/{trace}")
    assert (page.status, rows[0]["name"] in page.body.decode()) == (200, True)


def speaks_clickhouse(server: ServerProcess) -> None:
    """ClickHouse's protocol and the scrape work on such a store too."""

    def asked(query: str) -> bytes:
        answer = server.post("/clickhouse", query.encode(), "text/plain")
        assert answer.status == 200, answer.reason
        return answer.body

    assert asked("SELECT name FROM spans ORDER BY depth FORMAT CSVWithNames") == b'"name"\n"ask"\n"answer"\n'
    assert asked("SELECT number FROM numbers(300000)").count(b"\n") == 300_000
    assert b"duration_ns" in asked("SELECT name FROM system.columns WHERE table = 'spans'")
    assert b"Nullable(String)" in asked("SELECT attributes FROM spans FORMAT Native")
    assert server.post("/clickhouse", b"SELECT nothing", "text/plain").status == 404
    assert server.get("/api/v1/scrape").status == 200


def test_a_server_on_a_remote_store(url: str, tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data", "--store-url", url) as server:
        send(server, TRACE, "ask", "answer")
        read(server, TRACE, 2)
        assert not (tmp_path / "data" / "store").exists()
        speaks_clickhouse(server)
        code, _ = server.stop()
        assert code == 0
        server.start()
        read(server, TRACE, 2)


def test_one_receives_and_another_serves(url: str, tmp_path: Path) -> None:
    control = f"sqlite:///{tmp_path / 'control.db'}"
    shared = ("--store-url", url, "--control-url", control)
    receiver = ServerProcess(tmp_path / "one", *shared, "--role", "receive")
    second = ServerProcess(tmp_path / "two", *shared, "--role", "receive")
    reader = ServerProcess(tmp_path / "three", *shared, "--role", "serve")
    trace = "00" * 15 + "bb"
    with receiver, second, reader:
        send(second, "00" * 15 + "be", "other")
        read(reader, "00" * 15 + "be", 1)
        # From here on the second one knows by itself only what it receives.
        send(receiver, trace, "ask", "one")
        read(reader, trace, 2)
        # The trace goes on at another receiver, which has not seen its beginning.
        late = span(trace, "two", CALL, parent_span_id=ROOT)
        second.post("/v1/traces", traces_request([late]).SerializeToString())
        read(reader, trace, 3)
        assert receiver.client.request("GET", "/api/v1/traces").status == 404
        assert reader.post("/v1/traces", b"").status in (404, 405)


def test_the_store_goes_away_and_comes_back(tmp_path: Path) -> None:
    trace = "00" * 15 + "cc"
    with remote_store(tmp_path / "remote") as url:
        server = ServerProcess(tmp_path / "data", "--store-url", url).start()
        send(server, trace, "before")
        read(server, trace, 1)
    try:
        send(server, "00" * 15 + "dd", "while away")
        wait_until(lambda: server.client.request("GET", "/readyz").status == 503, "not ready")
        with remote_store(tmp_path / "remote", int(url.rsplit(":", 1)[1])):
            read(server, "00" * 15 + "dd", 1)
            read(server, trace, 1)
            assert server.stop()[0] == 0
    finally:
        server.kill()


def test_a_role_of_its_own_needs_a_server(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", "--role", "serve").start(ready=False)
    assert server.process is not None
    assert server.process.wait(60) != 0
    assert "embedded store belongs to one process" in server.output()
