"""WSGI and Flask, for real: routes, streams, failures, files, clients that leave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from wsgiref.util import FileWrapper, setup_testing_defaults

import flask
import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode
from tests.sdk.web_spans import Memory, remembered

from sightline.sdk.web.wsgi import SightlineWSGIMiddleware, instrument_flask

TRACER = trace.get_tracer("test")


@pytest.fixture
def memory() -> Iterator[Memory]:
    with remembered() as memory:
        yield memory


def application(**options) -> flask.Flask:
    app = flask.Flask(__name__)

    @app.get("/items/<int:item>")
    def item(item: int):
        with TRACER.start_as_current_span("work") as span:
            span.set_attribute("item", item)
        return {"item": item}

    @app.get("/fails")
    def fails():
        raise ValueError("it broke")

    @app.get("/stream")
    def stream():
        def pieces():
            yield ": comment\n\n"
            threading.Event().wait(0.03)
            yield "data: first\n\n"
            threading.Event().wait(0.03)
            with TRACER.start_as_current_span("inside the stream"):
                yield "data: second\n\n"

        return flask.Response(pieces(), mimetype="text/event-stream")

    @app.get("/broken-stream")
    def broken():
        def pieces():
            yield "data: first\n\n"
            raise RuntimeError("half way")

        return flask.Response(pieces(), mimetype="text/event-stream")

    instrument_flask(app, **options)
    return instrument_flask(app, **options)


def call(app, path: str = "/", **environ):
    setup_testing_defaults(environ)
    started: list = []

    def start_response(status, headers, *exc_info):
        started.append((status, dict(headers)))
        return lambda data: started.append(data)

    return app(environ | {"PATH_INFO": path}, start_response), started


def test_flask_names_a_request_by_its_rule(memory: Memory) -> None:
    answer = application(identify=lambda r: {"user": r.args["u"]}).test_client().get("/items/7?u=ada")
    work, span = memory.spans(2)
    attributes = span.attributes or {}
    assert span.name == "GET /items/<int:item>"
    assert attributes["http.response.status_code"] == 200
    assert attributes["user.id"] == "ada"
    assert "gen_ai.response.time_to_first_chunk" not in attributes
    assert work.parent is not None
    assert work.parent.span_id == span.context.span_id
    assert answer.headers["x-trace-id"] == f"{span.context.trace_id:032x}"


def test_flask_streams_are_timed_in_the_requests_context(memory: Memory) -> None:
    answer = application().test_client().get("/stream")
    assert answer.text.count("data:") == 2
    inside, span = memory.spans(2)
    seconds = (span.attributes or {})["gen_ai.response.time_to_first_chunk"]
    assert 0.03 <= seconds < (span.end_time - span.start_time) / 1e9 - 0.02
    assert inside.context.trace_id == span.context.trace_id
    assert not trace.get_current_span().get_span_context().is_valid


def test_flask_failures_are_recorded_though_flask_answers(memory: Memory) -> None:
    assert application().test_client().get("/fails").status_code == 500
    span = memory.one()
    assert span.status.description == "ValueError: it broke"
    assert [e.name for e in span.events] == ["exception"]


def test_a_stream_that_breaks(memory: Memory) -> None:
    with pytest.raises(RuntimeError):
        _ = application().test_client().get("/broken-stream").text
    span = memory.one()
    assert span.status.status_code is StatusCode.ERROR
    assert "sightline.client.disconnected" not in (span.attributes or {})


def test_a_client_that_leaves_closes_the_stream(memory: Memory) -> None:
    body, _ = call(application(), "/stream")
    pieces = iter(body)
    next(pieces), next(pieces)
    body.close()
    attributes = memory.one().attributes or {}
    assert attributes["sightline.client.disconnected"] is True
    assert attributes["gen_ai.response.time_to_first_chunk"] > 0


def test_plain_wsgi_with_a_whole_body(memory: Memory) -> None:
    def app(environ, start_response):
        environ["sightline.route"] = "/plain/{x}"
        start_response("404 Not Found", [("Content-Length", "2")])
        return [b"no"]

    body, started = call(SightlineWSGIMiddleware(app), "/plain/1", REQUEST_METHOD="POST")
    assert body == [b"no"], "a whole body is passed on as it is"
    span = memory.one()
    assert (span.name, span.status.status_code) == ("POST /plain/{x}", StatusCode.UNSET)
    assert started[0][1]["x-trace-id"] == f"{span.context.trace_id:032x}"


def test_files_keep_the_servers_own_way(memory: Memory, tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")

    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](path.open("rb"))

    body, _ = call(SightlineWSGIMiddleware(app), **{"wsgi.file_wrapper": FileWrapper})
    assert isinstance(body, FileWrapper)
    body.close()
    assert memory.one().name == "GET"


def test_write_is_passed_on_and_seen(memory: Memory) -> None:
    def app(environ, start_response):
        write = start_response("200 OK", [])
        write(b"first")
        return []

    _, started = call(SightlineWSGIMiddleware(app))
    assert started[1] == b"first"
    assert (memory.one().attributes or {})["gen_ai.response.time_to_first_chunk"] >= 0


def test_an_application_that_raises(memory: Memory) -> None:
    def app(environ, start_response):
        raise KeyError("x")

    with pytest.raises(KeyError):
        call(SightlineWSGIMiddleware(app))
    assert (memory.one().attributes or {})["error.type"] == "KeyError"


def test_threads_keep_apart(memory: Memory) -> None:
    client = application(identify=lambda r: {"session": r.path}).test_client

    def ask(number: int) -> str:
        return client().get(f"/items/{number}").headers["x-trace-id"]

    with ThreadPoolExecutor(8) as pool:
        traces = list(pool.map(ask, range(200)))
    by_trace: dict[str, dict] = {}
    for span in memory.spans(400):
        by_trace.setdefault(f"{span.context.trace_id:032x}", {}).update(span.attributes or {})
    assert len(by_trace) == 200
    for number, trace_id in enumerate(traces):
        assert by_trace[trace_id]["item"] == number
        assert by_trace[trace_id]["session.id"] == f"/items/{number}"
