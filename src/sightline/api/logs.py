"""Log records over the API: those that a filter finds, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import CURSOR, SELECTED, rows, told_rows
from sightline.api.parameters import limit as limit_of
from sightline.query import logs as questions
from sightline.query.filter.vocabulary import LOGS
from sightline.records.access import Scope
from sightline.records.logs import LogRecord

PER_PAGE = 100
ORDERS = ("latest", "oldest")


async def list_logs(call: Call) -> Mapping[str, Any]:
    """A page of log records, latest or oldest first."""
    selection = rows(call, LOGS)
    limit = call.number("limit", PER_PAGE, questions.MAX_PAGE)
    oldest = call.word("order", ORDERS, ORDERS[0]) == "oldest"
    records, following = await questions.list_records(
        call.services.store, selection, limit=limit, cursor=call.text("cursor"), oldest=oldest
    )
    return {**told_rows(selection), "logs": [_record(record) for record in records], "next": following}


def _record(record: LogRecord) -> dict[str, Any]:
    line = record.line
    return {
        "key": str(line.key),
        "time": iso(line.key.time),
        "observed_time": iso(record.observed),
        "received_at": iso(record.received),
        "severity": line.severity or None,
        "severity_number": record.severity_number or None,
        "severity_text": line.severity_text or None,
        "event": line.event or None,
        "service": line.service or None,
        "service_version": record.service_version or None,
        "environment": line.environment or None,
        "scope": line.scope or None,
        "trace_id": line.trace_id or None,
        "span_id": line.span_id or None,
        "body": record.body,
        "body_type": record.body_type,
        "attributes": record.attributes,
        "resource": record.resource,
        "dropped_attributes": record.dropped_attributes,
        "contents": [asdict(text.ref) for _, text in record.contents],
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/logs",
        list_logs,
        "Log records",
        Scope.READ,
        shapes.LOGS,
        "Those that a filter finds. `next` goes on exactly where a page ended, whatever arrived since.",
        parameters=(
            *SELECTED,
            limit_of(PER_PAGE, questions.MAX_PAGE),
            CURSOR,
            Parameter("order", "`latest` first, or `oldest`.", {"type": "string", "enum": [*ORDERS]}),
        ),
    ),
)
