"""Requests of Django, under WSGI and ASGI, with views of both kinds."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar, cast

from sightline.sdk.warnings_once import warn_once
from sightline.sdk.web.options import Options, WebOptions, web_options
from sightline.sdk.web.request_span import Entered, RequestSpan

SPAN = "_sightline_span"


class DjangoMiddleware:
    """A span for every request, named by its URL pattern; first in `MIDDLEWARE`.

        MIDDLEWARE = ["sightline.DjangoMiddleware", ...]
        SIGHTLINE = {"identify": lambda request: {"session": request.COOKIES.get("chat")}}

    The setting `SIGHTLINE` has the options (`WebOptions`); `identify` is given Django's request before other
    middlewares have run. A user that the program has asked for (`request.user`) is taken at the end; one
    that it has not is not loaded for this.
    """

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        from asgiref.sync import iscoroutinefunction, markcoroutinefunction
        from django.conf import settings

        self.get_response = get_response
        self._options: WebOptions = web_options(cast("Options", getattr(settings, "SIGHTLINE", {})))
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Serve one request; a coroutine where what follows is one."""
        if self._options.skips(request.path):
            return self.get_response(request)
        span = _begun(request, self._options)
        if self._is_async:
            return self._served(request, span)
        span.identify(_said(self._options, request))
        with Entered(span.context):
            try:
                response = self.get_response(request)
            except Exception as error:  # only what no handler of Django's caught
                span.failed(error)
                _end(request, span)
                raise
        return _answered(request, response, span)

    async def _served(self, request: Any, span: RequestSpan) -> Any:
        span.identify(await _said_later(self._options, request))
        with Entered(span.context):
            try:
                response = await self.get_response(request)
            except BaseException as error:  # a client that left cancels the task
                if isinstance(error, Exception):
                    span.failed(error)
                _end(request, span, not isinstance(error, Exception))
                raise
        return _answered(request, response, span)

    def process_exception(self, request: Any, exception: Exception) -> None:
        """A view raised; Django makes an answer of it."""
        span = getattr(request, SPAN, None)
        if span is not None:
            span.failed(exception)


def _begun(request: Any, options: WebOptions) -> RequestSpan:
    headers = {name.lower(): value for name, value in request.headers.items()}
    span = RequestSpan(options, request.method or "", request.path, request.scheme or "http", headers)
    setattr(request, SPAN, span)
    return span


def _said(options: WebOptions, request: Any) -> Any:
    if options.identify is None:
        return None
    try:
        return options.identify(request)
    except Exception as error:  # a border: the program's own function
        warn_once("identify", f"sightline: identify(request) raised {type(error).__name__}: {error}.")
        return None


async def _said_later(options: WebOptions, request: Any) -> Any:
    said = _said(options, request)
    try:
        return await said if inspect.isawaitable(said) else said
    except Exception as error:  # a border: the program's own function
        warn_once("identify", f"sightline: identify(request) raised {type(error).__name__}: {error}.")
        return None


def _answered(request: Any, response: Any, span: RequestSpan) -> Any:
    """Note the answer; a streamed one ends its span when Django closes it."""
    for name, value in span.answered(response.status_code):
        response.headers[name] = value
    span.identify(_user(request))
    if not getattr(response, "streaming", False):
        _end(request, span)
        return response
    body = _Streamed(request, span)
    pieces = response.streaming_content
    response.streaming_content = (
        body.later(pieces) if hasattr(pieces, "__aiter__") else body.pieces(iter(pieces))
    )
    response._resource_closers.append(body.close)
    return response


class _Streamed:
    """A streamed body, passed on piece by piece as it is made."""

    def __init__(self, request: Any, span: RequestSpan) -> None:
        self._request, self._span = request, span
        self._complete = False

    def pieces(self, made: Iterator[Any]) -> Iterator[Any]:
        while True:
            with Entered(self._span.context):
                try:
                    piece = next(made)
                except StopIteration:
                    break
                except Exception as error:
                    self._failed(error)
                    raise
            self._span.chunk(_bytes(piece))
            yield piece
        self._complete = True

    async def later(self, made: AsyncIterator[Any]) -> AsyncIterator[Any]:
        pieces = made.__aiter__()
        while True:
            with Entered(self._span.context):
                try:
                    piece = await pieces.__anext__()
                except StopAsyncIteration:
                    break
                except Exception as error:
                    self._failed(error)
                    raise
            self._span.chunk(_bytes(piece))
            yield piece
        self._complete = True

    def close(self) -> None:
        _end(self._request, self._span, not self._complete)

    def _failed(self, error: Exception) -> None:
        self._complete = True
        self._span.failed(error)


def _end(request: Any, span: RequestSpan, disconnected: bool = False) -> None:
    span.tell(_route(request))
    span.end(disconnected)


def _bytes(piece: object) -> bytes:
    return piece if isinstance(piece, bytes) else str(piece)[:1000].encode()


def _route(request: Any) -> str | None:
    match = getattr(request, "resolver_match", None)
    route = getattr(match, "route", None)
    return f"/{route.lstrip('/^')}" if isinstance(route, str) else None


def _user(request: Any) -> dict[str, object] | None:
    """The user that the program has loaded, by its primary key."""
    try:
        user = getattr(request, "_cached_user", None) or getattr(request, "_acached_user", None)
        if user is not None and user.is_authenticated:
            return {"user": str(user.pk)}
    except Exception as error:  # a border: the program's own user model
        warn_once("request user", f"sightline: request.user was not read ({type(error).__name__}: {error}).")
    return None
