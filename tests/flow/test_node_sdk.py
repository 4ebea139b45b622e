"""The OpenTelemetry SDK of Node, as JSON and as protobuf."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flow_parts import SENDERS, contents_of, run_sender, text_of
from tests.flow.shared_places import KEPT, alone, digest_of

from sightline.testing import ServerProcess

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def node_app() -> tuple[str, str]:
    """Node and the application with its packages, installed once beside this Python."""
    spec = importlib.util.spec_from_file_location("frontend_build", ROOT / "frontend" / "build.py")
    assert spec and spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    node, npm = build.find_node()
    files = [SENDERS / name for name in ("package.json", "package-lock.json", ".npmrc", "node_app.mjs")]
    mark = digest_of(files)
    target = KEPT / "sightline-flow-senders"
    stamp = target / ".installed"
    with alone(target):
        if not stamp.exists() or stamp.read_text() != mark:
            for path in files:
                shutil.copy(path, target)
            command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(
                command, cwd=target, capture_output=True, text=True, timeout=240, check=False
            )
            assert done.returncode == 0, done.stderr[-3000:]
            stamp.write_text(mark)
    return node, str(target / "node_app.mjs")


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_spans_of_node_arrive_whole(server: ServerProcess, node_app: tuple[str, str], encoding: str) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url}
    sent: dict[str, Any] = run_sender(*node_app, encoding, env=env)
    where = f"FROM spans WHERE trace_id = '{sent['trace_id']}'"
    server.wait_for(f"SELECT count() AS n {where}", lambda rows: rows[0]["n"] == 2)
    root, call = server.sql(f"SELECT * {where} ORDER BY depth")
    assert (root["span_id"], root["otel_kind"], root["service"]) == (
        sent["root"],
        "server",
        f"node-{encoding}",
    )
    assert (call["parent_span_id"], call["kind"], call["provider"]) == (sent["root"], "llm", "anthropic")
    assert (call["input_tokens"], call["output_tokens"]) == (12, 0), "0 is not absent"
    assert call["session_id"] == "node-session"
    assert (call["params_temperature"], call["params_stop_sequences"]) == (0.25, ["END", "STOP"])
    assert (call["status"], call["status_message"]) == ("error", "overloaded")
    assert call["links.span_id"] == [sent["root"]]
    assert call["events.name"] == ["retry", "exception"]
    (text,) = contents_of(server, sent["trace_id"], "input_messages")
    assert json.loads(text_of(server, text)) == [{"role": "user", "content": sent["prompt"]}]
