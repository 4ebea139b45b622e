"""How the server is: what waits, what was set aside and why, disk, store, versions; quarantine is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline import measures
from sightline.journal.quarantine import Entry
from sightline.pages import health_facts, vitals
from sightline.pages.address import Link, path_of, with_query
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, Refused, back_to, html
from sightline.pages.environment import render
from sightline.pages.health_facts import Fact
from sightline.pages.public_rows import PublicRow, public_fact, public_rows
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, managed, tabs
from sightline.pages.shell import Shell
from sightline.query import storage
from sightline.query.senders import lately_losing
from sightline.query.window import Window
from sightline.records.access import Principal
from sightline.records.storage import RunningMerge, SchemaStep, StoredTable, StoreState
from sightline.store import schema
from sightline.store.rows import StoreError

PATH = "/settings/health"
DONE = {
    "requeue": "The request is given back to the digest. If it cannot be digested, it comes back here.",
    "discard": "The entry is removed for good.",
}
SHOWN = 100
"""Entries of the quarantine on the page; the rest is counted."""
_REFUSED = "Refused requests since the start"
_DAY = 86_400 * 10**9
# Senders of so many projects are looked into.
LOOKED_INTO = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Facts under a heading."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class HealthContext:
    """Everything `health.html` shows. `operator` False: only what concerns the reader's projects.

    `verdict` is one sentence with its `tone`; `more` counts entries of the quarantine that are not shown.
    """

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    operator: bool
    verdict: str
    tone: str
    groups: tuple[Group, ...]
    publics: tuple[PublicRow, ...]
    entries: tuple[Entry, ...]
    more: int
    tables: tuple[StoredTable, ...]
    merges: tuple[RunningMerge, ...]
    steps: tuple[SchemaStep, ...]
    error: str
    done: str


class HealthPages:
    """`/settings/health`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [
            ("GET", PATH, self.show),
            ("POST", PATH + "/quarantine/{entry}/requeue", self.requeue),
            ("POST", PATH + "/quarantine/{entry}/discard", self.discard),
        ]

    async def requeue(self, request: Request) -> Response:
        """Give an entry back to the digest."""
        return await self._decide(request, "requeue", self.services.journal.requeue)

    async def discard(self, request: Request) -> Response:
        """Remove an entry for good."""
        return await self._decide(request, "discard", self.services.journal.discard)

    async def _decide(self, request: Request, done: str, act: Callable[[str], None]) -> Response:
        entry = request.path_params["entry"]
        if not any(e.id == entry for e in await self._quarantined(principal_of(request))):
            raise Missing("Nothing in quarantine has this id; it may have been decided already.")
        try:
            await run_in_threadpool(act, entry)
        except KeyError as error:
            raise Missing("Nothing in quarantine has this id; it may have been decided already.") from error
        except ValueError as error:
            raise Refused(409, "This cannot be digested", f"{error}.") from error
        except OSError as error:
            raise Refused(
                503, "The journal cannot be changed now", f"{error.strerror}. Look at the disk."
            ) from error
        return back_to(PATH, "quarantine", done=done)

    async def _quarantined(self, principal: Principal) -> list[Entry]:
        """What a reader may decide about; damaged bytes name no project and are the operator's."""
        found = await run_in_threadpool(self.services.journal.quarantined)
        if principal.operator:
            return found
        names = {e.project for e in found if e.project}
        allowed = set(managed(principal, sorted(names)))
        return [e for e in found if e.project in allowed]

    async def show(self, request: Request) -> Response:
        """The page."""
        principal, now = principal_of(request), self.services.clock()
        found = await self._quarantined(principal)
        projects = managed(principal, await run_in_threadpool(self.services.projects))
        intake = await run_in_threadpool(self.services.intake)
        groups = [Group("Arriving", health_facts.intake(intake))]
        groups += await self._loss(principal, projects, now)
        publics = await self._publics(projects, now)
        # Told by a list of its own; the verdict has the worst of it.
        weighed = [Group("Public keys", public_fact(publics))]
        state = None
        if principal.operator:
            state = await self._state()
            groups = [*await self._inside(state, now), *groups]
        weighed += groups
        tone = health_facts.worst(*(group.facts for group in weighed))
        if found:
            tone = "err"
        context = HealthContext(
            shell=await self.frame(request, "Health", ("done",)),
            tabs=tabs(principal, "health"),
            now=now,
            csrf=principal.csrf,
            operator=principal.operator,
            verdict=_verdict(weighed, len(found)),
            tone=tone,
            groups=tuple(groups),
            publics=publics,
            entries=tuple(sorted(found, key=lambda e: -e.time)[:SHOWN]),
            more=max(0, len(found) - SHOWN),
            tables=state.tables if state else (),
            merges=state.merges if state else (),
            steps=state.steps if state else (),
            error="",
            done=DONE.get(request.query_params.get("done", ""), ""),
        )
        return html(render("health.html", context))

    async def _publics(self, projects: list[str], now: int) -> tuple[PublicRow, ...]:
        """Public keys of these projects that were used."""
        uses = self.services.gate.public.uses()
        if not uses:
            return ()
        keys = await run_in_threadpool(self.services.control.keys)
        return public_rows(uses, [key for key in keys if key.project in projects], now)

    async def _state(self) -> StoreState | None:
        try:
            return await storage.state(self.services.store)
        except StoreError:  # the page is needed most when the store is not well
            return None

    async def _loss(self, principal: Principal, projects: list[str], now: int) -> list[Group]:
        """What did not arrive whole."""
        try:
            spans, attributes = await storage.reported_loss(self.services.store, projects, max(0, now - _DAY))
        except StoreError:
            lost = Fact("Dropped by senders", "unknown", says="the store did not answer")
        else:
            says = "attributes, in the last 24 hours"
            if spans:
                says = f"attributes, in {spans:,} spans of the last 24 hours; raise the limit in the SDK"
            asked = {"q": "dropped_attributes>0", "view": "spans"}
            home = projects[0] if len(projects) == 1 else ""
            href = with_query(path_of(home, "traces"), asked) if spans and home else ""
            lost = Fact("Dropped by senders", f"{attributes:,}", "warn" if spans else "", says, href)
        of_senders = await self._missing(projects, now)
        if not principal.operator:
            return [Group("Lost", (lost, of_senders))]
        counted = vitals.counted
        return [
            Group(_REFUSED, health_facts.refused(counted(measures.REQUESTS))),
            Group("Lost", (*health_facts.dropped(counted(measures.DROPPED)), lost, of_senders)),
        ]

    async def _missing(self, projects: list[str], now: int) -> Fact:
        """What senders numbered and reported, and is not stored."""
        today, looked = max(0, now - _DAY), projects[:LOOKED_INTO]
        try:
            found = await asyncio.gather(
                *(lately_losing(self.services.store, Window(p, today, now), now) for p in looked)
            )
        except StoreError:
            return Fact("Missing of senders", "unknown", says="the store did not answer")
        losing = {p: sum(one.missing for one in some) for p, some in zip(looked, found, strict=True)}
        total, worst = sum(losing.values()), max(losing, key=losing.__getitem__, default="")
        home = worst if total else projects[0] if len(projects) == 1 else ""
        says = "by the numbers that senders give them, in the last 24 hours"
        if total:
            many = sum(1 for n in losing.values() if n)
            says = f"in {f'{many} projects, most in ' if many > 1 else 'project '}{worst}; see its senders"
        elif len(projects) > len(looked):
            says += f"; of the first {len(looked)} projects"
        href = path_of(home, "senders") if home else ""
        return Fact("Missing of senders", f"{total:,}", "err" if total else "", says, href)

    async def _inside(self, state: StoreState | None, now: int) -> list[Group]:
        """What only operators see."""
        settings, running = self.services.settings, self.services.running
        read = await run_in_threadpool(vitals.read, settings.data)
        stats = self.services.journal.stats()
        steps = [step.number for step in schema.steps()]
        return [
            Group("Ready", health_facts.checks(await running.checks())),
            Group("Waiting", health_facts.backlog(stats, settings.journal)),
            Group("Disk", health_facts.disk(read.disk, settings.journal)),
            Group("Store", health_facts.store(state, steps)),
            Group("Process", health_facts.process(read, running.role, running.since, now)),
            Group("Versions", health_facts.versions(read, state, self.services.prices().version)),
        ]


def _verdict(groups: list[Group], quarantined: int) -> str:
    """One sentence: what is wrong, the worst first; refused requests are one thing, however they split."""
    bad = [fact for group in groups if group.title != _REFUSED for fact in group.facts if fact.tone]
    named = [f"{fact.name}: {fact.value}" for fact in sorted(bad, key=lambda fact: fact.tone != "err")]
    if quarantined:
        named.insert(0, f"{quarantined:,} in quarantine")
    if not named:
        return "Nothing needs attention."
    return f"{'; '.join(named[:3])}{f' and {len(named) - 3} more' if len(named) > 3 else ''}."
