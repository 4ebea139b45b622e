"""What the pages need, each part replaceable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pages_story as story

from sightline.pages.services import Intake
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope
from sightline.settings import Settings
from sightline.store.store import Store

OPEN = Principal(DEFAULT_PROJECT, frozenset(Scope), None)


@dataclass
class OpenGate:
    """Nobody needs a key, as on loopback without keys."""

    principal: Principal = OPEN

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """Everyone is the same."""
        return self.principal


@dataclass
class Parts:
    """Everything the pages need, each part replaceable."""

    store: Store
    gate: OpenGate = field(default_factory=OpenGate)
    settings: Settings = field(default_factory=Settings)
    intake: Callable[[], Intake] = lambda: Intake(612.0, 1.2, 0, 5, 0, "")
    projects: Callable[[], Sequence[str]] = lambda: ["default", "empty", "hostile"]
    clock: Callable[[], int] = lambda: story.NOW
