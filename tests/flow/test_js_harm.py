"""The JavaScript SDK in programs of strangers: without a server, impatient, bundled, beside other set-ups."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from js_collector import collecting
from js_parts import SDK, Installed, http_server, run

from sightline.testing import environment, sightline, wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


def test_two_hundred_thousand_calls_while_the_server_is_away(installed: Installed) -> None:
    """Memory stays flat, what does not fit is counted, and one warning says what to do."""
    command = [installed.node, "--expose-gc", "harm.mjs", "away", "200000"]
    done = subprocess.run(
        command, cwd=installed.folder, env=environment({"SIGHTLINE_ENDPOINT": NOBODY}), capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    used = found["used"]
    assert max(used) - used[0] < 8, f"MiB in use after each quarter: {used}"
    assert found["ended"] == 200_000 and found["acknowledged"] == 0
    assert 0 < found["dropped"]["spool_full"] < 200_000, found
    warned = [line for line in done.stderr.splitlines() if line.startswith("sightline:")]
    assert len(warned) == 1 and "cannot reach http://127.0.0.1:9" in warned[0], done.stderr


def test_a_promise_that_nobody_waits_for_is_unhandled_once(installed: Installed) -> None:
    with collecting() as server:
        found = json.loads(installed.run("harm.mjs", "unhandled", env={"SIGHTLINE_ENDPOINT": server.url}))
    assert sorted(found["seen"]) == ["alone", "alone, too"] and found["flushed"]


@pytest.mark.parametrize("package", ["1", "2"])
def test_an_older_set_up_of_opentelemetry_is_joined(installed: Installed, package: str) -> None:
    with collecting() as server:
        env = {"SIGHTLINE_ENDPOINT": server.url}
        name = f"@opentelemetry/sdk-trace-node-{package}"
        found = json.loads(installed.run("harm.mjs", "joined", name, env=env))
        spans = {span["name"]: span for span in server.spans()}
    assert sorted(found["theirs"]) == ["inner", "outer"], "theirs goes on as before"
    assert (found["flushed"], found["acknowledged"], found["dropped"]) == (True, 2, {})
    assert spans["inner"]["parentSpanId"] == spans["outer"]["spanId"]
    assert (spans["inner"]["scope"], spans["outer"]["scope"]) == ("sightline", "theirs")


@pytest.mark.parametrize("form", ["cjs", "esm"])
def test_a_function_of_a_cloud_minified_in_one_file(installed: Installed, tmp_path: Path, form: str) -> None:
    """Names are shortened, no packages stand beside the file; all is sent before it answers."""
    esbuild = SDK / "node_modules" / "esbuild" / "bin" / "esbuild"
    ending = "cjs" if form == "cjs" else "mjs"
    flags = [
        "--bundle",
        "--minify",
        "--platform=node",
        f"--format={form}",
        f"--outfile={tmp_path}/f.{ending}",
    ]
    if form == "esm":
        # What esbuild needs for packages that `require`.
        flags.append("--banner:js=import{createRequire as c}from'module';const require=c(import.meta.url);")
    run(str(esbuild), "serverless.mjs", *flags, "--log-level=error", cwd=installed.folder)
    driver = (
        f"const f = await import('{tmp_path}/f.{ending}'); const run = f.run ?? f.default.run;"
        "for (const user of ['ada', 'bob']) console.log(await run({ user, question: 'why' })); process.exit()"
    )
    (tmp_path / "driver.mjs").write_text(driver)
    with collecting() as server:
        env = environment({"SIGHTLINE_ENDPOINT": server.url})
        done = subprocess.run(
            [installed.node, "driver.mjs"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        found = [(span["name"], span["attributes"]["user.id"]) for span in server.spans()]
    assert (done.returncode, done.stdout, done.stderr) == (0, "why!\nwhy!\n", "")
    assert sorted(found) == [("answer", "ada"), ("answer", "bob"), ("run", "ada"), ("run", "bob")]


def test_a_file_instead_of_a_server_is_complete_at_an_exit_and_reported(
    installed: Installed, tmp_path: Path
) -> None:
    """Also of an exit in the middle: a file need not be waited for."""
    file = tmp_path / "calls.jsonl"
    for how, code in (("exit", 3), ("throw", 1), ("idle", 0)):
        env = environment({"SIGHTLINE_FILE": str(file), "SIGHTLINE_ENDPOINT": NOBODY})
        command = [installed.node, "endings.mjs", how]
        done = subprocess.run(
            command, cwd=installed.folder, env=env, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == code, done.stderr
    requests = [json.loads(line) for line in file.read_text().splitlines()]
    spans = [r["resourceSpans"][0]["scopeSpans"][0]["spans"] for r in requests if "resourceSpans" in r]
    assert [span["name"] for some in spans for span in some] == ["exit", "throw", "idle"]
    reported = sightline("report", str(file), "--json")
    assert reported.returncode == 0, reported.stderr
    figures = json.loads(reported.stdout)["figures"]
    assert (figures["requests"], figures["errors"]) == (3, 0), figures


class Hanging(BaseHTTPRequestHandler):
    """Takes a request and never answers."""

    asked = threading.Event()
    go = threading.Event()

    def do_POST(self) -> None:
        self.asked.set()
        self.go.wait(30)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hanging() -> Iterator[str]:
    Hanging.asked.clear()
    Hanging.go.clear()
    with http_server(Hanging) as url:
        yield url
        Hanging.go.set()


def test_a_second_interrupt_ends_the_program_at_once_and_keeps_the_rest(
    installed: Installed, hanging: str, tmp_path: Path
) -> None:
    env = environment({"SIGHTLINE_ENDPOINT": hanging, "SIGHTLINE_SPOOL_DIR": str(tmp_path)})
    command = [installed.node, "harm.mjs", "impatient"]
    process = subprocess.Popen(command, cwd=installed.folder, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    wait_until(Hanging.asked.is_set, "the program to send what it has", 20)
    assert process.poll() is None, "the first waits for the server, within its bound"
    process.send_signal(signal.SIGINT)
    assert process.wait(2) == -signal.SIGINT
    process.stdout.close()
    assert [path.name.split(".")[1] for path in tmp_path.glob("*/*.traces.*")] == ["traces"]
