"""Who sent what, and whether all of it is here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation
from sightline.api.parameters import PROJECT, SINCE, UNTIL, window
from sightline.query import senders
from sightline.records.access import Scope
from sightline.records.senders import Gap, Numbers, Report, Sender, SignalAccount


async def list_senders(call: Call) -> Mapping[str, Any]:
    """Senders of a stretch of time, those first of which something is missing.

    `stored` counts rows of this time; numbers and report are of the sender's whole time. What is null is
    unknown: other SDKs than Sightline's number nothing and do not report.
    """
    asked = window(call)
    found = await senders.senders(call.services.store, asked, call.now)
    journal = call.services.journal
    aside = await run_in_threadpool(journal.quarantined) if journal is not None else []
    return {
        "project": asked.project,
        "since": iso(asked.since),
        "until": iso(asked.until),
        "senders": [_sender(one) for one in found.senders],
        "more": found.more,
        "quarantined": sum(e.items for e in aside if e.project == asked.project),
    }


def _sender(one: Sender) -> dict[str, Any]:
    return {
        "sender": one.id or None,
        "service": one.service or None,
        "version": one.version or None,
        "sdk": one.sdk or None,
        "first_seen": iso(one.first),
        "last_seen": iso(one.last),
        "spool_bytes": one.spool_bytes,
        "missing": one.missing,
        "spans": _account(one.spans),
        "logs": _account(one.logs),
    }


def _account(found: SignalAccount | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "state": found.verdict.state.value,
        "says": found.verdict.says,
        "missing": found.verdict.missing,
        "stored": found.stored,
        "numbers": _numbers(found.numbers),
        "report": _report(found.report),
    }


def _numbers(found: Numbers | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "distinct": found.distinct,
        "again": found.again,
        "lowest": found.lowest,
        "highest": found.highest,
        "missing": found.missing,
        "gaps": [_gap(gap) for gap in found.gaps],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"first": gap.first, "last": gap.last, "count": gap.count, "followed_at": iso(gap.until)}


def _report(found: Report | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "began": iso(found.began),
        "at": iso(found.at),
        "made": found.made,
        "sampled_out": found.sampled_out,
        "dropped": dict(found.dropped),
        "acknowledged": found.acknowledged,
        "waiting": found.waiting,
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/senders",
        list_senders,
        "Senders and what is missing of them",
        Scope.READ,
        shapes.SENDERS,
        parameters=(PROJECT, SINCE, UNTIL),
    ),
)
