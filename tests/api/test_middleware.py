"""Request ids and the access log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sightline.api.middleware import stack
from sightline.wire.public_door import QUIET


async def hello(request: Request) -> Response:
    structlog.get_logger().info("inside")
    return PlainTextResponse("hello")


async def broken(request: Request) -> Response:
    raise RuntimeError("no")


def ask(
    path: str, headers: dict[str, str] | None = None, routes: Sequence[Route] = ()
) -> tuple[httpx.Response, list[Any]]:
    app = Starlette(
        routes=[Route("/hello", hello), Route("/broken", broken), Route("/healthz", hello), *routes],
        middleware=stack(lambda: "made-1"),
    )

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get(path, headers=headers)

    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        response = asyncio.run(go())
    return response, logs


def test_one_line_for_each_request_without_its_content() -> None:
    response, logs = ask("/hello?key=sl_secret", {"Authorization": "Bearer sl_secret"})
    assert response.headers["x-request-id"] == "made-1"
    line = logs[-1]
    assert (line["event"], line["method"], line["path"], line["status"], line["bytes"]) == (
        "request",
        "GET",
        "/hello",
        200,
        5,
    )
    assert {entry["request_id"] for entry in logs} == {"made-1"}
    assert "sl_secret" not in str(logs)


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2", True), ("x" * 65, False), ("a b", False), ("a\tb", False)]
)
def test_a_sensible_id_is_kept(given: str, kept: bool) -> None:
    response, _ = ask("/hello", {"X-Request-Id": given})
    assert response.headers["x-request-id"] == (given if kept else "made-1")


def test_what_strangers_are_refused_fills_no_log() -> None:
    async def refuse(request: Request) -> Response:
        request.scope[QUIET] = True
        return PlainTextResponse("no", int(request.query_params["status"]))

    assert ask("/refuse?status=403", routes=[Route("/refuse", refuse)])[1][-1]["log_level"] == "debug"
    assert ask("/refuse?status=503", routes=[Route("/refuse", refuse)])[1][-1]["log_level"] == "warning"


def test_failures_and_probes() -> None:
    response, logs = ask("/broken")
    assert response.status_code == 500
    assert logs[-1]["log_level"] == "warning"
    assert ask("/healthz")[1][-1]["log_level"] == "debug"
