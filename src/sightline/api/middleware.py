"""What stands around every request: its id, and one line in the log without anything of its content."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline.wire.public_door import QUIET

log = structlog.get_logger(__name__)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """Gives each request an id (a sensible `X-Request-Id` is kept) and logs how it went.

    The log has method, path, status, sizes and time: never bodies, headers or query strings, because keys and
    prompts travel there. The id is bound for every log line written during the request.
    """

    def __init__(
        self,
        app: ASGIApp,
        new_id: Callable[[], str],
        clock: Callable[[], float] = time.perf_counter,
        quiet: frozenset[str] = frozenset({"/healthz", "/readyz", "/metrics"}),
    ) -> None:
        self._app = app
        self._new_id = new_id
        self._clock = clock
        self._quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _ID.fullmatch(given) else self._new_id()
        status, sent, began = 0, 0, self._clock()

        async def answer(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer)
            finally:
                self._log(scope, status, sent, began)

    def _log(self, scope: Scope, status: int, sent: int, began: float) -> None:
        routine = status < 400 and (scope["path"] in self._quiet or scope["path"].startswith("/v1/"))
        write = log.info
        if status >= 500 or not status:
            write = log.warning
        elif routine or scope.get(QUIET):
            write = log.debug
        write(
            "request",
            method=scope["method"],
            path=scope["path"][:200],
            status=status,
            bytes=sent,
            ms=round((self._clock() - began) * 1000, 1),
        )


def stack(new_id: Callable[[], str]) -> list[Middleware]:
    """The middleware for the whole application, outermost first."""
    return [Middleware(RequestLog, new_id=new_id)]
