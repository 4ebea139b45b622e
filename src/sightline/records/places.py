"""What of a project's telemetry one may want to go to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """Ids and names that have what was typed, the most used first. `cut`: not all could be looked through in
    time."""

    traces: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    cut: bool = False
