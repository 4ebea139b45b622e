"""Django for real, under WSGI and ASGI: patterns, streams, users that were loaded and users that were not."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

import django
import pytest
from django.conf import settings
from opentelemetry import trace
from opentelemetry.trace import StatusCode
from tests.sdk.web_spans import Memory, remembered

TRACER = trace.get_tracer("test")


class _User:
    is_authenticated, pk = True, 17


@pytest.fixture(scope="module")
def project() -> Iterator[ModuleType]:
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path

    def item(request, item):
        with TRACER.start_as_current_span("work"):
            return HttpResponse(f"item {item}")

    async def later(request, item):
        with TRACER.start_as_current_span("work"):
            await asyncio.to_thread(int)
        return HttpResponse(f"item {item}")

    def fails(request):
        raise ValueError("it broke")

    def loaded(request):
        request._cached_user = _User()
        return HttpResponse("")

    def stream(request):
        def pieces():
            yield ": comment\n\n"
            threading.Event().wait(0.03)
            yield "data: first\n\n"
            with TRACER.start_as_current_span("inside the stream"):
                yield "data: second\n\n"

        return StreamingHttpResponse(pieces(), content_type="text/event-stream")

    async def stream_later(request):
        async def pieces():
            yield "data: first\n\n"
            with TRACER.start_as_current_span("inside the stream"):
                yield "data: second\n\n"

        return StreamingHttpResponse(pieces(), content_type="text/event-stream")

    urls = ModuleType("sightline_test_urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("items/<int:item>/", item), path("later/<int:item>/", later), path("fails/", fails),
        path("loaded/", loaded), path("stream/", stream), path("stream-later/", stream_later),
    ]  # fmt: skip
    sys.modules[urls.__name__] = urls
    settings.configure(
        ROOT_URLCONF=urls.__name__,
        MIDDLEWARE=["sightline.sdk.web.django.DjangoMiddleware"],
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="test",
        SIGHTLINE={"identify": lambda request: {"session": request.headers.get("x-session")}},
    )
    django.setup()
    yield urls
    del sys.modules[urls.__name__]


@pytest.fixture
def memory(project) -> Iterator[Memory]:
    with remembered() as memory:
        yield memory


def test_a_request_is_named_by_its_pattern(memory: Memory) -> None:
    from django.test import Client

    answer = Client().get("/items/7/", headers={"x-session": "s1"})
    assert answer.content == b"item 7"
    work, span = memory.spans(2)
    attributes = span.attributes or {}
    assert span.name == "GET /items/<int:item>/"
    assert (attributes["http.response.status_code"], attributes["session.id"]) == (200, "s1")
    assert work.parent is not None
    assert work.parent.span_id == span.context.span_id
    assert answer.headers["x-trace-id"] == f"{span.context.trace_id:032x}"


@pytest.mark.parametrize("path", ["/items/1/", "/later/1/"])
def test_also_under_asgi_with_views_of_both_kinds(memory: Memory, path: str) -> None:
    from django.test import AsyncClient

    async def ask() -> None:
        answers = await asyncio.gather(*(AsyncClient().get(path) for _ in range(5)))
        assert {a.status_code for a in answers} == {200}

    asyncio.run(ask())
    spans = memory.spans(10)
    works = [s for s in spans if s.name == "work"]
    roots = {s.context.span_id: s for s in spans if s.parent is None}
    assert len(roots) == 5
    assert {w.parent.span_id for w in works if w.parent} == set(roots)


def test_a_view_that_raises(memory: Memory) -> None:
    from django.test import Client

    assert Client(raise_request_exception=False).get("/fails/").status_code == 500
    span = memory.one()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "ValueError: it broke"


def test_a_user_that_was_loaded_is_taken(memory: Memory) -> None:
    from django.test import Client

    Client().get("/loaded/")
    assert (memory.one().attributes or {})["user.id"] == "17"


def test_a_stream_is_timed_and_ends_its_span_when_it_is_read(memory: Memory) -> None:
    from django.test import Client

    answer = Client().get("/stream/")
    assert not memory.exporter.get_finished_spans()
    assert answer.getvalue().count(b"data:") == 2
    answer.close()
    inside, span = memory.spans(2)
    attributes = span.attributes or {}
    assert attributes["gen_ai.response.time_to_first_chunk"] >= 0.03
    assert "sightline.client.disconnected" not in attributes
    assert inside.context.trace_id == span.context.trace_id


def test_a_client_that_leaves(memory: Memory) -> None:
    from django.test import RequestFactory

    from sightline.sdk.web.django import DjangoMiddleware

    made = RequestFactory().get("/stream/")
    from django.http import StreamingHttpResponse

    answer = DjangoMiddleware(lambda request: StreamingHttpResponse(iter([b"a", b"b"])))(made)
    next(iter(answer.streaming_content))
    answer.close()
    assert (memory.one().attributes or {})["sightline.client.disconnected"] is True


def test_an_asynchronous_stream(memory: Memory) -> None:
    from django.test import AsyncClient

    async def ask() -> list[bytes]:
        answer = await AsyncClient().get("/stream-later/")
        pieces = [piece async for piece in answer.streaming_content]
        await asyncio.to_thread(answer.close)
        return pieces

    assert len(asyncio.run(ask())) == 2
    inside, span = memory.spans(2)
    assert inside.context.trace_id == span.context.trace_id
    assert (span.attributes or {})["gen_ai.response.time_to_first_chunk"] > 0
