"""Where a text was found: spans and log records, each with a piece of the text and what to mark in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text around what was found. `ranges` are begin and end of each mark, in characters.

    `before` and `after`: there is more of the text on that side.
    """

    text: str
    ranges: tuple[tuple[int, int], ...]
    before: bool = False
    after: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One text of a span in which something was found.

    `field` is `name`, `status_message`, or what content it is; `hash` is that content's (hex), else empty.
    """

    field: str
    hash: str
    excerpt: Excerpt


@dataclass(frozen=True, slots=True)
class SpanHit:
    """A span that says what was looked for; `start_time` in ns. `places` in the order of its contents."""

    trace_id: str
    span_id: str
    name: str
    kind: str
    start_time: int
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class LogHit:
    """A log record with what was looked for; `time` in nanoseconds, ids empty where it names no span."""

    time: int
    trace_id: str
    span_id: str
    severity: str
    service: str
    excerpt: Excerpt
