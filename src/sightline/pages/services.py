"""What the pages need of the rest of the program, as small as it can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.control.control import Control
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.records.access import Principal
from sightline.settings import Settings
from sightline.store.store import Store


@dataclass(frozen=True, slots=True)
class Intake:
    """What arrives, as the foot of the navigation tells it.

    `spans_per_second` and `visible_after` (seconds) are `None` until they were measured. `refused` counts
    requests turned away since the start, `refusal` says in words why the last one was.
    """

    spans_per_second: float | None = None
    visible_after: float | None = None
    quarantined: int = 0
    accepted: int = 0
    refused: int = 0
    refusal: str = ""


class Authenticator(Protocol):
    """Control's gate, seen from here."""

    def identify(self, headers: Mapping[str, str]) -> Principal:
        """The principal behind a request, also a person signed in; raises `AccessDenied`."""


class Services(Protocol):
    """Everything a page may reach. `projects` answers the names that exist, `clock` nanoseconds."""

    @property
    def store(self) -> Store:
        """Where traces are."""

    @property
    def sql(self) -> SqlEndpoint:
        """What answers readers' own SQL."""

    @property
    def gate(self) -> Authenticator:
        """Who may read."""

    @property
    def control(self) -> Control:
        """People, their sessions and roles."""

    @property
    def settings(self) -> Settings:
        """Ports and addresses for the first run, and how long sessions last."""

    @property
    def intake(self) -> Callable[[], Intake]:
        """What arrives now."""

    @property
    def projects(self) -> Callable[[], Sequence[str]]:
        """Names of all projects."""

    @property
    def clock(self) -> Callable[[], int]:
        """Now, in nanoseconds since the epoch."""
