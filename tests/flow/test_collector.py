"""A collector between the SDK and Sightline: `rotel` takes OTLP and hands it on, over HTTP and over gRPC."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flow_parts import contents_of, python_app, text_of

from sightline.testing import ServerProcess, environment, free_port, wait_until

pytestmark = pytest.mark.flow


@pytest.fixture(params=["http", "grpc"])
def collector(
    request: pytest.FixtureRequest, server: ServerProcess, tmp_path: Path
) -> Iterator[tuple[str, str]]:
    """A running collector: how it hands on, and where it takes OTLP over HTTP."""
    spec = importlib.util.find_spec("rotel")
    assert spec and spec.origin, "the collector comes with the development dependencies: pip install rotel"
    target = server.url if request.param == "http" else f"http://127.0.0.1:{server.grpc_port}"
    taking = f"127.0.0.1:{free_port()}"
    command = [
        str(Path(spec.origin).parent / "rotel-agent"), "start",
        "--pid-file", str(tmp_path / "pid"),
        "--otlp-http-endpoint", taking, "--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}",
        "--exporter", "otlp", "--otlp-exporter-endpoint", target, "--otlp-exporter-protocol", request.param,
        "--otlp-exporter-compression", "gzip", "--batch-timeout", "100ms",
    ]  # fmt: skip
    log = tmp_path / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=environment()) as process,
    ):
        try:
            wait_until(lambda: listens(taking), f"the collector, whose log is {log}")
            yield request.param, f"http://{taking}"
        finally:
            process.terminate()
            process.wait(10)


def listens(address: str) -> bool:
    host, port = address.split(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False


def test_what_a_collector_hands_on_arrives_whole(server: ServerProcess, collector: tuple[str, str]) -> None:
    _, endpoint = collector
    sent = python_app("http", endpoint)
    trace = sent["trace_id"]
    rows = server.wait_for(
        f"SELECT kind, session_id, usage_source, service FROM spans WHERE trace_id = '{trace}' ORDER BY"
        " start_time",
        lambda rows: len(rows) == 4 and rows[0]["usage_source"] == "rollup" and rows[-1]["session_id"],
    )
    assert [r["kind"] for r in rows] == ["agent", "llm", "llm", "tool"]
    assert {r["session_id"] for r in rows} == {"session-7"}
    assert {r["service"] for r in rows} == {"py-http"}
    first, second = contents_of(server, trace, "input_messages")
    assert first == second
    assert json.loads(text_of(server, first)) == [{"role": "user", "content": sent["prompt"]}]
    server.wait_for(f"SELECT body FROM logs WHERE trace_id = '{trace}'", lambda rows: len(rows) == 1)
    server.wait_for(
        "SELECT uniqExact(name) AS n FROM metrics WHERE startsWith(name, 'app.')", lambda r: r[0]["n"] == 7
    )
