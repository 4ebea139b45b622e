"""The JavaScript package in Bun and Deno, as their users have it: the same program, the same packages."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest
from js_collector import Collected, collecting, program_of
from js_parts import PIECES, Installed, Provider, http_server

from sightline.testing import environment

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
# With the words that run a program, and what it may do.
RUNTIMES = {"bun": ("1.4.5", []), "deno": ("2.9.6", ["run", "--no-prompt", "--no-lock", "--allow-all"])}


@dataclass
class Runtime:
    """A runtime with the package and its applications."""

    name: str
    program: str
    words: list[str]
    installed: Installed

    def start(self, how: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
        """Begin the program."""
        command = [self.program, *self.words, "runtimes.mjs", how]
        return subprocess.Popen(
            command, cwd=self.installed.folder, env=environment({"DENO_NO_UPDATE_CHECK": "1", **env}),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, how: str, env: Mapping[str, str], code: int = 0) -> tuple[str, str]:
        """Run it to its end; what it printed, and what it complained of."""
        with self.start(how, env) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == code, out + err
        return out, err


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


@pytest.fixture(scope="module", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest, installed: Installed) -> Runtime:
    version, words = RUNTIMES[request.param]
    return Runtime(request.param, program_of(installed, request.param, version), words, installed)


def is_whole(server: Collected) -> None:
    """One answer with all its spans below each other, for whom it was, and two scores."""
    spans = {one["name"]: one for one in server.spans()}
    assert len(server.spans()) == 7
    for child, parent in (
        ("retrieval handbook", "answer"), ("chat m", "answer"),
        ("branch 1", "answer"), ("branch 2", "answer"), ("leaf 1", "branch 1"), ("leaf 2", "branch 2"),
    ):  # fmt: skip
        assert spans[child]["parentSpanId"] == spans[parent]["spanId"], child
    assert {(one["attributes"]["user.id"], one["attributes"]["session.id"]) for one in spans.values()} == {
        ("ada", "s-1")
    }
    call = spans["chat m"]["attributes"]
    assert call["gen_ai.usage.output_tokens"] == "2" and call["gen_ai.response.time_to_first_chunk"] > 0
    records = [
        record
        for path, body in server.requests
        if path.endswith("/v1/logs")
        for record in body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    ]
    assert {record["traceId"] for record in records} == {spans["answer"]["traceId"]} and len(records) == 2


@pytest.mark.parametrize("how", ["flush", "idle", "signal"])
def test_everything_arrives_however_the_program_ends(runtime: Runtime, how: str) -> None:
    with collecting() as server:
        env = {"SIGHTLINE_ENDPOINT": server.url}
        if how == "signal":
            with runtime.start(how, env) as process:
                assert process.stdout and process.stdout.readline() == "ready\n"
                process.terminate()
                assert process.wait(20) in (-signal.SIGTERM, 128 + signal.SIGTERM)
        else:
            out, err = runtime.run(how, env)
            assert "sightline:" not in err
            if how == "flush":
                said = json.loads(out)
                assert said["flushed"] is True and said["counts"]["spans"]["acknowledged"] == 7
        is_whole(server)


def test_a_server_that_is_away_holds_nothing_up_and_the_next_process_sends(
    runtime: Runtime, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = str(tmp_path_factory.mktemp("spool"))
    env = {"SIGHTLINE_ENDPOINT": "http://127.0.0.1:9", "SIGHTLINE_SPOOL_DIR": folder}
    runtime.run("exit", env, code=3)
    with collecting() as server:
        env["SIGHTLINE_ENDPOINT"] = server.url
        runtime.run("idle", env)
        assert len(server.spans()) == 14 and len({one["spanId"] for one in server.spans()}) == 14
    _, err = runtime.run("idle", {"SIGHTLINE_ENDPOINT": "http://127.0.0.1:9"})
    assert err.count("sightline: cannot reach") == 1 and err.count("sightline:") == 1


def test_its_own_server_and_the_library_of_openai(runtime: Runtime) -> None:
    with collecting() as server, http_server(Provider) as provider:
        with runtime.start("serve", {"SIGHTLINE_ENDPOINT": server.url, "PROVIDER_URL": provider}) as process:
            try:
                assert process.stdout
                port = process.stdout.readline().strip()
                headers = {"traceparent": "00-abcdef0123456789abcdef0123456789-1122334455667788-01"}
                said = httpx.get(f"http://127.0.0.1:{port}/chat", headers=headers, timeout=30)
                assert said.text == "".join(PIECES)
            finally:
                process.terminate()
        request, call = sorted(server.spans(), key=lambda one: one["name"])
    assert (request["name"], request["parentSpanId"]) == ("GET /chat", "1122334455667788")
    assert call["scope"] == "@arizeai/openinference-instrumentation-openai"
    assert call["parentSpanId"] == request["spanId"]
    assert call["attributes"]["gen_ai.response.time_to_first_chunk"] > 0


def test_deno_may_refuse_all_but_the_network(installed: Installed) -> None:
    """What may not be read is not there; nothing is asked for while the program runs."""
    # The address as an option: no variable may be read but the one that brings it here.
    words = ["run", "--no-prompt", "--no-lock", "--allow-net=127.0.0.1", "--allow-env=SENT_TO"]
    deno = Runtime("deno", program_of(installed, "deno", RUNTIMES["deno"][0]), words, installed)
    with collecting() as server:
        out, err = deno.run("flush", {"SENT_TO": server.url})
        assert json.loads(out)["flushed"] is True and "sightline:" not in err
        is_whole(server)
