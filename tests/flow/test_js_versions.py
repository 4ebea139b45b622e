"""The JavaScript package in the oldest Node that it claims, and in the newest that is supported for long."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from js_collector import Collected, collecting, node_of
from js_parts import PIECES, SDK, Installed, Provider, http_server, run, sdk_build

from sightline.testing import environment

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
CLAIMED = json.loads((SDK / "package.json").read_text())["engines"]["node"]
OLDEST = re.fullmatch(r">=(\d+\.\d+)", CLAIMED)
VERSIONS = {"oldest": f"{OLDEST[1]}.0" if OLDEST else "", "newest": "26"}


@dataclass
class Other:
    """Another version of Node, with the package and its applications."""

    node: str
    installed: Installed

    def run(self, *words: str, env: dict[str, str] | None = None, code: int = 0) -> str:
        """Run it in the folder of the applications; what it printed."""
        command = [self.node, *words]
        done = subprocess.run(
            command, cwd=self.installed.folder, env=environment(env), capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


@pytest.fixture(scope="module", params=VERSIONS)
def other(request: pytest.FixtureRequest, installed: Installed) -> Other:
    version = VERSIONS[request.param]
    found = Other(node_of(installed, version), installed)
    assert found.run("--version").startswith(f"v{version}"), (
        "the oldest that is claimed is the one that is run"
    )
    return found


def test_units(other: Other, tmp_path: Path) -> None:
    """The package's own tests; built in a copy, beside which others may build theirs."""
    build = sdk_build().front_end()
    build.install(*build.find_node())
    here = tmp_path / "sdk-js"
    shutil.copytree(SDK, here, ignore=shutil.ignore_patterns("node_modules", "dist", "build"))
    (here / "node_modules").symlink_to((SDK / "node_modules").resolve())
    said = run(other.node, "build.mjs", "--test", cwd=here)
    passed = re.search(r"(?:#|ℹ) pass (\d+)", said)
    assert passed and int(passed[1]) > 100, said[-500:]


def test_both_kinds_of_modules_and_the_register(other: Other) -> None:
    names = "Object.keys({}).join()"
    esm = other.run("--input-type=module", "-e", names.replace("{}", "await import('@sightline/sdk')").join(
        ("console.log(", ")")))  # fmt: skip
    common = other.run("-e", names.replace("{}", "require('@sightline/sdk')").join(("console.log(", ")")))
    assert {"init", "trace", "llmCall", "handler"} <= set(esm.strip().split(",")) & set(
        common.strip().split(",")
    )
    with collecting() as server:
        script = "require('@opentelemetry/api').trace.getTracer('x').startSpan('untouched').end()"
        (other.installed.folder / "untouched.cjs").write_text(script)
        env = {"SIGHTLINE_ENDPOINT": server.url}
        other.run("--import", "@sightline/sdk/register", "untouched.cjs", env=env)
        assert [span["name"] for span in server.spans()] == ["untouched"]


def test_the_libraries_of_ai_in_express_and_in_a_handler(other: Other) -> None:
    answer = "".join(PIECES)
    with collecting() as server, http_server(Provider) as provider:
        env = {"SIGHTLINE_ENDPOINT": server.url, "PROVIDER_URL": provider}
        with other.installed.serving("app.mjs", env, other.node) as port:
            for path in ("/openai", "/openai/stream", "/anthropic/stream", "/vercel/stream", "/next"):
                said = httpx.post(f"http://127.0.0.1:{port}{path}", json={"user": "u"}, timeout=30)
                assert said.status_code == 200 and answer in re.sub(r'(data: "|"\n\n)', "", said.text), (
                    said.text
                )
            assert httpx.post(f"http://127.0.0.1:{port}/flush", timeout=30).json()["flushed"]
        found = server.spans()
    called = [one for one in found if one["attributes"].get("gen_ai.response.time_to_first_chunk")]
    roots = {one["name"] for one in called if one["scope"] == "sightline"}
    scopes = {one["scope"].split("/")[0] for one in called}
    assert roots >= {"POST /openai/stream", "POST /next"} and scopes >= {
        "@arizeai",
        "com.anthropic.sdk.typescript",
    }
    assert any(one["name"] == "ai.streamText.doStream" for one in found)
    assert {one["attributes"].get("user.id") for one in found} >= {"alice", "u"}


def test_what_an_exit_cut_off_is_sent_by_the_next_process(other: Other, tmp_path: Path) -> None:
    away = {"SIGHTLINE_ENDPOINT": "http://127.0.0.1:9", "SIGHTLINE_SPOOL_DIR": str(tmp_path)}
    other.run("endings.mjs", "exit", env=away, code=3)
    with collecting() as server:
        other.run("endings.mjs", "worker", env=away | {"SIGHTLINE_ENDPOINT": server.url})
        assert sorted(names(server)) == ["exit", "main thread", "worker"]


def names(server: Collected) -> list[Any]:
    return [span["name"] for span in server.spans()]
