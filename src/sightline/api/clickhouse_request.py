"""A request of ClickHouse's HTTP protocol: who asks, what, and in which form the answer is wanted."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from sightline.api.clickhouse_errors import Failure
from sightline.control.control import Control
from sightline.control.errors import ControlError, ControlUnavailable
from sightline.control.gate import Gate, require
from sightline.query.sql_dialect import DATABASE
from sightline.query.sql_errors import SqlError
from sightline.query.sql_stream import Question
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope

MAX_BODY = 1 * 2**20
_WHOLE = re.compile(r"\d{1,12}")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _flag(text: str) -> int | None:
    return {"0": 0, "1": 1, "false": 0, "true": 1}.get(text)


def _one_of(*words: str) -> Callable[[str], str | None]:
    return lambda text: text if text in words else None


# Settings that only shape the answer. All others in the address are passed over: clients send many, and none
# of them may move a wall.
_SETTINGS: Mapping[str, Callable[[str], str | int | None]] = {
    "limit": _whole,
    "offset": _whole,
    "join_use_nulls": _flag,
    "date_time_output_format": _one_of("simple", "iso", "unix_timestamp"),
    "output_format_json_quote_64bit_integers": _flag,
    "output_format_json_quote_denormals": _flag,
    "output_format_json_quote_decimals": _flag,
    "output_format_json_named_tuples_as_objects": _flag,
    "output_format_binary_write_json_as_string": _flag,
    "output_format_native_write_json_as_string": _flag,
    "session_timezone": lambda text: text if _ZONE.fullmatch(text) else None,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read: the question, its id, and the time zone its answer is in."""

    question: Question
    query_id: str
    timezone: str


def credentials(request: Request) -> tuple[dict[str, str], str]:
    """The headers with the key where the gate looks for it, and the user's name ('' for none).

    The key may be the password of Basic, `X-ClickHouse-Key`, or `password` in the address.
    """
    headers = dict(request.headers)
    user = request.headers.get("x-clickhouse-user") or request.query_params.get("user", "")
    key = request.headers.get("x-clickhouse-key") or request.query_params.get("password", "")
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        with suppress(binascii.Error, ValueError):  # the gate says what is wrong with it
            user = user or base64.b64decode(rest.strip()).decode().partition(":")[0]
    if key:
        headers["x-api-key"] = key
    return headers, user


async def asker(request: Request, gate: Gate) -> tuple[Principal, str]:
    """Who asks, and the user's name ('' for none). Raises AccessDenied."""
    headers, user = credentials(request)
    principal = await run_in_threadpool(gate.authenticate, headers)
    require(principal, Scope.READ)
    return principal, user


async def project_of(request: Request, principal: Principal, user: str, control: Control) -> tuple[str, str]:
    """The project that is asked and the user's name. Raises Failure.

    A key belongs to one project. Where none is needed, the user's name chooses.
    """
    if principal.key_id is not None:
        return principal.project, user or DEFAULT_PROJECT
    wanted = request.query_params.get("project") or user or DEFAULT_PROJECT
    try:
        project = await run_in_threadpool(control.project, wanted)
    except ControlUnavailable as error:
        raise Failure(210, "NETWORK_ERROR", 503, str(error), {"Retry-After": "5"}) from error
    except ControlError:
        project = None
    if project is None:
        raise Failure(
            192, "UNKNOWN_USER", 403,
            f"There is no project {wanted[:80]!r}; without keys the user is the project's name, or"
            f" {DEFAULT_PROJECT!r}.",
        )  # fmt: skip
    return project.name, user or DEFAULT_PROJECT


async def read(request: Request, project: str, user: str) -> Asked:
    """The question of a request. Raises Failure or SqlError."""
    given = dict(request.query_params)
    body = await _body(request)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        given |= _form(request.headers["content-type"], body)
        body = b""
    _refuse(request, given)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise SqlError("The query is not UTF-8.", "syntax") from error
    query = "\n".join(part for part in (given.get("query", ""), text) if part.strip())
    settings = {
        name: value
        for name, check in _SETTINGS.items()
        if name in given and (value := check(given[name])) is not None
    }
    return Asked(
        Question(
            project=project,
            query=query,
            user=user,
            parameters={name[6:]: value for name, value in given.items() if name.startswith("param_")},
            settings={
                name: value
                for name, value in settings.items()
                if value != 0 or name not in {"limit", "offset"}
            },
            default_format=request.headers.get("x-clickhouse-format")
            or given.get("default_format")
            or "TabSeparated",
            revision=_whole(given.get("client_protocol_version", "")) or 0,
        ),
        re.sub(r"[^\x21-\x7e]", "", given.get("query_id", ""))[:100],
        str(settings.get("session_timezone", "UTC")),
    )


def _refuse(request: Request, given: Mapping[str, str]) -> None:
    """What would change how the bytes are read must not be passed over."""
    if _flag(given.get("compress", "0")):
        raise Failure(
            1, "UNSUPPORTED_METHOD", 400,
            "compress=1 (ClickHouse's own blocks) is not available: turn the driver's compression off, or ask"
            " for gzip or zstd with Accept-Encoding and enable_http_compression=1.",
        )  # fmt: skip
    encoding = request.headers.get("content-encoding", "identity")
    if _flag(given.get("decompress", "0")) or encoding != "identity":
        raise Failure(1, "UNSUPPORTED_METHOD", 400, "A query is sent as it is, not compressed.")
    database = request.headers.get("x-clickhouse-database") or given.get("database") or DATABASE
    if database not in {DATABASE, "system"}:
        raise Failure(
            81,
            "UNKNOWN_DATABASE",
            404,
            f"There is no database {database[:80]!r}; the one there is is {DATABASE!r}.",
        )


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY:
                raise Failure(
                    307,
                    "TOO_MANY_BYTES",
                    413,
                    f"The body is longer than {MAX_BODY // 2**20} MiB; only queries come here.",
                )
    except ClientDisconnect as error:
        raise Failure(210, "NETWORK_ERROR", 400, "The client left before the body was complete.") from error
    return bytes(body)


def _form(kind: str, body: bytes) -> dict[str, str]:
    """Query and parameters sent as a form, as drivers do where an address would grow too long."""
    parts = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found: dict[str, str] = {}
    if not parts.is_multipart():
        raise Failure(1, "UNSUPPORTED_METHOD", 400, "The form cannot be read.")
    for part in parts.walk():
        name = part.get_param("name", header="content-disposition")
        if name is None:
            continue
        if part.get_filename() is not None:
            raise Failure(1, "UNSUPPORTED_METHOD", 400, "External tables are not available here.")
        payload = part.get_payload(decode=True)
        found[str(name)] = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return found
