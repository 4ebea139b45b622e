from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.demo.receiver import receiver

from sightline.demo.command import browser_url, demo_command, feeder_arguments
from sightline.demo.feed import Plan


def test_fills_a_server_that_runs_already() -> None:
    with receiver() as got:
        arguments = ["--url", got.url, "--days", "0.1", "--traces", "40", "--no-live", "--key", "k"]
        result = CliRunner().invoke(demo_command(None), arguments)
        assert result.exit_code == 0, result.output
        assert {path for path, _ in got.bodies} == {"/v1/traces", "/v1/logs", "/v1/metrics"}
        assert "spans with their logs and metrics" in result.output


def test_says_what_went_wrong() -> None:
    with receiver((401, "")) as got:
        result = CliRunner().invoke(demo_command(None), ["--url", got.url, "--days", "0.1", "--no-live"])
        assert result.exit_code == 1 and "answered 401" in result.output
    result = CliRunner().invoke(demo_command(None), [])
    assert result.exit_code == 2 and "--url is missing" in result.output


def test_starts_a_server_and_fills_it(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    seen: list[tuple[str, int, Path]] = []

    def serve(host: str, port: int, data: Path) -> None:
        seen.append((host, port, data))
        with receiver(port=port) as got:
            assert got.arrived.wait(60)

    arguments = ["--port", str(port), "--data", str(tmp_path), "--days", "0.1", "--traces", "20"]
    result = CliRunner().invoke(demo_command(serve), arguments)
    assert result.exit_code == 0, result.output
    assert seen == [("127.0.0.1", port, tmp_path)]


def test_the_key_is_not_in_the_arguments() -> None:
    arguments, environment = feeder_arguments("http://x:1", "secret", Plan(1), live=False, compress=True)
    assert "secret" not in arguments and environment["SIGHTLINE_DEMO_KEY"] == "secret"
    assert {"--no-live", "--gzip"} <= set(arguments)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"),
     ("::1", "http://[::1]:1"), ("box", "http://box:1")],
)  # fmt: skip
def test_the_address_for_a_browser(host: str, url: str) -> None:
    assert browser_url(host, 1) == url


def test_a_taken_port_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    def serve(host: str, port: int, data: Path) -> None:
        raise AssertionError("started")

    with receiver() as got:
        port = got.url.rsplit(":", 1)[1]
        result = CliRunner().invoke(demo_command(serve), ["--port", port, "--data", str(tmp_path)])
        assert result.exit_code == 1 and f"port {port} on 127.0.0.1 is taken" in result.output
        assert not got.bodies
