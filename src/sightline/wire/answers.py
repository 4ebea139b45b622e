"""What a sender gets back: OTLP's responses and google.rpc.Status, in protobuf or JSON."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from sightline.control.gate import AccessDenied
from sightline.records.ingest import JournalFull, JournalUnavailable, Signal
from sightline.wire.json_fields import camel
from sightline.wire.receiver import Encoding, Outcome
from sightline.wire.refusals import Busy, Refused
from sightline.wire.shapes import SHAPES

# google.rpc.Code by HTTP status; both ways in speak of the same failure with these two numbers.
_CODES = {400: 3, 401: 16, 403: 7, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14}
_WAIT_FOR_KEYS = 5  # seconds, when a key cannot be checked at this moment
_MAX_MESSAGE = 1000  # a status travels in headers on gRPC, which are bounded at 8 KiB
MEDIA_TYPES: dict[Encoding, str] = {"protobuf": "application/x-protobuf", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A refused request: HTTP status, google.rpc code, a sentence, seconds to wait (None: no retry)."""

    status: int
    code: int
    message: str
    retry_after: int | None = None

    def details(self) -> bytes:
        """A google.rpc.Status with RetryInfo where a retry can help, encoded."""
        status = Status(code=self.code, message=self.message)
        if self.retry_after is not None:
            status.details.add().Pack(self.retry_info())
        return bytes(status.SerializeToString())

    def retry_info(self) -> RetryInfo:
        """When to try again."""
        info = RetryInfo()
        info.retry_delay.seconds = self.retry_after or 0
        return info

    def body(self, encoding: Encoding) -> bytes:
        """The error body of OTLP/HTTP."""
        if encoding == "json":
            return orjson.dumps({"code": self.code, "message": self.message})
        return self.details()


FAILURES = (Refused, AccessDenied, JournalFull, JournalUnavailable)
"""The exceptions `failure` understands."""


def failure(error: Exception) -> Failure:
    """The answer to an exception of FAILURES."""
    status, wait = 500, None
    if isinstance(error, Refused | AccessDenied):
        status = error.status
    if isinstance(error, Busy | JournalFull | JournalUnavailable):
        status = 429 if isinstance(error, JournalFull) else 503
        wait = max(1, error.retry_after)
    elif isinstance(error, AccessDenied) and error.retry_after is not None:
        wait = max(1, error.retry_after)
    elif status == 503:
        wait = _WAIT_FOR_KEYS
    message = str(error)
    if len(message) > _MAX_MESSAGE:
        message = message[: _MAX_MESSAGE - 1] + "…"
    return Failure(status, _CODES.get(status, 13), message, wait)


def success(signal: Signal, outcome: Outcome, encoding: Encoding) -> bytes:
    """An Export…ServiceResponse; empty but for a partial success."""
    rejected = SHAPES[signal].rejected
    if not outcome.rejected and not outcome.message:
        return b"" if encoding == "protobuf" else b"{}"
    if encoding == "json":
        partial = {camel(rejected): str(outcome.rejected), "errorMessage": outcome.message}
        return orjson.dumps({"partialSuccess": partial})
    response = SHAPES[signal].response()
    setattr(response.partial_success, rejected, outcome.rejected)
    response.partial_success.error_message = outcome.message
    return bytes(response.SerializeToString())
