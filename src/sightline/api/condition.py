"""How the server is, and what it can be asked."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from sightline import __version__
from sightline.api import shapes
from sightline.api.control import controlled
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation
from sightline.api.problems import Problem
from sightline.records.access import Scope
from sightline.store.rows import Limits, StoreError


async def health(call: Call) -> Mapping[str, Any]:
    """Versions, the journal's numbers, and whether the store answers."""
    engine: str | None = None
    try:
        answer = await call.services.store.fetch(
            "SELECT version()", limits=Limits(seconds=2.0), purpose="health"
        )
        engine = str(answer.scalar())
    except StoreError:
        pass
    journal = call.services.journal
    return {
        "status": "ok" if engine else "degraded",
        "versions": {"sightline": __version__, "engine": engine, "python": platform.python_version()},
        "store": {"answers": engine is not None, "embedded": call.services.store.embedded},
        "journal": asdict(journal.stats()) if journal else None,
        "public_keys": await _public_keys(call),
    }


async def _public_keys(call: Call) -> list[dict[str, Any]]:
    """What the project's public keys did since the start of this process, and what was refused to them."""
    uses = {use.key_id: use for use in call.services.gate.public.uses()}
    keys = await controlled(partial(call.services.control.keys, call.project)) if uses else []
    return [
        {
            "id": key.id,
            "label": key.label,
            "accepted": use.accepted,
            "refused": {reason.value: count for reason, count in use.refused.items()},
            "last_refused_at": None if use.at is None else iso(use.at),
            "last_reason": use.reason.value if use.reason else None,
            "last_origin": use.origin,
        }
        for key in keys
        if (use := uses.get(key.id)) is not None
    ]


async def backup(call: Call) -> Mapping[str, Any]:
    """Write a backup into a new directory on the server."""
    call.need_operator("A backup")
    if call.services.backup is None:
        raise Problem(404, "This process cannot make a backup; ask the one that owns the data directory.")
    return await call.services.backup(call.body["directory"])


OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/health", health, "How the server is", Scope.READ, shapes.HEALTH),
    Operation(
        "POST",
        "/backup",
        backup,
        "Write a backup on the server",
        Scope.ADMIN,
        shapes.ANYTHING,
        body=shapes.BACKUP_BODY,
        failures=(409,),
    ),
)
