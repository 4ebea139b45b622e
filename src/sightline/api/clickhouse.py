"""`/clickhouse`: the SQL endpoint for clients that speak ClickHouse's HTTP protocol.

What they ask goes through the same walls as `/api/v1/sql` (`query/sql_stream.py`); only the words around it
differ. A failure after the answer began is written into it between two marks, as servers since 25.11 do, and
the connection is cut, so that no client takes half an answer for a whole one.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from sightline.api.clickhouse_errors import Failure, failure_of
from sightline.api.clickhouse_request import Asked, asker, project_of, read
from sightline.api.limits import caller
from sightline.api.services import ApiServices
from sightline.query.sql_stream import SqlStreams, Streamed
from sightline.records.access import Principal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

log = structlog.get_logger(__name__)
PATH = "/clickhouse"
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_LEVEL = 3
_OK = "Ok.\n"


def routes(services: ApiServices) -> list[BaseRoute]:
    """The addresses of the protocol, with and without a slash at the end, because clients differ in it."""
    if services.streams is None:
        return []
    endpoint = _Endpoint(services, services.streams)
    return [Route(PATH, endpoint), Route(f"{PATH}/", endpoint), Route(f"{PATH}/ping", _ping)]


async def _ping(_: Request) -> Response:
    return PlainTextResponse(_OK, headers=_ALWAYS)


class _Endpoint:
    """An ASGI application for one address; every failure is in ClickHouse's words."""

    def __init__(self, services: ApiServices, streams: SqlStreams) -> None:
        self._services, self._streams = services, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        query_id = ""
        try:
            if request.method not in {"GET", "POST", "HEAD"}:
                raise Failure(
                    1,
                    "UNSUPPORTED_METHOD",
                    405,
                    "Queries come with GET or POST.",
                    {"Allow": "GET, HEAD, POST"},
                )
            principal, user = await asker(request, self._services.gate)
            limited = self._counted(request, principal)
            project, user = await project_of(request, principal, user, self._services.control)
            request.state.principal = Principal(project, frozenset(), None)  # for self-tracing
            asked = await read(request, project, user)
            query_id = asked.query_id or secrets.token_hex(16)
            if not asked.question.query.strip():
                await PlainTextResponse(_OK, headers={**_ALWAYS, **limited})(scope, receive, send)
                return
            await self._answer(asked, query_id, request, send, limited)
        except _Left:
            return
        except Exception as error:
            failure = failure_of(error)
            if failure.status >= 500:
                log.exception("clickhouse_failed", method=request.method)
            await _refused(failure, query_id)(scope, receive, send)

    def _counted(self, request: Request, principal: Principal) -> Mapping[str, str]:
        """Headers that say how many requests are left. Raises Failure for one too many."""
        if self._services.limits is None:
            return {}
        verdict = self._services.limits.take(caller(request, principal))
        if not verdict.allowed:
            raise Failure(202, "TOO_MANY_SIMULTANEOUS_QUERIES", 429, verdict.sentence, dict(verdict.headers))
        return verdict.headers

    async def _answer(
        self, asked: Asked, query_id: str, request: Request, send: Send, limited: Mapping[str, str]
    ) -> None:
        """Send the answer as it comes, and stop the query when the client goes away."""
        encoding, tag = _encoding(request), secrets.token_hex(8)
        question = replace(asked.question, encode=partial(_encoded, encoding=encoding, tag=tag))
        gone = asyncio.ensure_future(_gone(request))
        streamed: Streamed | None = None
        begin = asyncio.ensure_future(self._streams.stream(question))
        try:
            await asyncio.wait({begin, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not begin.done():
                begin.cancel()
                await asyncio.gather(begin, return_exceptions=True)
                raise _Left
            streamed = await begin
            headers = {**_headers(streamed, asked, query_id, encoding, tag), **limited}
            await _send(streamed, headers, request.method == "HEAD", gone, send)
        finally:
            gone.cancel()
            if streamed is not None:
                await streamed.close()


class _Left(Exception):
    """The client went away: nobody is there to be told anything."""


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _headers(streamed: Streamed, asked: Asked, query_id: str, encoding: str, tag: str) -> dict[str, str]:
    return {
        **_ALWAYS,
        "Content-Type": streamed.format.media_type,
        "X-ClickHouse-Format": streamed.format.name,
        "X-ClickHouse-Timezone": asked.timezone,
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Summary": "{}",
        "X-ClickHouse-Server-Display-Name": "Sightline",
        "X-ClickHouse-Exception-Tag": tag,
        **({"Content-Encoding": encoding, "Vary": "Accept-Encoding"} if encoding else {}),
    }


async def _send(
    streamed: Streamed, headers: dict[str, str], head_only: bool, gone: asyncio.Future[Any], send: Send
) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    try:
        if not head_only:
            async for piece in streamed.pieces:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    except Exception as error:
        log.warning("clickhouse_failed_on_the_way", code=failure_of(error).code)
        return  # without an end: the connection is cut, and what was written last says why
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _marked(failure: Failure, tag: str) -> bytes:
    text = failure.text.rstrip("\n")
    size = len(text.encode())
    return f"\r\n__exception__\r\n{tag}\r\n{text}\n{size} {tag}\r\n__exception__\r\n".encode()


def _refused(failure: Failure, query_id: str) -> Response:
    headers = {
        **_ALWAYS,
        **failure.headers,
        "X-ClickHouse-Exception-Code": str(failure.code),
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Summary": "{}",
    }
    return PlainTextResponse(failure.text, failure.status, headers)


def _encoding(request: Request) -> str:
    """How the answer is compressed: only where a client asks for it twice, as ClickHouse wants it."""
    if request.query_params.get("enable_http_compression", "0") not in {"1", "true"}:
        return ""
    words = (word.partition(";") for word in request.headers.get("accept-encoding", "").split(","))
    wanted = {
        name.strip().lower() for name, _, weight in words if weight.replace(" ", "") not in {"q=0", "q=0.0"}
    }
    return next((name for name in ("zstd", "gzip") if name in wanted), "")


def _encoded(pieces: Iterator[bytes], encoding: str, tag: str) -> Iterator[bytes]:
    """Pieces compressed, in the engine's thread. A failure on the way is written at the end, and raised."""
    packer = _packer(encoding)
    begun = False
    try:
        for piece in pieces:
            if packed := packer.compress(piece):
                begun = True
                yield packed
    except Exception as error:
        if begun:
            yield packer.compress(_marked(failure_of(error), tag)) + packer.flush()
        raise
    if last := packer.flush():
        yield last


class _Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Plain:
    """No compression."""

    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _packer(encoding: str) -> _Packer:
    if encoding == "zstd":
        packer: _Packer = zstd.ZstdCompressor(level=_LEVEL)
        return packer
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, 31) if encoding == "gzip" else _Plain()
