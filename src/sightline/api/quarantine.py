"""What could not be digested, and what to do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import PROJECT
from sightline.api.problems import Problem, unavailable
from sightline.journal.journal import Journal
from sightline.journal.quarantine import Entry
from sightline.records.access import Scope

_ENTRY = Parameter("entry_id", "Id of the entry.", shapes.TEXT, "path")


def _journal(call: Call) -> Journal:
    if call.services.journal is None:
        raise Problem(404, "This process does not receive, so it has no journal and no quarantine.")
    return call.services.journal


def _entry(entry: Entry) -> dict[str, Any]:
    fields = asdict(entry)
    del fields["file"]
    times = {"time": iso(entry.time), "received_at": iso(entry.received_at) if entry.received_at else None}
    return {**fields, "signal": entry.signal.value, **times}


async def _visible(call: Call) -> list[Entry]:
    entries = await run_in_threadpool(_journal(call).quarantined)
    # Damaged bytes name no project: they are the operator's.
    return [e for e in entries if e.project == call.project or (call.operator and not e.project)]


async def list_quarantine(call: Call) -> Mapping[str, Any]:
    """What could not be digested, with the reason."""
    return {"entries": [_entry(entry) for entry in await _visible(call)]}


async def _decide(call: Call, act: Callable[[Journal, str], None]) -> Mapping[str, Any]:
    entry_id = call.request.path_params["entry_id"]
    if not any(entry.id == entry_id for entry in await _visible(call)):
        raise Problem(404, f"Nothing in quarantine has the id {entry_id[:80]!r}.")
    try:
        await run_in_threadpool(act, _journal(call), entry_id)
    except KeyError as error:
        raise Problem(404, f"Nothing in quarantine has the id {entry_id[:80]!r}.") from error
    except ValueError as error:
        raise Problem(409, f"{error}.") from error
    except OSError as error:
        raise unavailable(f"The journal cannot be changed now: {error.strerror}.") from error
    return {"id": entry_id}


async def requeue(call: Call) -> Mapping[str, Any]:
    """Give an entry back to the digest."""
    return await _decide(call, Journal.requeue)


async def discard(call: Call) -> Mapping[str, Any]:
    """Remove an entry for good."""
    return await _decide(call, Journal.discard)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/quarantine",
        list_quarantine,
        "What could not be digested",
        Scope.READ,
        shapes.QUARANTINE,
        parameters=(PROJECT,),
    ),
    Operation(
        "POST",
        "/quarantine/{entry_id}/requeue",
        requeue,
        "Digest an entry again",
        Scope.ADMIN,
        shapes.DECIDED,
        parameters=(_ENTRY, PROJECT),
        failures=(409,),
    ),
    Operation(
        "POST",
        "/quarantine/{entry_id}/discard",
        discard,
        "Remove an entry",
        Scope.ADMIN,
        shapes.DECIDED,
        parameters=(_ENTRY, PROJECT),
        failures=(409,),
    ),
)
