"""What the pages need of the rest of the program, as small as it can be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.catalog.prices import PriceBook
from sightline.control.control import Control
from sightline.control.public_use import PublicUses
from sightline.journal.quarantine import Entry
from sightline.journal.segment import JournalStats
from sightline.query.scrape_keeper import ScrapeKeeper
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.records.access import Principal
from sightline.records.ingest import Receipt, Submission
from sightline.settings import Settings
from sightline.store.store import Store


@dataclass(frozen=True, slots=True)
class Intake:
    """What arrives, as the foot of the navigation tells it.

    `spans_per_second` and `visible_after` (seconds) are `None` until they were measured. `refused` counts
    requests turned away since the start, `refusal` says in words why the last one was, `stopped_by` as the
    measure of requests counts it.
    """

    spans_per_second: float | None = None
    visible_after: float | None = None
    quarantined: int = 0
    accepted: int = 0
    refused: int = 0
    refusal: str = ""
    stopped_by: str = ""


class Authenticator(Protocol):
    """Control's gate, seen from here."""

    @property
    def public(self) -> PublicUses:
        """What public keys did, and were refused."""

    def identify(self, headers: Mapping[str, str]) -> Principal:
        """The principal behind a request, also a person signed in; raises `AccessDenied`."""


class Prices(Protocol):
    """The price book in force, and how it is read again when own prices change."""

    def __call__(self) -> PriceBook:
        """The book in force."""

    def renew(self) -> None:
        """Read own prices again."""


class Waiting(Protocol):
    """What is received and not stored, seen from here: the journal."""

    def stats(self) -> JournalStats:
        """The numbers of this moment."""

    def quarantined(self) -> list[Entry]:
        """What is in quarantine, oldest first."""

    def requeue(self, entry_id: str) -> None:
        """Give a record back to the digest. Raises KeyError, or ValueError for damaged bytes."""

    def discard(self, entry_id: str) -> None:
        """Remove an entry for good. Raises KeyError."""

    async def append(self, submission: Submission) -> Receipt:
        """Keep a request. Raises JournalFull, JournalUnavailable."""


@dataclass(frozen=True, slots=True)
class Running:
    """This process: since when (ns), as which role, and what `/readyz` checks: name → why it fails, or ''."""

    since: int
    role: str
    checks: Callable[[], Awaitable[Mapping[str, str]]]


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

    @property
    def prices(self) -> Prices:
        """What models cost."""

    @property
    def journal(self) -> Waiting:
        """The backlog and the quarantine."""

    @property
    def scrapes(self) -> ScrapeKeeper | None:
        """Counts for projects' own Prometheus; None where this process does not."""

    @property
    def running(self) -> Running:
        """This process."""
