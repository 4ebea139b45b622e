"""The SDK and its commands need no protobuf: its version is what programs' environments fight over most."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.sdk.sdk_process import run
from tests.sdk.sdk_servers import http_server

# As where it is not installed: whoever asks for it gets an ImportError, and being asked is told.
WITHOUT = """
import sys
class Missing:
    asked = []
    def find_spec(self, name, path=None, target=None):
        if name == "google" or name.startswith(("google.", "opentelemetry.proto", "opentelemetry.exporter")):
            self.asked.append(name)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
missing = Missing()
sys.meta_path.insert(0, missing)
"""
LOADED = """
loaded = [m for m in sys.modules if m.split(".")[0] == "google" or m.startswith("opentelemetry.proto")]
assert not loaded, loaded
"""
CALLS = """
with sightline.context(user="u-1"), sightline.llm_call("gpt-4o", "openai", "Hello") as call:
    call.usage(input=12, output=3)
    sightline.score("helpful", True)
"""


def without(code: str, cwd: Path) -> str:
    done = run(f"{WITHOUT}{code}{LOADED}", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_spans_scores_metrics_and_the_account_are_sent(tmp_path: Path) -> None:
    with http_server() as (url, taken):
        without(
            "import sightline\n"
            f"sightline.init(endpoint={url!r}, metrics=True, spool_dir='spool', quiet=True)\n"
            f"{CALLS}from opentelemetry import metrics\nmetrics.get_meter_provider().force_flush()\n"
            "assert sightline.flush(20)\nsightline.shutdown()\n"
            "assert not missing.asked, missing.asked\n",
            tmp_path,
        )
    assert [span.name for span in taken.spans()] == ["chat gpt-4o"]
    bodies = [(path, body) for path, _, body in taken.requests]
    (logs,) = [ExportLogsServiceRequest.FromString(body) for path, body in bodies if path == "/v1/logs"]
    assert logs.resource_logs[0].scope_logs[0].log_records[0].event_name == "gen_ai.evaluation.result"
    metrics = {
        metric.name
        for path, body in bodies
        if path == "/v1/metrics"
        for part in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in part.scope_metrics
        for metric in scope.metrics
    }
    assert metrics >= {"gen_ai.client.operation.duration", "gen_ai.client.token.usage", "sightline.sdk.spans"}


def test_what_a_server_did_not_take_is_spooled_halved_and_counted(tmp_path: Path) -> None:
    def answer(path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if path == "/v1/traces" and len(body) > 3000:
            return 413, {}, b""
        left_out = b"\x0a\x02\x08\x01" if path == "/v1/logs" else b""  # partial success: one was rejected
        return 200, {"content-type": "application/x-protobuf"}, left_out

    with http_server(answer) as (url, taken):
        said = without(
            "import logging, sightline\n"
            f"sightline.init(endpoint={url!r}, spool='always', spool_dir='spool', quiet=True)\n"
            f"logging.getLogger('sightline').setLevel(logging.CRITICAL)\n"
            f"for n in range(20):\n    with sightline.span(str(n), text='x' * 200): pass\n{CALLS}"
            "sightline.flush(20)\ncounts = sightline.counts()\n"
            "print(counts.spans.acknowledged, counts.logs.dropped)\n",
            tmp_path,
        )
    assert said == "21 {'refused': 1}\n"
    assert len(taken.spans()) > 21  # the request that was too large, and its halves


def test_a_file_is_written_reported_on_and_imported(tmp_path: Path) -> None:
    without(
        f"import sightline\nsightline.init(file='calls.jsonl', metrics=True, quiet=True)\n{CALLS}", tmp_path
    )
    command = "from sightline.cli import main\nmain({!r}, standalone_mode=False)\n"
    report = json.loads(without(command.format(["report", "calls.jsonl", "--json"]), tmp_path))
    assert (report["calls"]["count"], report["calls"]["input"], report["calls"]["output"]) == (1, 12, 3)
    with http_server() as (url, taken):
        without(command.format(["import", "--url", url, "calls.jsonl"]), tmp_path)
    assert {path for path, _, _ in taken.requests} >= {"/v1/traces", "/v1/logs"}


def test_a_file_of_others_is_imported(tmp_path: Path) -> None:
    now = time.time_ns()
    span = {"traceId": secrets.token_hex(16), "spanId": secrets.token_hex(8), "name": "other",
            "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now)}  # fmt: skip
    line = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    (tmp_path / "other.jsonl").write_text(f"{line}\n")
    with http_server() as (url, taken):
        without(
            "from sightline.cli import main\n"
            f"main(['import', '--url', {url!r}, 'other.jsonl'], standalone_mode=False)\n",
            tmp_path,
        )
    assert len(taken.requests) == 1
