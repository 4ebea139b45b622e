"""The one shape of failures: RFC 9457 `application/problem+json`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A failure on its way to the client. `detail` is one sentence; `more` are further members."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = {name: value for name, value in more.items() if value is not None}

    def response(self, instance: str) -> Response:
        """The answer; `instance` is the path of the request."""
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            **self.more,
        }
        return Response(orjson.dumps(document), self.status, self.headers, media_type=MEDIA_TYPE)


def busy(detail: str, seconds: int) -> Problem:
    """429 with the time after which to try again."""
    return Problem(429, detail, headers={"Retry-After": str(seconds)})


def unavailable(detail: str, seconds: int = 5) -> Problem:
    """503 with the time after which to try again."""
    return Problem(503, detail, headers={"Retry-After": str(seconds)})
