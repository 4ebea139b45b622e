"""`/api/v1/export`: whatever a filter chooses as a file, sent as it is made."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import SELECTED, rows, selection
from sightline.api.problems import busy, unavailable
from sightline.query.export_errors import ExportBusy, ExportFailed
from sightline.query.export_sql import Form, Shape, Wanted
from sightline.query.exports import Export
from sightline.query.filter.vocabulary import LOGS
from sightline.query.selection import Target
from sightline.records.access import Scope
from sightline.store.rows import StoreError

log = structlog.get_logger(__name__)
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
    wanted = _wanted(call)
    form = wanted.form
    accepted = call.request.headers.get("accept-encoding", "")
    gzip = form not in _PACKED and "gzip" in {word.partition(";")[0].strip() for word in accepted.split(",")}
    try:
        made = await exports.begin(wanted, gzip=gzip)
    except ExportBusy as error:
        raise busy(str(error), error.retry_after) from error
    media, ending = _MEDIA[form]
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(call.project, wanted, call.now)}.{ending}"',
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


def _wanted(call: Call) -> Wanted:
    shape = Shape(call.word("target", tuple(Shape), Shape.SPANS))
    form = Form(call.word("format", tuple(Form), Form.PARQUET))
    chosen = (
        rows(call, LOGS)
        if shape is Shape.LOGS
        else selection(call, Target.TRACES if shape is Shape.TRACES else Target.SPANS)
    )
    return Wanted(chosen, shape, form, call.flag("content", True))


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
            *SELECTED,
            Parameter(
                "target",
                "What the rows are; traces: every span of the traces that match.",
                {"type": "string", "enum": list(Shape), "default": Shape.SPANS},
            ),
            Parameter(
                "format",
                "The file's format.",
                {"type": "string", "enum": list(Form), "default": Form.PARQUET},
            ),
            Parameter("content", "Prompts and answers too.", {"type": "boolean", "default": True}),
        ),
        failures=(429,),
        media_type="application/octet-stream",
    ),
)
