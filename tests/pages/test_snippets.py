"""The snippets are run as they are pasted, against a server that keeps what it gets."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.pages.snippets import snippets


@dataclass
class Sink:
    """Requests as they came: path, headers, body."""

    address: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A server that says yes to everything."""
    found = Sink()

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            found.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Keep)
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def text_of(name: str, address: str, key: str) -> str:
    return next(s.text for s in snippets(address, key) if s.name == name)


@pytest.mark.parametrize("key", ["", "sl_default_abc"])
@pytest.mark.parametrize("name", ["python", "opentelemetry"])
def test_a_snippet_of_python_sends_a_model_call(sink: Sink, tmp_path: Path, name: str, key: str) -> None:
    text = text_of(name, sink.address, key)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 0 and not done.stderr
    sent = [(h, body) for path, h, body in sink.requests if path == "/v1/traces"]
    attributes = set()
    for headers, body in sent:
        assert headers.get("authorization", "") == (f"Bearer {key}" if key else "")
        plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        for resource in ExportTraceServiceRequest.FromString(plain).resource_spans:
            attributes |= {a.key for scope in resource.scope_spans for s in scope.spans for a in s.attributes}
    assert {"gen_ai.request.model", "gen_ai.usage.output_tokens"} <= attributes


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="needs curl and bash")
@pytest.mark.parametrize("key", ["", "sl_default_abc"])
def test_the_curl_snippet_sends_a_span(sink: Sink, key: str) -> None:
    done = subprocess.run(
        ["bash", "-euc", text_of("curl", sink.address, key)], capture_output=True, timeout=60
    )
    assert done.returncode == 0
    (path, headers, body) = sink.requests[0]
    assert path == "/v1/traces" and headers.get("authorization", "") == (f"Bearer {key}" if key else "")
    span = json.loads(body)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert len(bytes.fromhex(span["traceId"])) == 16 and len(bytes.fromhex(span["spanId"])) == 8
    assert int(span["endTimeUnixNano"]) > int(span["startTimeUnixNano"])


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_the_variables_are_what_an_sdk_reads(sink: Sink) -> None:
    script = text_of("env", sink.address, "sl_default_abc") + f'exec {sys.executable} -c "$PROGRAM"'
    program = (
        "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as E\n"
        "from opentelemetry.sdk.trace import TracerProvider as P\n"
        "from opentelemetry.sdk.trace.export import SimpleSpanProcessor as S\n"
        "p = P(); p.add_span_processor(S(E())); p.get_tracer('t').start_span('s').end(); p.shutdown()\n"
    )
    done = subprocess.run(
        ["bash", "-euc", script],
        env={"PROGRAM": program, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    path, headers, body = sink.requests[0]
    assert path == "/v1/traces" and headers["authorization"] == "Bearer sl_default_abc"
    assert b"support-chat" in body


def test_every_snippet_names_the_address_and_the_key() -> None:
    for snippet in snippets("http://10.0.0.5:4318", "sl_default_abc"):
        assert "http://10.0.0.5:4318" in snippet.text and "sl_default_abc" in snippet.text
    for snippet in snippets("http://10.0.0.5:4318", ""):
        assert "authorization" not in snippet.text.lower()
