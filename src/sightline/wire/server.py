"""The HTTP server: uvicorn with bounds on connections and on every way of being slow.

uvicorn waits forever for a request's head and body and for a reader that does not read; this subclass of its
protocol gives each a time, and refuses connections beyond a number without holding them.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sightline.settings import HttpSettings

_MAX_HEAD = 64 * 2**10
_BODY_TIMES = 5  # of body_timeout for a whole body; the routes that take bodies answer 408 before this
_LINGER = 2.0  # seconds a refused connection may take to read its answer
_CROWD = 1.25  # of max_connections: beyond, connections are cut without an answer
_GRACE = 5  # seconds for requests under way at the end
_FULL_TEXT = b"Too many connections at this moment; try again."
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n%s" % (len(_FULL_TEXT), _FULL_TEXT)
)
_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class CannotListen(OSError):
    """The address cannot be listened on; the message names it and says what to do."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with time-outs on heads, bodies and unread answers, and bounded connections."""

    def __init__(self, *args: Any, bounds: HttpSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bounds = bounds
        self.refused = False
        self.in_body = False
        self.head_bytes = 0
        self.head_timer: asyncio.TimerHandle | None = None
        self.body_timer: asyncio.TimerHandle | None = None
        self.write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, or answer that there are too many."""
        super().connection_made(transport)
        most = self.bounds.max_connections
        if len(self.connections) > most * _CROWD + 1:
            transport.abort()
        elif len(self.connections) > most:
            # Closing at once would cut off a sender that is still writing, before it reads why.
            self.refused = True
            transport.write(_FULL)
            if transport.can_write_eof():
                transport.write_eof()
            self.body_timer = self.loop.call_later(_LINGER, transport.abort)
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers with the connection."""
        for timer in (self.head_timer, self.body_timer, self.write_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """A refused sender has read its answer; any other is uvicorn's."""
        if self.refused:
            self.transport.close()
        super().eof_received()

    def data_received(self, data: bytes) -> None:
        """Feed the parser and start the clock of a head that has begun."""
        if self.refused:
            return
        if not self.in_body:
            self._await_head()
            self.head_bytes += len(data)
        super().data_received(data)
        if self.head_timer is not None and self.head_bytes > _MAX_HEAD:
            self._cancel_head()
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head is whole: its clock stops and the body's starts."""
        self._cancel_head()
        self.in_body = True
        self._await_body(_BODY_TIMES * self.bounds.body_timeout)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole."""
        self.in_body = False
        self._cancel_body()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """After an answer given before the body ended, the rest is read and thrown away, for a time."""
        super().on_response_complete()
        if self.in_body:
            self._await_body(self.bounds.body_timeout)

    def pause_writing(self) -> None:
        """The peer does not read: give it a time."""
        super().pause_writing()
        if self.write_timer is None:
            self.write_timer = self.loop.call_later(self.bounds.body_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """The peer reads again."""
        super().resume_writing()
        if self.write_timer is not None:
            self.write_timer.cancel()
            self.write_timer = None

    def _await_head(self) -> None:
        if self.head_timer is None:
            self.head_timer = self.loop.call_later(self.bounds.header_timeout, self._head_late)

    def _head_late(self) -> None:
        self.head_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._await_head()  # a pipelined head waits for the answer before it, not for its sender
        elif not self.transport.is_closing():
            self.transport.close()

    def _cancel_head(self) -> None:
        self.head_bytes = 0
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None

    def _await_body(self, seconds: float) -> None:
        self._cancel_body()
        self.body_timer = self.loop.call_later(seconds, self._body_late)

    def _body_late(self) -> None:
        self.body_timer = None
        if not self.transport.is_closing():
            self.transport.close()

    def _cancel_body(self) -> None:
        if self.body_timer is not None:
            self.body_timer.cancel()
            self.body_timer = None


class _Uvicorn(uvicorn.Server):
    """uvicorn's server without its signal handlers (the wiring has its own), telling when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen."""
        try:
            await super().startup(sockets)
        except SystemExit:
            raise RuntimeError("the application did not start; its log says why") from None
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class HttpServer:
    """Serves an ASGI application on `http.host` and `http.port`; port 0 takes a free one, then see `port`."""

    def __init__(self, app: Any, settings: HttpSettings, grace: int = _GRACE) -> None:
        self.app = app
        self.settings = settings
        self.grace = grace
        self.port = settings.port
        self._server: _Uvicorn | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen and start the application.

        Raises CannotListen when the address is taken or may not be used, RuntimeError when the
        application's own start failed.
        """
        listener = listen(self.settings.host, self.settings.port)
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self.app,
            http=partial(BoundedProtocol, bounds=self.settings),  # type: ignore[arg-type]
            ws="none",
            loop="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=2048,
            timeout_keep_alive=self.settings.keep_alive,  # type: ignore[arg-type]
            timeout_graceful_shutdown=self.grace,
        )
        self._server = _Uvicorn(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        listening = asyncio.create_task(self._server.listening.wait())
        try:
            await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
        if self._task.done():
            listener.close()
            await self._task

    async def wait(self) -> None:
        """Return when the server has ended; raises what ended it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Take no new requests, finish those under way within the grace, then cut what is left."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises CannotListen with one sentence and what to do."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise CannotListen(error.errno, f"cannot listen on {host}:{port}: {_why(error)}") from None


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the host name is not known here. Use an address of this machine, such as 127.0.0.1"
    reasons = {
        errno.EADDRINUSE: "the port is in use. Stop the program that uses it or choose another with --port",
        errno.EACCES: "this user may not listen there. Choose a port above 1023 with --port",
        errno.EADDRNOTAVAIL: "this machine does not have that address. Choose one of its own with --host",
    }
    return reasons.get(error.errno or 0, str(error))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the event loop the server should run on: uvloop where it exists."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
