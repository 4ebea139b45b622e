"""Log records as they are listed and as they are read in full. Times are nanoseconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.records.trace import Content


@dataclass(frozen=True, slots=True)
class LogKey:
    """Where one record stands: its time, a hash of what it says, and its number among those that are alike.

    Written `1795185140000000000-09c1f3a2b4d5e6f7-0`; it stays the same while others arrive and go.
    """

    time: int
    hash: int
    number: int = 0

    def __str__(self) -> str:
        return f"{self.time}-{self.hash:016x}-{self.number}"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a list. `severity` is a name (`warn`), '' where nobody said; `body` its beginning.

    `size` is that of the whole body in bytes. Ids are empty where the record names no trace or span.
    """

    key: LogKey
    severity: str
    severity_text: str
    service: str
    environment: str
    event: str
    scope: str
    body: str
    size: int
    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines in the order asked for; `next` is the cursor of the page behind it, None at the end."""

    lines: tuple[LogLine, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record in full. `body` is as it was sent, structured ones (`body_type` array or map) as JSON.

    `contents` are long texts of attributes by the attribute's key.
    """

    line: LogLine
    severity_number: int
    body: str
    body_type: str
    observed: int
    received: int
    digested: int
    source: str
    service_version: str
    scope_version: str
    dropped_attributes: int
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]
    contents: tuple[tuple[str, Content], ...]


@dataclass(frozen=True, slots=True)
class LogCounts:
    """How many records each bucket has by severity: `starts` are their beginnings, the last ends at `end`.

    `severities` names the rows of `counts` from the least severe on, '' (not known) first; `counts[row]` has
    a number for each bucket. `total` is the whole list.
    """

    starts: tuple[int, ...]
    end: int
    step: int
    severities: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    total: int
