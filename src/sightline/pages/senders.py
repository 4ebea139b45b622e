"""Who sends here, and whether all of it arrived: each sender's own account beside what is stored of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import formats
from sightline.pages.address import Link, View
from sightline.pages.answers import html
from sightline.pages.asking import wider
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.query import traces
from sightline.query.filter.spelling import condition
from sightline.query.senders import MOST, senders
from sightline.records.senders import Sender, Senders, SignalAccount, State

_TONES = {State.MISSING: "err", State.DROPPED: "warn", State.WAITING: "warn"}
_SIGNALS = {"spans": "spans", "logs": "log records"}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A line: one signal of a sender. Numbers are None where its SDK does not tell them.

    `here` counts rows of the range and leads to them with `href`; the others are over all of its time.
    `drops` says why, `again` how many rows have a number that another one has.
    """

    signal: str
    here: int
    href: str
    made: int | None
    sampled_out: int | None
    dropped: int | None
    drops: str
    acknowledged: int | None
    stored: int | None
    waiting: int | None
    again: int
    says: str
    tone: str


@dataclass(frozen=True, slots=True)
class SenderRow:
    """One sender with a line for each signal. `short` is its id as far as it tells senders apart."""

    id: str
    short: str
    service: str
    version: str
    sdk: str
    first: int
    last: int
    spool: str
    lines: tuple[AccountRow, ...]


@dataclass(frozen=True, slots=True)
class SendersContext:
    """Everything `senders.html` shows. `beside` is what of the project waits here or was set aside."""

    shell: Shell
    now: int
    verdict: str
    tone: str
    rows: tuple[SenderRow, ...]
    more: bool
    most: int
    beside: tuple[str, ...]
    wider: Link | None


def row(found: Sender, view: View) -> SenderRow:
    """A sender as the page shows it."""
    mine = condition("sender", found.id) if found.id else _nameless(found.service)
    lines = []
    for signal, account in (("spans", found.spans), ("logs", found.logs)):
        if account is not None:
            # Log records have no field for their sender.
            href = view.link("traces", q=mine, view="spans") if signal == "spans" else ""
            lines.append(_line(signal, account, href if account.stored else ""))
    return SenderRow(
        id=found.id,
        short=found.id[:8] if len(found.id) == 36 else found.id[:40],
        service=found.service,
        version=found.version,
        sdk=found.sdk,
        first=found.first,
        last=found.last,
        spool=formats.size(found.spool_bytes) if found.spool_bytes else "",
        lines=tuple(lines),
    )


def _nameless(service: str) -> str:
    return f"-has:sender {condition('service', service) if service else '-has:service'}"


def _line(signal: str, account: SignalAccount, href: str) -> AccountRow:
    report, numbers, verdict = account.report, account.numbers, account.verdict
    reasons = sorted(report.dropped.items(), key=lambda pair: -pair[1]) if report else []
    return AccountRow(
        signal=_SIGNALS[signal],
        here=account.stored,
        href=href,
        made=report.made if report else None,
        sampled_out=report.sampled_out if report else None,
        dropped=report.lost if report else None,
        drops=", ".join(f"{name.replace('_', ' ')}: {formats.count(n)}" for name, n in reasons),
        acknowledged=report.acknowledged if report else None,
        stored=numbers.distinct if numbers else 0 if report else None,
        waiting=report.waiting if report else None,
        again=numbers.again if numbers else 0,
        says=f"{verdict.says[:1].upper()}{verdict.says[1:]}.",
        tone=_TONES.get(verdict.state, ""),
    )


def verdict(found: Senders) -> tuple[str, str]:
    """One sentence about all of them, and its tone."""
    accounts = [a for one in found.senders for a in (one.spans, one.logs) if a]
    missing = sum(one.missing for one in found.senders)
    if missing:
        losing = [one for one in found.senders if one.missing]
        who = f"sender {losing[0].service or losing[0].id}" if len(losing) == 1 else f"{len(losing)} senders"
        return f"{formats.count(missing)} spans or log records of {who} are missing.", "err"
    counted = [a for a in accounts if a.report or a.numbers]
    dropped = sum(a.report.lost for a in counted if a.report)
    if dropped:
        return f"Senders dropped {formats.count(dropped)} before they were sent; all others are here.", "warn"
    if any(a.verdict.state is State.WAITING for a in accounts):
        return "Nothing is missing; some of it has not been sent yet.", "warn"
    if not counted:
        return "Nobody here numbers what they send, so whether anything is missing is unknown.", "unknown"
    silent = len(found.senders) - sum(any(a in counted for a in (o.spans, o.logs)) for o in found.senders)
    beside = f" {formats.count(silent)} others number nothing, so of them it is unknown." if silent else ""
    return f"Nothing is missing of senders that number what they send.{beside}", ""


class SendersPages:
    """`/p/{project}/senders`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/senders", self.show)]

    async def show(self, request: Request) -> Response:
        """The page."""
        view, principal = await self.frames.view(request)
        store, now = self.services.store, self.services.clock()
        found, environments = await asyncio.gather(
            senders(store, view.window, now), traces.environments(store, view.project, view.since)
        )
        says, tone = verdict(found)
        context = SendersContext(
            shell=await self.frames.shell("Senders", "senders", view, principal, environments),
            now=now,
            verdict=says if found.senders else "",
            tone=tone,
            rows=tuple(row(one, view) for one in found.senders),
            more=found.more,
            most=MOST,
            beside=await run_in_threadpool(self._beside, view.project),
            wider=wider(lambda **more: view.link("senders", **more), view.range_name),
        )
        return html(render("senders.html", context))

    def _beside(self, project: str) -> tuple[str, ...]:
        """What was received and is not stored."""
        found = []
        aside = [e for e in self.services.journal.quarantined() if e.project == project]
        if aside:
            items = sum(e.items for e in aside)
            found.append(
                f"{formats.count(items)} items of this project are in quarantine, with their reasons."
            )
        waiting = self.services.journal.stats().backlog_bytes
        if waiting:
            found.append(f"{formats.size(waiting)} of all projects are received and not stored yet.")
        return tuple(found)
