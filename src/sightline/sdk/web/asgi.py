"""Requests of ASGI applications: FastAPI, Starlette, Litestar, Quart, Django's ASGI handler."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Unpack

from sightline.sdk import runtime
from sightline.sdk.warnings_once import warn_once
from sightline.sdk.web.options import Options, WebOptions, web_options
from sightline.sdk.web.request_span import Entered, RequestSpan, first

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class SightlineMiddleware:
    """A span for every HTTP request of an ASGI application, with route, status, and who asked.

        app = FastAPI()
        app.add_middleware(SightlineMiddleware, identify=lambda r: {"user": r.headers.get("x-user")})

    Streamed answers get the time to their first piece; nothing is held back. WebSockets pass untouched.
    When the application shuts down, what waits is sent, for at most a few seconds.

    `identify` is given a Starlette `Request` where Starlette is installed, else the ASGI scope. What
    `request.state` says as `user_id` and `session_id`, and the name of an authenticated `request.user`, is
    taken at the end of the request. All options: `WebOptions`.
    """

    def __init__(self, app: App, **options: Unpack[Options]) -> None:
        self.app = app
        self._options = web_options(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, _flushing(send))
            return
        if scope["type"] != "http" or self._options.skips(scope.get("path", "")):
            await self.app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._options)
        if self._options.identify is not None:
            request.span.identify(await _identified(self._options.identify, scope, receive))
        with Entered(request.span.context):
            try:
                await self.app(scope, request.receive, request.send)
            except Exception as error:
                request.span.failed(error)
                raise
            finally:
                request.end()


def _flushing(send: Send) -> Send:
    """`send`, and when the application has shut down, all that waits here goes first.

    uvicorn ends by raising the signal that ended it, so nothing of Python's own exit runs after that.
    """

    async def sending(message: Message) -> None:
        if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            running = runtime.current()
            if running is not None:
                try:
                    await asyncio.to_thread(running.flush, runtime.EXIT_SECONDS, True)
                except RuntimeError:  # no loop of asyncio's, or no threads any more
                    running.flush(runtime.EXIT_SECONDS, True)
        await send(message)

    return sending


class _Request:
    """What goes between the server and the application, looked at in passing."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, options: WebOptions) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope.get("headers", ())}
        path = scope.get("path", "")
        self.span = RequestSpan(options, scope.get("method", ""), path, scope.get("scheme", "http"), headers)
        self._mounted_at = scope.get("root_path", "")
        self._streams = self._left = self._complete = self._told = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._complete:
            self._left = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            headers = list(message.get("headers", ()))
            self._streams = first(headers, b"content-length") is None
            added = self.span.answered(message["status"])
            if added:
                headers += [(name.encode(), value.encode()) for name, value in added]
                message = {**message, "headers": headers}
        elif kind == "http.response.body":
            more = message.get("more_body", False)
            if self._streams and more:
                self.span.chunk(message.get("body", b""))
            if not more:
                self._complete, self._streams = True, False
                self._tell()
        await self._send(message)
        if self._complete:  # what runs in the background after the answer is not the request's time
            self.end()

    def end(self) -> None:
        self._tell()
        self.span.end(self._left and not self._complete)

    def _tell(self) -> None:
        """All that is known, while a joined span is still open: its owner ends it with the answer."""
        if not self._told:
            self._told = True
            self.span.identify(_known(self._scope))
            self.span.tell(_route(self._scope, self._mounted_at))


def _route(scope: Scope, mounted_at: str) -> str | None:
    """The template of the path, below the application's own place; None where no route matched."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    if not isinstance(template, str):
        return None
    mount = scope.get("root_path", "")
    below = mount.removeprefix(mounted_at) if isinstance(mount, str) else ""
    return template if template.startswith(below) and below else below + template


def _known(scope: Scope) -> dict[str, object]:
    """What the framework learnt of who asks, on the way to the handler."""
    found: dict[str, object] = {}
    try:
        state: Any = scope.get("state") or {}
        for word, key in (("user", "user_id"), ("session", "session_id")):
            value = state.get(key) if hasattr(state, "get") else getattr(state, key, None)
            if isinstance(value, str | int):
                found[word] = str(value)
        user: Any = scope.get("user")
        if "user" not in found and user is not None and getattr(user, "is_authenticated", False):
            name = getattr(user, "display_name", None) or getattr(user, "username", None)
            if isinstance(name, str) and name:
                found["user"] = name
    except Exception as error:  # a border: the program's own user object
        warn_once("request user", f"sightline: request.user was not read ({type(error).__name__}: {error}).")
    return found


async def _identified(identify: Callable[[Any], Any], scope: Scope, receive: Receive) -> object:
    """What the program says of who asks; None where it fails."""
    try:
        try:
            from starlette.requests import Request

            request: Any = Request(scope)
        except ImportError:
            request = scope
        said = identify(request)
        return await said if inspect.isawaitable(said) else said
    except Exception as error:  # a border: the program's own function
        warn_once("identify", f"sightline: identify(request) raised {type(error).__name__}: {error}.")
        return None
