"""How the server is, and what it can be asked."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sightline import __version__
from sightline.api.operations import Call
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
    }
