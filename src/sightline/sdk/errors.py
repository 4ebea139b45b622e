"""How an exception, a cancellation and an early end stand on a span."""

from __future__ import annotations

import sys
import traceback
from typing import Final

from opentelemetry.trace import Span, Status, StatusCode

from sightline.sdk import names
from sightline.sdk.capture import cut
from sightline.sdk.capture_types import name_of

CLOSED: Final = "closed"
CANCELLED: Final = "cancelled"
COLLECTED: Final = "collected"
_MAX_MESSAGE: Final = 4_000
_MAX_TRACEBACK: Final = 20_000
_MAX_FRAMES: Final = 60


def note_end(span: Span, error: BaseException | None) -> None:
    """Write down how something ended; nothing where it just returned.

    A cancelled task and a closed generator are marked, not failed: whoever asked did not want the rest. A
    program that exits with code 0 did not fail either.
    """
    if error is None or not span.is_recording():
        return
    if _cancelled(error):
        span.set_attribute(names.LEFT_EARLY, CANCELLED)
    elif isinstance(error, GeneratorExit):
        span.set_attribute(names.LEFT_EARLY, CLOSED)
    elif not (isinstance(error, SystemExit) and not error.code):
        note_error(span, error)


def _cancelled(error: BaseException) -> bool:
    """By `asyncio`, which takes 18 ms to import and is not imported for this; or by trio."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and isinstance(error, asyncio.CancelledError):
        return True
    return name_of(type(error)) in ("trio.Cancelled", "trio._core._exceptions.Cancelled")


def note_error(span: Span, error: BaseException) -> None:
    """An exception as attribute, event and status; its text and traceback within limits."""
    kind, message = name_of(type(error)), _message(error)
    span.set_attribute(names.ERROR_TYPE, kind)
    span.add_event(
        "exception",
        {
            "exception.type": kind,
            "exception.message": cut(message, _MAX_MESSAGE),
            "exception.stacktrace": _traceback(error),
        },
    )
    span.set_status(Status(StatusCode.ERROR, cut(f"{type(error).__name__}: {message}", _MAX_MESSAGE)))


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the border: someone's __str__
        return "<unreadable message>"


def _traceback(error: BaseException) -> str:
    """The last frames: nearest to what was raised."""
    try:
        lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-_MAX_FRAMES)
        text = "".join(lines)
    except Exception:  # the border: format_exception asks the exception for its text
        return ""
    if len(text) > _MAX_TRACEBACK:
        text = f"…[{len(text) - _MAX_TRACEBACK} characters before]\n{text[-_MAX_TRACEBACK:]}"
    return cut(text, _MAX_TRACEBACK + 100)
