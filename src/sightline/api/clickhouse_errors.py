"""Failures in ClickHouse's words: `Code: 62. DB::Exception: … (SYNTAX_ERROR)`, with a number and a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sightline.control.gate import AccessDenied
from sightline.query.sql_errors import SqlBusy, SqlError, SqlTooLarge, SqlTooLong
from sightline.store.rows import StoreError


@dataclass(frozen=True, slots=True)
class Failure(Exception):
    """A refused or failed request: ClickHouse's number and name for it, the HTTP status, one sentence."""

    code: int
    name: str
    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What the body says; clients read number and name out of it."""
        return f"Code: {self.code}. DB::Exception: {self.message} ({self.name})\n"


# Numbers of the engine that clients treat in a way of their own; the others keep the kind of our reason.
_ENGINE = {
    47: ("UNKNOWN_IDENTIFIER", 404),
    53: ("TYPE_MISMATCH", 400),
    60: ("UNKNOWN_TABLE", 404),
    6: ("CANNOT_PARSE_TEXT", 400),
    27: ("CANNOT_PARSE_INPUT_ASSERTION_FAILED", 400),
    43: ("ILLEGAL_TYPE_OF_ARGUMENT", 400),
    153: ("ILLEGAL_DIVISION", 400),
    215: ("NOT_AN_AGGREGATE", 400),
    396: ("TOO_MANY_ROWS_OR_BYTES", 400),
}
_REASONS = {
    "syntax": (62, "SYNTAX_ERROR", 400),
    "refused": (497, "ACCESS_DENIED", 403),
    "unknown": (47, "UNKNOWN_IDENTIFIER", 404),
    "parameters": (456, "UNKNOWN_QUERY_PARAMETER", 400),
    "format": (73, "UNKNOWN_FORMAT", 400),
    "failed": (1002, "UNKNOWN_EXCEPTION", 400),
}


def failure_of(error: Exception) -> Failure:
    """What a client is told about an error of a query, or of the way there."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, SqlBusy):
        wait = {"Retry-After": str(error.retry_after)}
        return Failure(202, "TOO_MANY_SIMULTANEOUS_QUERIES", 429, str(error), wait)
    if isinstance(error, SqlTooLong):
        return Failure(159, "TIMEOUT_EXCEEDED", 408, str(error))
    if isinstance(error, SqlTooLarge):
        return Failure(241, "MEMORY_LIMIT_EXCEEDED", 400, str(error))
    if isinstance(error, SqlError):
        cause = error.__cause__
        code = cause.code if isinstance(cause, StoreError) else 0
        if code in _ENGINE:
            return Failure(code, *_ENGINE[code], str(error))
        if error.reason == "unknown" and "no table" in str(error):
            return Failure(60, "UNKNOWN_TABLE", 404, str(error))
        return Failure(*_REASONS.get(error.reason, _REASONS["failed"]), str(error))
    if isinstance(error, AccessDenied):
        challenge = {"WWW-Authenticate": 'Bearer realm="sightline"'} if error.status == 401 else {}
        return Failure(516, "AUTHENTICATION_FAILED", error.status, error.message, challenge)
    if isinstance(error, StoreError):
        text = "The store cannot answer now; try again in a moment."
        return Failure(210, "NETWORK_ERROR", 503, text, {"Retry-After": "5"})
    return Failure(1001, "STD_EXCEPTION", 500, "The server failed at this request; its log says why.")
