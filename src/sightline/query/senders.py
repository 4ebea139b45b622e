"""Who sent what, and whether all of it is here: stored rows and their numbers beside what senders report.

Senders number the spans and the log records that leave them, each from 1 on without gaps, and report what
became of all they made. Numbers are looked at over a sender's whole time: spans stand where they started, so
a window would cut apart what was numbered together, and its edges would look like losses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sightline.query.sender_verdicts import judge, with_gaps
from sightline.query.statements import statement
from sightline.query.window import Window
from sightline.records.senders import Gap, Numbers, Report, Sender, Senders, SignalAccount, State
from sightline.store.rows import Limits
from sightline.store.store import Store

MOST = 200
# Of so many senders the places of gaps are looked up, of each so many gaps.
MOST_LOOKED_INTO = 20
MOST_GAPS = 1_000
SHOWN_GAPS = 20
SIGNALS = ("spans", "logs")
_METRICS = {"sightline.sdk.spans": "spans", "sightline.sdk.logs": "logs"}
_BOUNDS = Limits(seconds=10.0, memory=1 << 30)
_DAY = 86_400 * 10**9
_ORDER = {State.MISSING: 0, State.DROPPED: 1, State.WAITING: 2}


@dataclass(slots=True)
class _Seen:
    """What was found of one sender, while its account is put together."""

    id: str
    service: str
    version: str = ""
    sdk: str = ""
    first: int = 2**63 - 1
    last: int = 0
    stored: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, tuple[Numbers, int, int]] = field(default_factory=dict)
    """By signal: the numbering, when its first row was received, and for how many days rows are kept."""
    counts: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    began: int = 2**63 - 1
    at: int = 0
    days: int = 0
    spool: int | None = None

    def met(self, row: Mapping[str, Any]) -> None:
        """A row that names the sender's service and times."""
        if int(row["last"]) >= self.last:
            self.version, self.sdk = str(row["version"]) or self.version, _sdk(row) or self.sdk
        self.first, self.last = min(self.first, int(row["first"])), max(self.last, int(row["last"]))


def _sdk(row: Mapping[str, Any]) -> str:
    """What sent: a distribution before the SDK it is made of."""
    for name in ("distro", "sdk"):
        if row[name]:
            return f"{row[name]} {row[f'{name}_version']}".strip()
    return ""


async def senders(store: Store, window: Window, now: int, *, limits: Limits = _BOUNDS) -> Senders:
    """The senders of a window with their accounts. Errors of the store pass through."""
    asked = {"project": window.project, "since": window.since, "until": window.until}
    seen, reported = await asyncio.gather(
        store.fetch(statement("senders_seen"), asked | {"most": MOST + 1}, limits=limits, purpose="senders"),
        store.fetch(
            statement("senders_reports"), asked | {"most": 40 * MOST}, limits=limits, purpose="senders"
        ),
    )
    found: dict[tuple[str, str], _Seen] = {}
    for row in seen.dicts():
        one = _of(found, row)
        one.met(row)
        one.stored[str(row["signal"])] = int(row["stored"])
    for row in reported.dicts():
        _report(_of(found, row), row)
    latest = sorted(found.values(), key=lambda one: (-one.last, one.id, one.service))
    shown = latest[:MOST]
    await _number(store, window.project, shown, now, limits)
    made = [_sender(one, now) for one in shown]
    made.sort(key=lambda one: (min(_rank(one.spans), _rank(one.logs)), -one.last))
    return Senders(tuple(made), len(latest) > MOST)


def _of(found: dict[tuple[str, str], _Seen], row: Mapping[str, Any]) -> _Seen:
    """A sender by its id, one without by its service."""
    id_, service = str(row["id"]), str(row["service_name"])
    return found.setdefault((id_, "" if id_ else service), _Seen(id_, service))


def _report(one: _Seen, row: Mapping[str, Any]) -> None:
    """A series of the sender's own account."""
    one.met(row)
    one.at, one.began = max(one.at, int(row["at"])), min(one.began, int(row["began"]) or one.began)
    one.days = int(row["days"])
    signal = _METRICS.get(str(row["metric"]))
    reached = max(0, round(float(row["reached"])))
    if signal is None:
        one.spool = reached
    else:
        one.counts.setdefault(signal, {})[str(row["outcome"]), str(row["reason"])] = reached


async def _number(store: Store, project: str, shown: Sequence[_Seen], now: int, limits: Limits) -> None:
    """What is stored of the numbering of each sender that has an id."""
    ids = {one.id: one for one in shown if one.id}
    if not ids:
        return
    asked = {"project": project, "senders": list(ids)}
    answer = await store.fetch(statement("senders_numbers"), asked, limits=limits, purpose="senders")
    gaps: list[tuple[int, _Seen, str]] = []
    for row in answer.dicts():
        one, signal = ids[str(row["id"])], str(row["signal"])
        low, high, distinct = int(row["lowest"]), int(row["highest"]), int(row["distinct"])
        missing = high - low + 1 - distinct
        again = int(row["numbered"]) - distinct
        one.numbers[signal] = (
            Numbers(distinct, again, low, high, missing), int(row["first"]), int(row["days"])
        )  # fmt: skip
        if missing or low > 1:
            gaps.append((missing + low - 1, one, signal))
    gaps.sort(key=lambda each: -each[0])
    await asyncio.gather(
        *(_look_into(store, project, one, signal, now, limits) for _, one, signal in gaps[:MOST_LOOKED_INTO])
    )


async def _look_into(store: Store, project: str, one: _Seen, signal: str, now: int, limits: Limits) -> None:
    asked = {"project": project, "sender": one.id, "signal": signal, "most": MOST_GAPS}
    answer = await store.fetch(statement("senders_gaps"), asked, limits=limits, purpose="senders")
    gaps = tuple(Gap(int(a), int(b), int(t), int(a) > 1) for a, b, t in answer.rows)
    numbers, first, days = one.numbers[signal]
    one.numbers[signal] = with_gaps(numbers, gaps, now), first, days


def _sender(one: _Seen, now: int) -> Sender:
    accounts = {signal: _account(one, signal, now) for signal in SIGNALS}
    return Sender(
        one.id, one.service, one.version, one.sdk, one.first, one.last, accounts["spans"], accounts["logs"],
        one.spool,
    )  # fmt: skip


def _account(one: _Seen, signal: str, now: int) -> SignalAccount | None:
    numbers, _, days = one.numbers.get(signal, (None, 0, one.days))
    counts = one.counts.get(signal)
    stored = one.stored.get(signal, 0)
    if numbers is None and not stored and not _said(counts):
        return None
    report = _as_report(one, counts) if counts is not None else None
    expired = report is not None and report.began + days * _DAY <= now
    verdict = judge(signal, numbers, report, now, expired=expired, spool=one.spool)
    if numbers is not None:
        numbers = Numbers(
            numbers.distinct, numbers.again, numbers.lowest, numbers.highest, numbers.missing,
            numbers.gaps[:SHOWN_GAPS], numbers.fresh,
        )  # fmt: skip
    return SignalAccount(stored, numbers, report, expired, verdict)


def _said(counts: Mapping[tuple[str, str], int] | None) -> bool:
    return bool(counts and any(counts.values()))


def _as_report(one: _Seen, counts: Mapping[tuple[str, str], int]) -> Report:
    def total(outcome: str) -> int:
        return sum(n for (name, _), n in counts.items() if name == outcome)

    dropped: dict[str, int] = {}
    for (outcome, reason), n in counts.items():
        if outcome == "dropped" and n:
            dropped[reason or "no reason given"] = dropped.get(reason or "no reason given", 0) + n
    return Report(one.began, one.at, total("ended"), total("sampled_out"), total("acknowledged"), dropped)


def _rank(account: SignalAccount | None) -> int:
    return _ORDER.get(account.verdict.state, 3) if account else 3


def with_losses(found: Iterable[Sender]) -> list[Sender]:
    """Senders of which something is missing without a reason, the most first."""
    return sorted((one for one in found if one.missing), key=lambda one: -one.missing)


async def lately_losing(store: Store, window: Window, now: int) -> list[Sender]:
    """Of the senders of a window's last day those of which something is missing, the most first.

    Errors of the store pass through.
    """
    last = replace(window, since=max(window.since, window.until - _DAY))
    return with_losses((await senders(store, last, now)).senders)
