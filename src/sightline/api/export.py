"""`/api/v1/export`: whatever a filter chooses as a file, sent as it is made."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from sightline.api import shapes
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import PROJECT
from sightline.api.problems import Problem, busy, unavailable
from sightline.query.export_errors import ExportBusy, ExportFailed
from sightline.query.export_sql import Form, Shape, Wanted
from sightline.query.exports import Export
from sightline.query.filter import literals
from sightline.query.filter.errors import FilterError
from sightline.query.selection import Target, select
from sightline.query.window import LATEST, Window
from sightline.records.access import Scope
from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError

log = structlog.get_logger(__name__)
_Word = TypeVar("_Word", Shape, Form)
_DAY = 86_400 * 10**9
_MEDIA: Mapping[Form, tuple[str, str]] = {
    Form.PARQUET: ("application/vnd.apache.parquet", "parquet"),
    Form.CSV: ("text/csv; charset=utf-8", "csv"),
    Form.JSONL: ("application/x-ndjson", "jsonl"),
    Form.OTLP: ("application/x-ndjson", "otlp.jsonl"),
}
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
# What does not shrink any more.
_PACKED = (Form.PARQUET,)


async def export(call: Call) -> Response:
    """What a filter chooses, as a file."""
    exports = call.services.exports
    if exports is None:
        raise unavailable("This process makes no exports.")
    now = time.time_ns()
    wanted = _wanted(call, now)
    form = wanted.form
    accepted = call.request.headers.get("accept-encoding", "")
    gzip = form not in _PACKED and "gzip" in {word.partition(";")[0].strip() for word in accepted.split(",")}
    try:
        made = await exports.begin(wanted, gzip=gzip)
    except ExportBusy as error:
        raise busy(str(error), error.retry_after) from error
    except (QueryTimeout, QueryTooLarge) as error:
        raise Problem(
            422, "Counting what is to be exported takes more than is allowed; narrow the filter or the time.",
            reason="limit",
        ) from error  # fmt: skip
    except StoreError as error:
        raise unavailable("The store cannot answer now; try again in a moment.") from error
    media, ending = _MEDIA[form]
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(call.project, wanted, now)}.{ending}"',
        "X-Sightline-Count": str(made.snapshot.found),
        "X-Sightline-Rows": str(made.snapshot.rows),
        **({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if gzip else {}),
    }
    return _Sent(made, headers, media, head_only=call.request.method == "HEAD")


def file_name(project: str, wanted: Wanted, now: int) -> str:
    """A file's name: project, shape, the filter's words, and when it was made."""
    words = _NOT_A_NAME.sub("-", wanted.selection.text.lower()).strip("-")[:40].strip("-") or "all"
    made = datetime.fromtimestamp(now // 10**9, UTC)
    return f"{project}-{wanted.shape}-{words}-{made:%Y%m%dT%H%M%SZ}"


def _wanted(call: Call, now: int) -> Wanted:
    shape = _one_of(call, "target", Shape, Shape.SPANS)
    form = _one_of(call, "format", Form, Form.PARQUET)
    until = _moment(call, "until", now, now)
    since = _moment(call, "since", max(0, until - _DAY), now)
    if since >= until:
        raise Problem(422, "since is not before until; give the earlier time as since.")
    target = Target.TRACES if shape is Shape.TRACES else Target.SPANS
    window = Window(call.project, since, until)
    try:
        selection = select(call.text("q") or "", window, now, target, call.text("environment") or "")
    except FilterError as error:
        raise Problem(422, str(error), reason="filter", **error_place(error)) from error
    return Wanted(selection, shape, form, call.flag("content", True))


def error_place(error: FilterError) -> dict[str, Any]:
    """Where a filter is wrong and what may have been meant, as members of a problem."""
    return {"position": error.offset, "length": error.length, "proposal": error.proposal or None}


def _one_of(call: Call, name: str, words: type[_Word], default: _Word) -> _Word:
    given = call.text(name)
    try:
        return words(given) if given else default
    except ValueError as error:
        known = ", ".join(words)
        raise Problem(422, f"{name} is {(given or '')[:40]!r}; expected one of {known}.") from error


def _moment(call: Call, name: str, default: int, now: int) -> int:
    given = call.text(name)
    if given is None:
        return default
    if given.isascii() and given.isdigit() and len(given) > 4:
        return min(int(given[:20]), LATEST)
    found = literals.time(given, now)
    if found is None:
        raise Problem(
            422,
            f"{name} is {given[:40]!r}; expected a time such as 2026-11-01T12:00:00Z, -24h, now, or"
            " nanoseconds.",
        )
    return found.first


class _Sent(Response):
    """A file on its way. When it cannot go on the connection is cut, so that no part of it passes for all."""

    def __init__(self, made: Export, headers: Mapping[str, str], media: str, head_only: bool) -> None:
        super().__init__(None, 200, headers, media)
        del self.headers["content-length"]
        self._made, self._head_only = made, head_only

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if not self._head_only and not await self._send(gone, send):
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (ExportFailed, StoreError) as error:
            log.warning("export_failed", reason=str(error)[:500])
        finally:
            gone.cancel()
            await self._made.close()

    async def _send(self, gone: asyncio.Future[None], send: Send) -> bool:
        """Send every piece; False when the client left."""
        pieces = aiter(self._made.pieces)
        while True:
            coming: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(pieces, None))
            ways: set[asyncio.Future[Any]] = {coming, gone}
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError, ExportFailed, StoreError):
                    await coming
                return False
            piece = coming.result()
            if piece is None:
                return True
            await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


_TIME = {"type": "string", "description": "A time, a time before now such as -24h, or nanoseconds."}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/export",
        export,
        "What a filter chooses, as a file",
        Scope.READ,
        {"type": "string", "format": "binary"},
        "X-Sightline-Count says how many spans, traces or records there are, X-Sightline-Rows how many rows.",
        parameters=(
            PROJECT,
            Parameter("q", "The filter; of logs, that of the spans they were written in.", shapes.TEXT),
            Parameter("since", "From; default: a day before until.", _TIME),
            Parameter("until", "Up to, without; default: now.", _TIME),
            Parameter("environment", "Only this environment.", shapes.TEXT),
            Parameter(
                "target", "Rows; traces: every span of the traces that match.",
                {"type": "string", "enum": list(Shape), "default": Shape.SPANS},
            ),
            Parameter(
                "format", "The file's format.",
                {"type": "string", "enum": list(Form), "default": Form.PARQUET},
            ),
            Parameter("content", "Prompts and answers too.", {"type": "boolean", "default": True}),
        ),
        failures=(429,),
        media_type="application/octet-stream",
    ),
)  # fmt: skip
