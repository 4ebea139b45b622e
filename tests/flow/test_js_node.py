"""The JavaScript SDK in Node, with the packages its users have, against a real server."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
from flow_parts import contents_of, text_of
from js_parts import PIECES, Installed, Provider, http_server
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from sightline.testing import ServerProcess, environment

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
ANSWER = "".join(PIECES)


@dataclass
class App:
    """The running application."""

    url: str
    server: ServerProcess

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request to it; all it has measured is sent afterwards."""
        answer = httpx.post(self.url + path, json=body or {}, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        if path != "/flush":
            assert self.post("/flush").json()["flushed"]
        return answer

    def spans(self, trace_id: str, count: int) -> list[dict[str, Any]]:
        """The spans of a trace, by depth and start, when there are as many."""
        where = f"FROM spans WHERE trace_id = '{trace_id}'"
        self.server.wait_for(f"SELECT count() AS n {where}", lambda rows: rows[0]["n"] >= count)
        self.server.settled()
        rows = self.server.sql(f"SELECT * {where} ORDER BY depth, start_time")
        assert len(rows) == count, [row["name"] for row in rows]
        return rows

    def said(self, trace_id: str, field: str) -> str:
        """The texts of a content field in a trace."""
        return " ".join(text_of(self.server, h) for h in contents_of(self.server, trace_id, field))


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with http_server(Provider) as url:
        yield url


@pytest.fixture(scope="module")
def python_service(server: ServerProcess) -> Iterator[str]:
    """A service in Python that goes on with the caller's trace."""
    exporter = OTLPSpanExporter(endpoint=f"{server.url}/v1/traces")
    tracing = TracerProvider(resource=Resource.create({"service.name": "search-python"}))
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = tracing.get_tracer("search")

    class Search(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            parent = propagate.extract(dict(self.headers.items()))
            with tracer.start_as_current_span("search", parent, trace.SpanKind.SERVER) as span:
                span.set_attribute("app.baggage", self.headers.get("baggage", ""))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'"found"')

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http_server(Search) as url:
        yield url
    tracing.shutdown()


@pytest.fixture(scope="module")
def app(installed: Installed, provider: str, python_service: str, server: ServerProcess) -> Iterator[App]:
    env = {"SIGHTLINE_ENDPOINT": server.url, "PROVIDER_URL": provider, "PYTHON_URL": python_service}
    with installed.serving("app.mjs", env) as port:
        yield App(f"http://127.0.0.1:{port}", server)


def test_init_says_what_it_found_and_turned_on(app: App) -> None:
    report = app.post("/flush").json()["report"]
    assert [name.split(" ")[0] for name in report["found"]] == ["openai", "@anthropic-ai/sdk", "ai"]
    assert sorted(report["turnedOn"]) == [
        "@anthropic-ai/sdk (by itself)",
        "@opentelemetry/instrumentation-pino",
        "@opentelemetry/instrumentation-winston",
        "ai (with vercel() at each call)",
        "openai (@arizeai/openinference-instrumentation-openai)",
    ]
    assert report["toInstall"] == []


def test_openai_in_express(app: App) -> None:
    sent = app.post("/openai", **{"x-user": "bob", "x-session": "s-1"}).json()
    request, call = app.spans(sent["traceId"], 2)
    assert (request["name"], request["otel_kind"], request["service"]) == ("POST /openai", "server", "shop")
    assert (request["environment"], request["service_version"]) == ("test", "1.2.3")
    assert (request["http_status_code"], request["http_route"]) == (200, "/openai")
    # OpenInference overwrites what was asked for with what answered.
    assert (call["kind"], call["request_model"]) == ("llm", "gpt-4o-2024-08-06")
    assert (call["input_tokens"], call["output_tokens"]) == (12, 7)
    assert [row["user_id"] for row in (request, call)] == ["bob", "bob"]
    assert call["session_id"] == "s-1" and call["parent_span_id"] == request["span_id"]
    assert call["cost_usd"] > 0
    assert "What is a span?" in app.said(sent["traceId"], "input_messages")
    assert ANSWER in app.said(sent["traceId"], "output_messages")


def test_openai_streamed_has_the_time_to_its_first_chunk(app: App) -> None:
    answer = app.post("/openai/stream")
    trace_id = json.loads(answer.text.split("\n")[0].removeprefix("data: "))["traceId"]
    request, call = app.spans(trace_id, 2)
    assert 10e6 < call["time_to_first_token_ns"] < 2e9 and call["streaming"]
    assert (call["input_tokens"], call["output_tokens"]) == (12, 7)
    assert request["time_to_first_token_ns"] > 0
    assert call["duration_ns"] >= call["time_to_first_token_ns"] + 40e6
    assert ANSWER in app.said(trace_id, "output_messages")


@pytest.mark.parametrize(("model", "words", "error"), [("refused", 0, "RateLimitError"), ("broken", 2, "")])
def test_calls_of_openai_that_fail_are_seen_and_harm_nothing(
    app: App, model: str, words: int, error: str
) -> None:
    sent = app.post(f"/openai/fails/{model}").json()
    assert sent["words"] == words and (not error or sent["error"] == error), sent
    request, call = app.spans(sent["traceId"], 2)
    assert (call["kind"], call["status"], request["status"]) == ("llm", "error", "unset")
    assert call["error_type"] == sent["error"] and call["status_message"]
    assert (call["time_to_first_token_ns"] is not None) == (words > 0)
    assert app.post("/openai").json()["answer"] == ANSWER, "the program goes on"


@pytest.mark.parametrize("path", ["/anthropic", "/anthropic/stream"])
def test_anthropic_traces_itself_with_its_content(app: App, path: str) -> None:
    sent = app.post(path).json()
    assert sent["answer"] == ANSWER
    _, call = app.spans(sent["traceId"], 2)
    assert (call["kind"], call["provider"], call["request_model"]) == (
        "llm",
        "anthropic",
        "claude-sonnet-4-5",
    )
    assert (call["input_tokens"], call["cache_read_tokens"], call["output_tokens"]) == (12, 8, 7)
    assert call["user_id"] == "alice"
    assert (call["time_to_first_token_ns"] is not None) == path.endswith("stream")
    assert "What is a span?" in app.said(sent["traceId"], "input_messages")
    assert ANSWER in app.said(sent["traceId"], "output_messages")


@pytest.mark.parametrize("path", ["/vercel", "/vercel/stream"])
def test_vercel_counts_its_tokens_once(app: App, path: str) -> None:
    sent = app.post(path).json()
    assert sent["answer"] == ANSWER
    rows = app.spans(sent["traceId"], 3)
    call = next(row for row in rows if row["kind"] == "llm")
    assert (call["input_tokens"], call["output_tokens"]) == (12, 7)
    assert (call["request_model"], call["user_id"]) == ("gpt-4o", "alice")
    (total,) = app.server.sql(
        f"SELECT sum(input_tokens) AS n FROM spans WHERE trace_id = '{sent['traceId']}'"
        " AND usage_source = 'own'"
    )
    assert int(total["n"]) == 12
    assert (call["time_to_first_token_ns"] is not None) == path.endswith("stream")


def test_a_handler_as_next_has_them(app: App) -> None:
    answer = app.post("/next", {"user": "carol"})
    assert answer.text == ANSWER
    request, call = app.spans(answer.headers["x-trace"], 2)
    assert (request["name"], request["otel_kind"], request["http_status_code"]) == (
        "POST /next",
        "server",
        200,
    )
    assert request["time_to_first_token_ns"] > 0
    assert request["duration_ns"] > request["time_to_first_token_ns"]
    assert (call["user_id"], call["feature"], call["parent_span_id"]) == ("carol", "chat", request["span_id"])
    assert call["time_to_first_token_ns"] > 0


def test_the_trace_goes_on_in_python(app: App) -> None:
    sent = app.post("/python", **{"x-user": "bob", "x-session": "s-9"}).json()
    _, ask, search = app.spans(sent["traceId"], 3)
    assert (search["service"], search["parent_span_id"]) == ("search-python", ask["span_id"])
    attributes = (
        search["attributes"] if isinstance(search["attributes"], dict) else json.loads(search["attributes"])
    )
    assert attributes["app"]["baggage"] == "session.id=s-9", "the user stays"


def test_feedback_lands_as_a_score_event(app: App) -> None:
    trace_id = "ab" * 16
    identifier = app.post("/feedback", {"traceId": trace_id, "value": "down", "comment": "wrong"}).json()[
        "id"
    ]
    app.server.settled()
    (row,) = app.server.sql(f"SELECT * FROM logs WHERE trace_id = '{trace_id}'")
    assert row["event_name"] == "gen_ai.evaluation.result"
    attributes = row["attributes"] if isinstance(row["attributes"], dict) else json.loads(row["attributes"])
    assert attributes["gen_ai"]["evaluation"]["score"]["value"] == 0
    assert attributes["sightline"]["score"]["id"] == identifier


def test_a_program_in_common_js(installed: Installed, provider: str, server: ServerProcess) -> None:
    env = {"SIGHTLINE_ENDPOINT": server.url, "PROVIDER_URL": provider}
    sent = json.loads(installed.run("common.cjs", env=env).splitlines()[-1])
    assert sent["sent"] and sent["ended"] == 2
    server.settled()
    rows = server.sql(f"SELECT * FROM spans WHERE trace_id = '{sent['traceId']}' ORDER BY depth")
    assert [(row["name"] == "root", row["input_tokens"]) for row in rows] == [(True, None), (False, 12)]


@pytest.mark.parametrize(
    ("how", "code", "count"),
    [("idle", 0, 1), ("throw", 1, 0), ("exit", 3, 0), ("worker", 0, 2), ("cluster", 0, 2)],
)
def test_programs_end_as_they_would_and_send_the_rest(
    installed: Installed, server: ServerProcess, how: str, code: int, count: int
) -> None:
    env = environment({"SIGHTLINE_ENDPOINT": server.url})
    command = [installed.node, "endings.mjs", how]
    done = subprocess.run(
        command, cwd=installed.folder, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == code, done.stderr
    server.settled()
    rows = server.sql(f"SELECT name FROM spans WHERE service IN ('ending-{how}')")
    assert len(rows) == count, "an exit in the middle sends only with a folder for it"


@pytest.mark.parametrize("how", ["exit", "throw"])
def test_what_an_exit_cut_off_is_kept_in_the_folder(
    installed: Installed, server: ServerProcess, how: str, tmp_path: Any
) -> None:
    env = {"SIGHTLINE_ENDPOINT": server.url, "SIGHTLINE_SPOOL_DIR": str(tmp_path)}
    command = [installed.node, "endings.mjs", how]
    done = subprocess.run(
        command,
        cwd=installed.folder,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    trace_id = done.stdout.split()[0]
    assert installed.run("endings.mjs", "idle", env=env)
    server.settled()
    assert len(server.sql(f"SELECT name FROM spans WHERE trace_id = '{trace_id}'")) == 1


def test_sigterm_sends_and_still_ends_by_the_signal(installed: Installed, server: ServerProcess) -> None:
    env = environment({"SIGHTLINE_ENDPOINT": server.url})
    command = [installed.node, "endings.mjs", "signal"]
    process = subprocess.Popen(command, cwd=installed.folder, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    trace_id = process.stdout.readline().strip()
    assert process.stdout.readline().strip() == "ready"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == -signal.SIGTERM
    process.stdout.close()
    server.settled()
    assert len(server.sql(f"SELECT name FROM spans WHERE trace_id = '{trace_id}'")) == 1
