"""Ended spans made by hand."""

from __future__ import annotations

import itertools
from typing import Any

from opentelemetry.sdk.resources import Resource

from sightline.sdk.ended_span import EndedSpan

_ids = itertools.count(1)
RESOURCE = Resource({"service.name": "made"})
SECOND = 10**9


def ended(attributes: dict[str, Any] | None = None, **fields: Any) -> EndedSpan:
    """A local root of one second in a trace of its own, unless told otherwise."""
    given = attributes or {}
    start = fields.pop("start", 1_700_000_000 * SECOND)
    defaults: dict[str, Any] = {
        "trace_id": next(_ids), "span_id": next(_ids), "parent_id": 0, "parent_is_remote": False, "flags": 1,
        "state": None, "name": "work", "kind": 1, "start": start, "end": start + SECOND, "keys": tuple(given),
        "values": tuple(given.values()), "dropped_attributes": 0, "events": (), "links": (),
        "dropped_events": 0, "dropped_links": 0, "status": 0, "status_text": None, "resource": RESOURCE,
        "scope": None, "size": 600,
    }  # fmt: skip
    return EndedSpan(**(defaults | fields))
