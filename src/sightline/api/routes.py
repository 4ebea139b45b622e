"""The API on HTTP: one endpoint for each path, and a problem for everything else below `/api`."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from sightline.api.access import admit
from sightline.api.asking import answered
from sightline.api.limits import caller
from sightline.api.openapi import document
from sightline.api.operations import PREFIX, Call, Operation
from sightline.api.problems import Problem
from sightline.api.schemas import check, read_json
from sightline.api.services import ApiServices
from sightline.api.table import OPERATIONS, TOPICS

log = structlog.get_logger(__name__)
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def routes(services: ApiServices) -> list[BaseRoute]:
    """Every route of the API. The last one answers whatever else is asked below `/api`."""
    by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in OPERATIONS:
        by_path[operation.path][operation.method] = operation
    found: list[BaseRoute] = [
        Route(PREFIX + path, _Path(services, methods)) for path, methods in by_path.items()
    ]
    found.append(Route(f"{PREFIX}/openapi.json", _Document()))
    nothing = _Nothing()
    found += [Route("/api", nothing), Route("/api/{rest:path}", nothing)]
    return found


def _answer(content: Mapping[str, Any], status: int = 200) -> Response:
    body = orjson.dumps(content, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, status, media_type="application/json")


def _kept(response: Response, caching: str, request: Request) -> Response:
    """An answer that a reader may keep: with a mark of its body, or 304 for one who has that already."""
    tag = f'W/"{hashlib.sha256(response.body).hexdigest()[:24]}"'
    headers = {"Cache-Control": caching, "ETag": tag, "Vary": "Authorization, X-Api-Key, Cookie"}
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if response.status_code == 200 and (tag in known or known == ["*"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def _plain(value: Any) -> Any:
    """What orjson does not know by itself."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


class _Endpoint:
    """An ASGI application that answers problems as problems, also those nobody foresaw."""

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await self.respond(request)
        except Problem as problem:
            response = problem.response(request.url.path)
        except Exception:
            log.exception("api_failed", method=request.method, path=request.url.path)
            failure = Problem(500, "The server failed at this request; its log says why.")
            response = failure.response(request.url.path)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """Answer, or raise a Problem."""
        raise NotImplementedError


def _wrong_method(request: Request, methods: list[str]) -> Response:
    allowed = ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allowed})
    raise Problem(
        405, f"{request.method} is not possible here; possible are {allowed}.", headers={"Allow": allowed}
    )


class _Path(_Endpoint):
    """All operations of one path."""

    def __init__(self, services: ApiServices, methods: Mapping[str, Operation]) -> None:
        self._services = services
        self._methods = methods

    async def respond(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        operation = self._methods.get(method)
        if operation is None:
            return _wrong_method(request, list(self._methods))
        principal, project, operator = await admit(request, operation, self._services)
        headers: Mapping[str, str] = {}
        if self._services.limits is not None and operation.scope is not None:
            verdict = self._services.limits.take(caller(request, principal))
            headers = verdict.headers
            if not verdict.allowed:
                raise Problem(429, verdict.sentence, headers=headers)
        check_query(request, operation)
        body = None
        if operation.body is not None:
            body = await read_json(request)
            check(body, operation.body)
        work = operation.handler(Call(request, self._services, principal, project, operator, body))
        answer = await (work if operation.changes else answered(request, work))
        response = answer if isinstance(answer, Response) else _answer(answer, operation.status)
        if operation.caching != "no-store":
            response = _kept(response, operation.caching, request)
        response.headers.update(headers)
        return response


def check_query(request: Request, operation: Operation) -> None:
    """Refuse what the query string should not hold: a misspelt name would be a question nobody asked."""
    known = (*operation.known, *(() if "project" in operation.known else ("project",)))
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        named = ", ".join(f"{name[:40]!r}" for name in unknown[:5])
        raise Problem(
            422, f"There is no parameter {named} here; known are {', '.join(known)}.", reason="parameters"
        )


class _Document(_Endpoint):
    """The OpenAPI document, open to everyone: it tells nothing about this server's data."""

    async def respond(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return _wrong_method(request, ["GET"])
        return _kept(_answer(document(TOPICS)), "public, no-cache", request)


class _Nothing(_Endpoint):
    """Whatever has no address."""

    async def respond(self, request: Request) -> Response:
        raise Problem(
            404,
            f"There is nothing at {request.url.path[:200]}; see {PREFIX}/openapi.json, or /docs.",
        )
