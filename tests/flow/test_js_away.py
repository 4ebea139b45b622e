"""The JavaScript SDK while the server is away, when its program is killed, and over a long time."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from js_parts import Installed, http_server

from sightline.testing import ServerProcess, environment, wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
ROUNDS = 3
EACH = 400


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


def test_what_the_folder_held_at_kill_9_arrives_once(
    installed: Installed, server: ServerProcess, tmp_path: Path
) -> None:
    """The server is away throughout; each program takes over what the killed ones left."""
    away = environment({"SIGHTLINE_ENDPOINT": "http://127.0.0.1:9", "SIGHTLINE_SPOOL_DIR": str(tmp_path)})
    for turn in range(ROUNDS):
        process = subprocess.Popen(
            [installed.node, "steady.mjs", str(EACH), str(EACH * (turn + 1))],
            cwd=installed.folder, env=away, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert process.stdout and process.stdout.readline() == "kept\n"
        process.kill()
        process.wait(10)
        process.stdout.close()
    back = {"SIGHTLINE_ENDPOINT": server.url, "SIGHTLINE_SPOOL_DIR": str(tmp_path)}
    installed.run("endings.mjs", "idle", env=back)
    server.settled()
    (row,) = server.sql(
        "SELECT count() AS rows, uniqExact(span_id) AS spans FROM spans WHERE service = 'steady'"
    )
    assert (int(row["rows"]), int(row["spans"])) == (ROUNDS * EACH, ROUNDS * EACH)
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_the_server_finds_no_gap_in_the_numbers(installed: Installed, server: ServerProcess) -> None:
    server.settled()
    senders = [one for one in server.json("/api/v1/senders")["senders"] if one["service"] == "steady"]
    assert len(senders) == ROUNDS
    for one in senders:
        numbers = one["spans"]["numbers"]
        assert (numbers["lowest"], numbers["highest"], numbers["distinct"]) == (1, EACH, EACH)
        assert (numbers["missing"], numbers["again"]) == (0, 0)


def test_the_account_of_a_program_is_read_and_balances(installed: Installed, server: ServerProcess) -> None:
    installed.run("common.cjs", env={"SIGHTLINE_ENDPOINT": server.url, "PROVIDER_URL": "http://127.0.0.1:9"})
    server.settled()
    (one,) = [one for one in server.json("/api/v1/senders")["senders"] if one["service"] == "common"]
    assert (one["spans"]["state"], one["spans"]["missing"], one["spans"]["stored"]) == ("complete", 0, 2), one
    report = one["spans"]["report"]
    assert (report["ended"], report["acknowledged"]) == (2, 2), report


class Slow(BaseHTTPRequestHandler):
    """Takes each request, answers only when told to."""

    go = threading.Event()
    asked = threading.Event()

    def do_POST(self) -> None:
        self.asked.set()
        self.go.wait(20)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def slow() -> Iterator[str]:
    Slow.go.clear()
    with http_server(Slow) as url:
        yield url
        Slow.go.set()


def test_a_server_that_hangs_does_not_hold_up_the_end_of_a_program(installed: Installed, slow: str) -> None:
    env = environment({"SIGHTLINE_ENDPOINT": slow})
    process = subprocess.Popen([installed.node, "endings.mjs", "idle"], cwd=installed.folder, env=env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    wait_until(lambda: process.poll() is not None, "the program to end", 20)
    assert process.returncode == 0 and Slow.asked.is_set()


def test_memory_is_flat_over_a_long_time(installed: Installed, slow: str) -> None:
    Slow.go.set()
    said = installed.run("--expose-gc", "steady.mjs", "60000", "memory", env={"SIGHTLINE_ENDPOINT": slow})
    found = json.loads(said)
    half, end = found["used"]
    assert end - half < 5, f"{half:.1f} MiB half way, {end:.1f} MiB at the end"
    assert found["counts"] == {"ended": 60000, "sampledOut": 0, "acknowledged": 60000, "dropped": {}}
