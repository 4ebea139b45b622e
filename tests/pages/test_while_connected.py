"""Work for a reader who has gone stops, and what it asks of the store with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from sightline.pages.answers import while_connected


def request(gone: asyncio.Event) -> Request:
    first = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if first:
            return first.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)


def test_who_waits_gets_the_answer() -> None:
    async def run() -> Response:
        async def work() -> Response:
            return Response("there")

        return await while_connected(request(asyncio.Event()), work())

    assert asyncio.run(run()).body == b"there"


def test_who_leaves_stops_the_work() -> None:
    async def run() -> tuple[int, list[str]]:
        gone, begun, told = asyncio.Event(), asyncio.Event(), list[str]()

        async def work() -> Response:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told.append("stopped")
                raise
            return Response("never")

        answer = asyncio.create_task(while_connected(request(gone), work()))
        await begun.wait()
        gone.set()
        return (await answer).status_code, told

    assert asyncio.run(run()) == (499, ["stopped"])


def test_failures_pass_through() -> None:
    async def run() -> None:
        async def work() -> Response:
            raise LookupError("no such thing")

        await while_connected(request(asyncio.Event()), work())

    with pytest.raises(LookupError, match="no such thing"):
        asyncio.run(run())
