"""structlog: trace ids in every event, and the events beside their spans."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from sightline.sdk import runtime
from sightline.sdk.events import LogEvent
from sightline.sdk.logging_handler import attribute_of, exception_attributes, ids, is_own, severity, text_of

_LEVELS = {"trace": 5, "debug": 10, "info": 20, "msg": 20, "warning": 30, "warn": 30, "error": 40}
_LEVELS |= {"exception": 40, "err": 40, "failure": 40, "critical": 50, "fatal": 50}
_MOST_FIELDS = 64


class StructlogProcessor:
    """Adds `trace_id` and `span_id` to events; with `ship=True` also sends them to where spans go.

        import structlog, sightline
        structlog.configure(
            processors=[structlog.processors.add_log_level, sightline.StructlogProcessor(ship=True),
                        structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        )

    Put it before what turns events and exceptions into text. Events on their way to `logging` should be sent
    by one of the two, not by both. It never raises.
    """

    def __init__(self, ship: bool = False) -> None:
        self._ship = ship

    def __call__(
        self, logger: Any, method_name: str, event_dict: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Add the ids where there is a span; the event is given on."""
        try:
            trace_id, span_id = ids()
            if self._ship:
                self._send(method_name, event_dict, trace_id, span_id)
            if trace_id:
                event_dict["trace_id"], event_dict["span_id"] = f"{trace_id:032x}", f"{span_id:016x}"
        except Exception:  # a border: a log call must not fail
            return event_dict
        return event_dict

    def _send(self, method: str, said: MutableMapping[str, Any], trace_id: int, span_id: int) -> None:
        running = runtime.current()
        name = str(said.get("logger", ""))
        if running is None or is_own(name):
            return
        level = str(said.get("level", method)).lower()
        attributes: dict[str, Any] = {"logger.name": name} if name else {}
        for key, value in said.items():
            if key not in ("event", "level", "logger", "timestamp", "exc_info") and value is not None:
                attributes[str(key)] = attribute_of(value)
                if len(attributes) >= _MOST_FIELDS:
                    break
        error = _error(said.get("exc_info"))
        if error is not None:
            attributes |= exception_attributes(error, (type(error), error, error.__traceback__))
        running.emit(
            LogEvent(
                attributes=attributes,
                body=text_of(said.get("event", "")),
                severity=severity(_LEVELS.get(level, 0)),
                trace_id=trace_id,
                span_id=span_id,
                time_ns=time.time_ns(),
            )
        )


def _error(said: object) -> BaseException | None:
    """The exception that structlog's `exc_info` means: itself, a triple, or the current one."""
    if isinstance(said, BaseException):
        return said
    if isinstance(said, tuple) and len(said) == 3 and isinstance(said[1], BaseException):
        return said[1]
    if said:
        import sys

        return sys.exc_info()[1]
    return None
