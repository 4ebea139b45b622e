"""What endpoints answer with: pages, parts, forms read within bounds, and refusals that become pages."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sightline.api.leaving import ReaderLeft, while_reading
from sightline.pages.address import with_query

MOST_FORM = 64 * 1024
"""Bytes of a form; the largest has a few lines."""


class Missing(Exception):
    """Nothing is at this address; the sentence says what might have been."""


class Refused(Exception):
    """A form that is not taken as it came: too large, of another type, or without its token.

    `back` is the address of the page with the form, where that is known.
    """

    def __init__(self, status: int, title: str, sentence: str, back: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.title = title
        self.back = back


def html(text: str, status: int = 200) -> HTMLResponse:
    """A page, or a part of one."""
    return HTMLResponse(text, status, headers={"vary": "hx-request, hx-target, cookie"})


def part(request: Request) -> str:
    """The id of the part htmx asks for; empty for a whole page."""
    headers = request.headers
    if headers.get("hx-request") != "true" or headers.get("hx-history-restore-request") == "true":
        return ""
    return headers.get("hx-target", "")


def back_to(path: str, anchor: str = "", **query: str) -> RedirectResponse:
    """After a form: to a page that can be reloaded (303)."""
    return RedirectResponse(with_query(path, query) + (f"#{anchor}" if anchor else ""), 303)


async def form(request: Request) -> Mapping[str, str]:
    """The fields of a form, the last of each name. Raises Refused."""
    kept: dict[str, str] | None = getattr(request.state, "form", None)
    if kept is not None:
        return kept
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Refused(415, "This form is of another kind", "Send it from the page it stands on.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM:
            raise Refused(413, "This form is too large", f"At most {MOST_FORM // 1024} KiB are taken.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise Refused(400, "This form cannot be read", "Send it again from the page it stands on.") from error
    request.state.form = dict(pairs)
    return dict(pairs)


async def while_connected(request: Request, work: Awaitable[Response]) -> Response:
    """The answer, unless the reader goes away first: then the work, and what it asks of the store, stops."""
    try:
        return await while_reading(request, work)
    except ReaderLeft:
        return Response(status_code=499)
