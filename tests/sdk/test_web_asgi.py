"""FastAPI and Starlette, for real: routes, streams, users, clients that leave, a thousand requests."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from starlette.testclient import TestClient
from tests.sdk.web_spans import Memory, remembered

import sightline
from sightline.sdk.context import attributes_of
from sightline.sdk.web import totals
from sightline.sdk.web.asgi import SightlineMiddleware

TRACER = trace.get_tracer("test")


@pytest.fixture
def memory() -> Iterator[Memory]:
    with remembered() as memory:
        yield memory


def application(native: bool = False, **options) -> FastAPI:
    """`native`: with the spans that FastAPI makes itself."""
    app = FastAPI(telemetry={"tracing": native})
    app.add_middleware(SightlineMiddleware, **options)

    @app.get("/items/{item}")
    async def item(item: str, request: Request):
        request.state.user_id, request.state.session_id = f"u-{item}", f"s-{item}"
        with TRACER.start_as_current_span("work") as span:
            span.set_attribute("item", item)
            await asyncio.to_thread(int)
        return {"item": item}

    @app.get("/fails")
    async def fails():
        raise ValueError("it broke")

    @app.get("/refuses")
    async def refuses():
        return JSONResponse({}, 503)

    @app.get("/stream")
    async def stream():
        async def pieces():
            yield b": a comment keeps the line open\n\n"
            await asyncio.to_thread(threading.Event().wait, 0.03)
            yield b"data: first\n\n"
            await asyncio.to_thread(threading.Event().wait, 0.03)
            with TRACER.start_as_current_span("inside the stream"):
                yield b"data: second\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    @app.get("/endless")
    async def endless():
        async def pieces():
            while True:
                yield b"data: more\n\n"
                await asyncio.to_thread(threading.Event().wait, 0.01)

        return StreamingResponse(pieces(), media_type="text/event-stream")

    @app.get("/model")
    async def model():
        with TRACER.start_as_current_span("agent") as agent:
            agent.set_attribute("gen_ai.usage.input_tokens", 30)
            for _ in range(3):
                with TRACER.start_as_current_span("chat") as chat:
                    chat.set_attributes({"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5})
        return {}

    @app.websocket("/socket")
    async def socket(socket: WebSocket):
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    inner = FastAPI(telemetry={"tracing": native})

    @inner.get("/deep/{key}")
    def deep(key: str):
        return {"current": trace.get_current_span().get_span_context().span_id != 0}

    app.mount("/inner", inner)
    return app


def test_a_request_is_a_span_named_by_its_route(memory: Memory) -> None:
    answer = TestClient(application()).get("/items/7?secret=x")
    work, span = memory.spans(2)
    assert answer.json() == {"item": "7"}
    assert (span.name, span.kind, span.status.status_code) == (
        "GET /items/{item}", SpanKind.SERVER, StatusCode.UNSET,
    )  # fmt: skip
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET", "url.path": "/items/7", "url.scheme": "http",
        "http.route": "/items/{item}", "http.response.status_code": 200,
        "user.id": "u-7", "session.id": "s-7",
    }  # fmt: skip
    assert work.parent is not None
    assert work.parent.span_id == span.context.span_id
    assert answer.headers["x-trace-id"] == f"{span.context.trace_id:032x}"
    assert answer.headers["traceresponse"].split("-")[2] == f"{span.context.span_id:016x}"


def test_an_application_inside_another_keeps_its_place(memory: Memory) -> None:
    client = TestClient(application())
    assert client.get("/inner/deep/1").json() == {"current": True}
    assert memory.one().name == "GET /inner/deep/{key}"


def test_no_route_is_no_name_for_every_address(memory: Memory) -> None:
    TestClient(application()).get("/nowhere/at/all")
    span = memory.one()
    assert span.name == "GET"
    assert (span.attributes or {})["http.response.status_code"] == 404
    assert span.status.status_code is StatusCode.UNSET


def test_the_callers_trace_goes_on(memory: Memory) -> None:
    header = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    TestClient(application()).get("/items/1", headers=header)
    assert memory.spans(2)[1].context.trace_id == 0x0AF7651916CD43DD8448EB211C80319C


def test_unless_it_is_not_trusted(memory: Memory) -> None:
    header = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    TestClient(application(trust_incoming=False)).get("/items/1", headers=header)
    span = memory.spans(2)[1]
    assert span.context.trace_id != 0x0AF7651916CD43DD8448EB211C80319C
    assert span.links[0].context.trace_id == 0x0AF7651916CD43DD8448EB211C80319C


def test_the_first_piece_of_a_stream_is_timed_and_comments_are_none(memory: Memory) -> None:
    TestClient(application()).get("/stream")
    inside, span = memory.spans(2)
    seconds = (span.attributes or {})["gen_ai.response.time_to_first_chunk"]
    assert 0.03 <= seconds < (span.end_time - span.start_time) / 1e9 - 0.02
    assert inside.context.trace_id == span.context.trace_id


def test_an_answer_that_is_not_streamed_has_no_first_piece(memory: Memory) -> None:
    TestClient(application()).get("/items/1")
    assert "gen_ai.response.time_to_first_chunk" not in (memory.spans(2)[1].attributes or {})


def test_pieces_are_passed_on_as_they_come() -> None:
    passed: list[str] = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for text in (b"a", b"b"):
            passed.append(f"made {text!r}")
            await send({"type": "http.response.body", "body": text, "more_body": True})
        await send({"type": "http.response.body"})

    async def send(message):
        passed.append(f"sent {message.get('body')!r}")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(SightlineMiddleware(app)(scope, None, send))
    assert passed == ["sent None", "made b'a'", "sent b'a'", "made b'b'", "sent b'b'", "sent None"]


def test_a_failure_is_recorded_and_raised_on(memory: Memory) -> None:
    with pytest.raises(ValueError, match="it broke"):
        TestClient(application()).get("/fails")
    span = memory.one()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "ValueError: it broke"
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert [e.name for e in span.events] == ["exception"]


def test_an_answer_of_5xx_is_an_error(memory: Memory) -> None:
    TestClient(application()).get("/refuses")
    span = memory.one()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "503"


@pytest.mark.parametrize("asynchronous", [True, False])
def test_who_asks_is_what_identify_says(memory: Memory, asynchronous: bool) -> None:
    async def later(request):
        return {"user": request.headers["x-user"], "tags": ["a", "b"], "plan": "pro", "team": None}

    told = later if asynchronous else lambda request: {"user": request.headers["x-user"], "plan": "pro"}
    TestClient(application(identify=told)).get("/inner/deep/1", headers={"x-user": "ada"})
    attributes = memory.one().attributes or {}
    assert (attributes["user.id"], attributes["plan"]) == ("ada", "pro")
    assert "sightline.team" not in attributes
    assert not asynchronous or attributes["sightline.tags"] == ("a", "b")


def test_and_everything_below_knows_it(memory: Memory) -> None:
    seen = {}
    app = application(identify=lambda request: {"user": "ada", "session": "s 1"})

    @app.get("/seen")
    async def look():
        seen.update(attributes_of())
        seen.update(sightline.inject())

    TestClient(app).get("/seen")
    assert (seen["user.id"], seen["session.id"]) == ("ada", "s 1")
    assert seen["baggage"] == "session.id=s%201", "what may go to others goes to others"
    assert not attributes_of()


@pytest.mark.parametrize(
    "wrong", [lambda request: 1 / 0, lambda request: "ada", lambda request: {"user": object()}]
)
def test_an_identify_that_is_wrong_does_no_harm(memory: Memory, wrong) -> None:
    assert TestClient(application(identify=wrong)).get("/items/1").status_code == 200
    assert len(memory.spans(2)) == 2


def test_a_server_span_that_is_there_is_joined(memory: Memory) -> None:
    inner = application()

    async def outer(scope, receive, send):
        with TRACER.start_as_current_span("theirs", kind=SpanKind.SERVER):
            await inner(scope, receive, send)

    TestClient(outer).get("/stream")
    _, span = memory.spans(2)
    assert span.name == "theirs"
    assert (span.attributes or {})["gen_ai.response.time_to_first_chunk"] > 0


def test_fastapis_own_span_is_joined(memory: Memory, caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(application(native=True, identify=lambda request: {"team": "search"}))
    answer = client.get("/stream")
    servers = [s for s in memory.spans(4) if s.kind is SpanKind.SERVER]
    [span] = servers
    attributes = span.attributes or {}
    assert (span.name, span.instrumentation_scope.name) == ("GET /stream", "fastapi")
    assert attributes["gen_ai.response.time_to_first_chunk"] > 0
    assert attributes["sightline.team"] == "search"
    assert answer.headers["x-trace-id"] == f"{span.context.trace_id:032x}"
    client.get("/items/3")
    [_, last] = [s for s in memory.exporter.get_finished_spans() if s.kind is SpanKind.SERVER]
    assert (last.attributes or {})["user.id"] == "u-3"
    assert not caplog.records


def test_background_work_is_not_the_requests_time(memory: Memory) -> None:
    from starlette.background import BackgroundTask

    async def later() -> None:
        await asyncio.to_thread(threading.Event().wait, 0.05)
        TRACER.start_span("afterwards").end()

    app = FastAPI(telemetry={"tracing": False})
    app.add_middleware(SightlineMiddleware)
    app.add_api_route("/", lambda: JSONResponse({}, background=BackgroundTask(later)))
    TestClient(app).get("/")
    span, afterwards = memory.spans(2)
    assert span.name == "GET /"
    assert afterwards.parent is not None
    assert afterwards.parent.span_id == span.context.span_id


def test_a_summary_tells_what_was_used_and_counts_it_once(memory: Memory) -> None:
    headers = TestClient(application(summary=True)).get("/model").headers
    assert headers["x-sightline-model-calls"] == "3"
    assert headers["x-sightline-input-tokens"] == "30"
    assert headers["x-sightline-output-tokens"] == "15"
    assert 'model;desc="3 calls, 45 tokens"' in headers["server-timing"]
    assert totals._installed().watched == {}


def test_paths_can_be_left_out_and_sockets_pass(memory: Memory) -> None:
    client = TestClient(application(exclude=["/items"]))
    assert "x-trace-id" not in client.get("/items/1").headers
    with client.websocket_connect("/socket") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
    assert [s.name for s in memory.exporter.get_finished_spans()] == ["work"]


def test_a_client_that_leaves_in_the_middle(memory: Memory, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[bytes] = []

    async def go() -> None:
        left = asyncio.Event()

        async def receive():
            if sent:
                await left.wait()
            else:
                await asyncio.Event().wait() if left.is_set() else None
                await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message.get("body", b""))
            if len(sent) == 4:
                left.set()

        scope = {
            "type": "http", "method": "GET", "path": "/endless", "headers": [], "query_string": b"",
            "http_version": "1.1", "scheme": "http", "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip
        await application()(scope, receive, send)

    with caplog.at_level(logging.WARNING):
        asyncio.run(go())
    attributes = memory.one().attributes or {}
    assert attributes["sightline.client.disconnected"] is True
    assert attributes["http.route"] == "/endless"
    assert not caplog.records, "no failed detach, no task that nobody awaited"


def test_a_cancelled_request_ends_its_span(memory: Memory, caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        begun = asyncio.Event()

        async def app(scope, receive, send):
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(
            SightlineMiddleware(app)({"type": "http", "method": "GET", "path": "/"}, None, None)  # type: ignore
        )
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with caplog.at_level(logging.WARNING):
        asyncio.run(go())
    assert memory.one().name == "GET"
    assert not caplog.records


def test_many_at_once_keep_apart_and_leave_nothing_behind(memory: Memory) -> None:
    app = application(summary=True)

    async def ask(client: httpx.AsyncClient, number: int) -> tuple[str, str]:
        answer = await client.get(f"/items/{number}")
        return answer.json()["item"], answer.headers["x-trace-id"]

    async def go(count: int) -> list[tuple[str, str]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers: list[tuple[str, str]] = []
            for start in range(0, count, 50):
                answers += await asyncio.gather(*(ask(client, start + n) for n in range(50)))
            assert not trace.get_current_span().get_span_context().is_valid
            return answers

    asyncio.run(go(100))
    memory.exporter.clear()
    gc.collect()
    before = len(gc.get_objects())
    answers = asyncio.run(go(1000))
    spans = memory.spans(2000)
    roots = {f"{s.context.trace_id:032x}": s for s in spans if s.kind is SpanKind.SERVER}
    for number, trace_id in answers:
        assert (roots[trace_id].attributes or {})["user.id"] == f"u-{number}"
    for span in spans:
        if span.name == "work":
            root = roots[f"{span.context.trace_id:032x}"]
            assert (root.attributes or {})["url.path"] == f"/items/{(span.attributes or {})['item']}"
    assert len(roots) == 1000
    del spans, roots, span, root
    memory.exporter.clear()
    gc.collect()
    assert len(gc.get_objects()) - before < 2000, "a thousand requests leave nothing"
