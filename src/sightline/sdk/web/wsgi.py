"""Requests of WSGI applications, and Flask's with their routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Unpack

from sightline.sdk.warnings_once import warn_once
from sightline.sdk.web.options import Options, WebOptions, web_options
from sightline.sdk.web.request_span import Entered, RequestSpan

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
SPAN = "sightline.request_span"
ROUTE = "sightline.route"


class SightlineWSGIMiddleware:
    """A span for every request of a WSGI application.

        application = SightlineWSGIMiddleware(application)

    `identify` is given the WSGI environ. A framework that knows its routes may put one into
    `environ["sightline.route"]`; for Flask use `sightline.instrument_flask(app)`. All options: `WebOptions`.
    """

    def __init__(self, app: App, **options: Unpack[Options]) -> None:
        self.app = app
        self._options = web_options(options)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        path = environ.get("PATH_INFO", "")
        if self._options.skips(path):
            return self.app(environ, start_response)
        request = _Request(environ, path, self._options)
        with Entered(request.span.context):
            try:
                body = self.app(environ, request.starting(start_response))
            except Exception as error:
                request.span.failed(error)
                request.end()
                raise
        wrapper = environ.get("wsgi.file_wrapper")
        sent_as_file = isinstance(wrapper, type) and isinstance(body, wrapper)
        if sent_as_file or isinstance(body, list | tuple) or not request.streams:
            request.end()
            return body
        return _Body(body, request)


class _Request:
    def __init__(self, environ: Environ, path: str, options: WebOptions) -> None:
        self._environ = environ
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and isinstance(value, str)
        }
        method, scheme = environ.get("REQUEST_METHOD", ""), environ.get("wsgi.url_scheme", "http")
        self.span = RequestSpan(options, method, path, scheme, headers)
        self.streams = True
        environ[SPAN] = self.span
        if options.identify is not None:
            try:
                self.span.identify(options.identify(environ))
            except Exception as error:  # a border: the program's own function
                warn_once("identify", f"sightline: identify(environ) raised {type(error).__name__}: {error}.")

    def starting(self, start_response: Callable[..., Any]) -> Callable[..., Any]:
        """The server's `start_response`, which hears the status in passing."""

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            self.streams = all(name.lower() != "content-length" for name, _ in headers)
            code = status[:3]
            added = self.span.answered(int(code) if code.isdigit() else 0)
            write = start_response(status, [*headers, *added], *more)

            def writing(data: bytes) -> Any:
                self.span.chunk(data)
                return write(data)

            return writing

        return start

    def end(self, disconnected: bool = False) -> None:
        self._environ.pop(SPAN, None)
        self.span.tell(self._environ.get(ROUTE))
        self.span.end(disconnected)


class _Body:
    """A body that is made as it is read: each piece in the request's context, passed on at once."""

    def __init__(self, body: Iterable[bytes], request: _Request) -> None:
        self._body, self._request = body, request
        self._pieces: Iterator[bytes] | None = None
        self._complete = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with Entered(self._request.span.context):
            try:
                if self._pieces is None:
                    self._pieces = iter(self._body)
                piece = next(self._pieces)
            except StopIteration:
                self._complete = True
                self._request.end()
                raise
            except Exception as error:
                self._complete = True
                self._request.span.failed(error)
                self._request.end()
                raise
        self._request.span.chunk(piece)
        return piece

    def close(self) -> None:
        """The server is done with it, at its end or before."""
        try:
            with Entered(self._request.span.context):
                close = getattr(self._body, "close", None)
                if close is not None:
                    close()
        finally:
            self._request.end(not self._complete)


def instrument_flask(app: Any, **options: Unpack[Options]) -> Any:
    """See the requests of a Flask application, named by their URL rules. Returns the application.

        app = Flask(__name__)
        sightline.instrument_flask(app, identify=lambda request: {"user": request.headers.get("x-user")})

    `identify` is given Flask's request. Twice on one application is once. All options: `WebOptions`.
    """
    inner = getattr(app, "wsgi_app", None)
    if inner is None:
        warn_once(
            "flask",
            f"sightline.instrument_flask(a {type(app).__name__}): expected a Flask application; it is left "
            "as it is. For others write application = sightline.SightlineWSGIMiddleware(application).",
        )
        return app
    if isinstance(inner, SightlineWSGIMiddleware):
        return app
    import flask

    identify = options.pop("identify", None)

    def before() -> None:
        environ = flask.request.environ
        rule = flask.request.url_rule
        if rule is not None:
            environ[ROUTE] = rule.rule
        span = environ.get(SPAN)
        if span is not None and identify is not None:
            try:
                span.identify(identify(flask.request))
            except Exception as error:  # a border: the program's own function
                warn_once("identify", f"sightline: identify(request) raised {type(error).__name__}: {error}.")

    def failed(sender: Any, exception: BaseException, **_: Any) -> None:
        span = flask.request.environ.get(SPAN) if flask.has_request_context() else None
        if span is not None:
            span.failed(exception)

    app.before_request_funcs.setdefault(None, []).insert(0, before)
    flask.got_request_exception.connect(failed, app, weak=False)
    app.wsgi_app = SightlineWSGIMiddleware(app.wsgi_app, **options)
    return app
