"""Every command in the documents is run here, by the test of its page, or is listed with the reason why not.

What is run here talks to a whole server in this process: wire, journal, digest, store, API and pages.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.docs.blocks import ROOT, Command, blocks, commands, name, pages

from sightline.app import application, services
from sightline.settings import HttpSettings, JournalSettings, Settings
from sightline.testing import wait_until

HOST = "127.0.0.1:4318"
CASES = ("script", "fastapi", "agent", "batch", "notebook")
OTHERS = ("langfuse", "langsmith", "phoenix")
# Pages whose commands another test runs, one by one.
ELSEWHERE = {
    "docs/guide/access.md": "tests/control/test_access_guide.py",
    "docs/guide/browser-keys.md": "tests/control/test_access_guide.py",
    "docs/guide/api.md": "tests/api/test_api_guide.py",
    "docs/guide/sql.md": "tests/api/test_api_guide.py",
    "docs/guide/connect.md": "tests/api/test_api_guide.py",
    "docs/guide/cli.md": "tests/operations/test_cli_guide.py",
    "docs/guide/report.md": "tests/report/test_report_guide.py",
    **{f"docs/guide/case-{case}.md": "tests/flow/test_guides.py" for case in CASES},
    **{f"docs/guide/from-{whose}.md": "tests/flow/test_from_others.py" for whose in OTHERS},
    "docs/guide/javascript.md": "tests/docs/test_js_guides.py",
    "docs/guide/browser.md": "tests/docs/test_js_guides.py",
    "docs/guide/export.md": "tests/operations/test_cli_guide.py",
}
KEYS = ("a line of the access guide", "tests/control/test_access_guide.py")
SETUP = ("installs into a folder of its own", ".ci/run")
DOCTOR = ("asks a running server on its port", "tests/operations/test_doctor.py")
JOURNAL = ("needs a journal with these segments", "tests/journal/test_commands.py")
BACKUP = ("needs a running server and directories outside", "tests/flow/test_backup_flow.py")
PODMAN = ("needs podman and a download", "tests/operations/test_deploy.py")
SERVE = ("runs until it is stopped", "tests/flow/test_stop.py")
NEXT = ("Next.js takes 300 MB; its guide's files are run without it", "tests/flow/test_js_next.py")
WHEEL = ("installs all dependencies anew", ".ci/run")
# Commands that are not run as they stand, by how they begin: the reason, and what covers them instead.
NOT_RUN: dict[str, tuple[str, str]] = {
    "make setup": SETUP,
    "make test": ("it is what runs this", ".ci/run"),
    "make check": ("lint and types are no test", ".ci/run"),
    "make format": ("changes files", ".ci/run"),
    "make demo": ("runs until it is stopped", "tests/demo/test_command.py"),
    ".venv/bin/python -m pytest": ("pytest in pytest", ".ci/run"),
    "UPDATE_GOLDEN=1 .venv/bin/python": ("changes files", "tests/docs/test_spans.py"),
    ".venv/bin/sightline serve": SERVE,
    ".venv/bin/python -m pip wheel": WHEEL,
    "python3 -m venv": WHEEL,
    "~/sightline/bin/pip install": WHEEL,
    "~/sightline/bin/sightline serve": SERVE,
    "sightline serve": SERVE,
    "pip install": WHEEL,
    "sightline doctor": DOCTOR,
    "sightline journal": JOURNAL,
    "sightline backup": BACKUP,
    "sightline restore": BACKUP,
    "sightline keys create --project default --scope read": KEYS,
    "npm install ./sightline-sdk-0.1.0.tgz openai": NEXT,
    "SIGHTLINE_ENDPOINT=https://sightline.example SIGHTLINE_API_KEY=sl_i_… npm start": NEXT,
    "podman": PODMAN,
    "java ": ("needs Java and an agent's download", "tests/pages/test_snippets.py"),
}  # fmt: skip
ALL = [command for page in pages() for command in commands(page)]


def listed(command: Command) -> tuple[str, str] | None:
    """The reason why a command is not run as it stands, and what covers it."""
    return next((why for start, why in NOT_RUN.items() if command.text.startswith(start)), None)


@dataclass
class Running:
    """A whole server without its ports, and a loop to ask it on."""

    client: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        """One request."""
        answer: httpx.Response = self.loop.run_until_complete(self.client.request(method, url, **more))
        return answer

    def curl(self, text: str) -> httpx.Response:
        """What `curl` would do with these words."""
        program, *words = shlex.split(text)
        assert program == "curl"
        method, url, body, headers = "", "", None, {}
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-H":
                key, _, value = words.pop(0).partition(":")
                headers[key.strip()] = value.strip()
            elif word in ("-d", "--json"):
                body = words.pop(0)
                headers.setdefault("content-type", "application/json" if word == "--json" else "text/plain")
            else:
                assert not word.startswith("-"), f"curl {word} is not understood here"
                url = word
        assert url.startswith(f"http://{HOST}/")
        return self.ask(method or ("GET" if body is None else "POST"), url, content=body, headers=headers)

    def sql(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        answer = self.ask("POST", "/api/v1/sql", json={"query": query})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["data"]
        return rows


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        http=HttpSettings(port=0),
        journal=JournalSettings(segment_age=0.05),
    )
    loop = asyncio.new_event_loop()
    made = services(settings)
    parts = loop.run_until_complete(made.__aenter__())
    transport = httpx.ASGITransport(app=application(parts))
    client = httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", timeout=30)
    try:
        yield Running(client, loop)
    finally:
        loop.run_until_complete(client.aclose())
        loop.run_until_complete(made.__aexit__(None, None, None))
        # The digest's connections end with the process; the next test opens another directory in this one.
        digests: Any = parts.digester._digests.values() if parts.digester else ()
        for connection in {c for d in digests for c in getattr(d, "connections", (d._local,))}:
            connection.close()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def here(page: str, program: str) -> list[str]:
    """The commands of a page that are run here."""
    return [c.text for c in ALL if c.page == page and c.text.startswith(f"{program} ")]


def test_every_command_is_run_or_listed() -> None:
    for command in ALL:
        is_here = command.text.startswith(("curl ", "export "))
        assert is_here or command.page in ELSEWHERE or listed(command), (
            f"{command.page}: {command.text}: run it in a test, or list it in NOT_RUN with the reason"
        )


def test_the_lists_hold_nothing_that_is_gone() -> None:
    for start, (_, covered) in NOT_RUN.items():
        assert any(c.text.startswith(start) for c in ALL), f"no page has {start!r} any more"
        assert (ROOT / covered).exists()
    for page, test in ELSEWHERE.items():
        assert (ROOT / test).exists()
        assert page in {name(p) for p in pages()}


def test_the_first_steps_work_in_their_order(running: Running) -> None:
    well, send, *looks = here("docs/guide/first-steps.md", "curl")
    assert running.curl(well).status_code == 200
    sent = running.curl(send)
    assert (sent.status_code, sent.json()) == (200, {})
    wait_until(lambda: bool(running.sql("select 1 from spans")), "the span of the first steps")
    for look in looks:
        answer = running.curl(look)
        assert answer.status_code == 200, f"{look}: {answer.text}"
        assert "gpt-4o" in answer.text
    [row] = running.curl(looks[-1]).json()["data"]
    assert (row["kind"], row["input_tokens"], row["cost_source"]) == ("llm", 24, "computed")


@pytest.mark.parametrize("page", ["README.md", "docs/guide/troubleshooting.md"])
def test_the_other_requests_work(running: Running, page: str) -> None:
    found = here(page, "curl")
    assert found
    for text in found:
        answer = running.curl(text)
        assert answer.status_code == 200, f"{text}: {answer.text}"


def test_no_other_page_has_requests() -> None:
    told = {c.page for c in ALL if c.text.startswith("curl ")} - ELSEWHERE.keys()
    assert told == {"README.md", "docs/guide/first-steps.md", "docs/guide/troubleshooting.md"}


def test_queries_within_sentences_can_be_asked(running: Running) -> None:
    queries = [
        (name(page), query) for page in pages() for query in re.findall(r"`(select [^`]+)`", page.read_text())
    ]
    assert queries
    for _, query in queries:
        running.sql(query)


class Kept(BaseHTTPRequestHandler):
    """Keeps what it gets in `server.requests`."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.requests.append((self.path, self.headers, body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("page", ["README.md", "docs/guide/senders.md"])
def test_variables_are_what_an_sdk_reads(page: str) -> None:
    program = (
        "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as E\n"
        "from opentelemetry.sdk.trace import TracerProvider as P\n"
        "from opentelemetry.sdk.trace.export import SimpleSpanProcessor as S\n"
        "p = P(); p.add_span_processor(S(E())); p.get_tracer('t').start_span('s').end(); p.shutdown()\n"
    )
    server = HTTPServer(("127.0.0.1", 0), Kept)
    server.requests = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        script = "\n".join([*here(page, "export"), f'exec {shlex.quote(sys.executable)} -c "$PROGRAM"'])
        done = subprocess.run(
            ["bash", "-euc", script.replace(HOST, f"127.0.0.1:{server.server_address[1]}")],
            env={"PROGRAM": program, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert done.returncode == 0, done.stderr
    [(path, headers, body)] = server.requests  # type: ignore[attr-defined]
    assert path == "/v1/traces"
    sent = ExportTraceServiceRequest.FromString(body).resource_spans[0].resource.attributes
    resource = {a.key: a.value.string_value for a in sent}
    assert resource["service.name"] == "support-chat"
    if page != "README.md":
        assert headers["authorization"] == "Bearer KEY"
        assert resource["deployment.environment.name"] == "production"


def test_files_of_configuration_can_be_read() -> None:
    """JSON and YAML of the pages are at least well formed; TOML is read in full elsewhere."""
    for page in pages():
        for block in blocks(page.read_text()):
            if block.language == "json":
                json.loads(block.text)


def test_code_of_the_pages_is_python() -> None:
    for page in pages():
        for block in blocks(page.read_text()):
            if block.language == "python":
                compile(block.text, name(page), "exec")


def test_the_folder_of_this_test_is_small() -> None:
    assert {p.suffix for p in Path(__file__).parent.iterdir() if p.is_file()} == {".py"}
