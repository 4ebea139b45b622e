"""Changing things: projects, keys, own prices, quarantine, backups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from sightline.api.operations import Call
from sightline.api.problems import Problem, unavailable
from sightline.api.questions import iso
from sightline.catalog.own_prices import own_price
from sightline.control.errors import AlreadyExists, ControlUnavailable, InvalidValue, NotFound
from sightline.journal.journal import Journal
from sightline.journal.quarantine import Entry
from sightline.records.access import ApiKey, PriceEntry, Project

_T = TypeVar("_T")


async def _control(work: Callable[[], _T]) -> _T:
    """Run a call of control beside the event loop, its refusals as problems."""
    try:
        return await run_in_threadpool(work)
    except NotFound as error:
        raise Problem(404, str(error)) from error
    except AlreadyExists as error:
        raise Problem(409, str(error)) from error
    except InvalidValue as error:
        raise Problem(422, str(error)) from error
    except ControlUnavailable as error:
        raise unavailable(str(error)) from error


def _project(project: Project) -> dict[str, Any]:
    return {**asdict(project), "created_at": project.created_at.isoformat()}


async def list_projects(call: Call) -> Mapping[str, Any]:
    """The projects this caller may know of."""
    projects = await _control(call.services.control.projects)
    caller = call.principal
    return {"projects": [_project(p) for p in projects if call.operator or caller.role_in(p.name)]}


async def create_project(call: Call) -> Mapping[str, Any]:
    """Make a project."""
    call.need_operator("Making a project")
    make = partial(call.services.control.create_project, **call.body, by=call.by)
    return _project(await _control(make))


def _key(key: ApiKey) -> dict[str, Any]:
    times = {
        name: value.isoformat() if value else None
        for name, value in (
            ("created_at", key.created_at),
            ("last_used_at", key.last_used_at),
            ("revoked_at", key.revoked_at),
        )
    }
    return {**asdict(key), "scope": key.scope.value, **times}


async def list_keys(call: Call) -> Mapping[str, Any]:
    """The project's keys, without their secrets."""
    keys = await _control(partial(call.services.control.keys, call.project))
    return {"keys": [_key(key) for key in keys]}


async def create_key(call: Call) -> Mapping[str, Any]:
    """Make a key; its text is in this answer and nowhere else."""
    scope, label = call.body["scope"], call.body.get("label", "")
    make = partial(call.services.control.create_key, call.project, scope, label, by=call.by)
    key, secret = await _control(make)
    return {**_key(key), "key": secret}


async def revoke_key(call: Call) -> Mapping[str, Any]:
    """End a key of the project."""
    key_id = call.request.path_params["key_id"]
    keys = await _control(partial(call.services.control.keys, call.project))
    if not any(key.id == key_id for key in keys):
        raise Problem(404, f"There is no key {key_id[:80]!r} in project {call.project}.")
    return _key(await _control(partial(call.services.control.revoke_key, key_id, by=call.by)))


def _price(entry: PriceEntry) -> dict[str, Any]:
    times = {"valid_from": entry.valid_from.isoformat(), "entered_at": entry.entered_at.isoformat()}
    return {**asdict(entry), **times}


async def list_prices(call: Call) -> Mapping[str, Any]:
    """Own prices that count for the project: its own and those for every project."""
    history = call.flag("history", False)
    entries = await _control(partial(call.services.control.prices, history=history))
    return {"prices": [_price(e) for e in entries if e.project in {None, call.project}]}


async def add_prices(call: Call) -> Mapping[str, Any]:
    """Append dated prices: all of them, or none when one is wrong."""
    fresh: list[Callable[[], PriceEntry]] = []
    for number, item in enumerate(call.body["prices"], 1):
        if item.get("every_project"):
            call.need_operator("A price for every project")
        try:
            start = date.fromisoformat(item["valid_from"])
            own_price(
                {**item["rates"], "provider": item["provider"], "model": item["model"]}, f"price {number}"
            )
        except ValueError as error:  # a date that is none, or PriceError
            raise Problem(422, f"{error}.".replace("..", ".")) from error
        add = partial(
            call.services.control.add_price,
            item["provider"],
            item["model"],
            start,
            item["rates"],
            project=None if item.get("every_project") else call.project,
            note=item.get("note", ""),
            by=call.by,
        )
        fresh.append(add)
    entries = [await _control(add) for add in fresh]
    await _control(call.services.prices_changed)
    return {"prices": [_price(entry) for entry in entries]}


async def withdraw_price(call: Call) -> Mapping[str, Any]:
    """Take a price back from today's list; what it priced stays as it is."""
    given = call.request.path_params["version"]
    version = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else -1
    entries = await _control(call.services.control.prices)
    entry = next((e for e in entries if e.version == version and e.project in {None, call.project}), None)
    if entry is None:
        raise Problem(404, f"There is no price of version {given[:20]} in force for project {call.project}.")
    if entry.project is None:
        call.need_operator("A price for every project")
    withdrawn = await _control(partial(call.services.control.withdraw_price, version, by=call.by))
    await _control(call.services.prices_changed)
    return _price(withdrawn)


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


async def backup(call: Call) -> Mapping[str, Any]:
    """Write a backup into a new directory on the server."""
    call.need_operator("A backup")
    if call.services.backup is None:
        raise Problem(404, "This process cannot make a backup; ask the one that owns the data directory.")
    return await call.services.backup(call.body["directory"])
