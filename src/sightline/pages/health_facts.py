"""How the server is, as facts with a tone and what to do about each that is bad. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sightline.journal.segment import JournalStats
from sightline.pages import formats
from sightline.pages.refusals import WORDS, fix
from sightline.pages.services import Intake
from sightline.pages.shell import SLOW_AFTER
from sightline.pages.vitals import Disk, Vitals
from sightline.records.ingest import PUBLIC_SOURCE
from sightline.records.storage import StoreState
from sightline.settings import JournalSettings

# Parts of one table beyond which merges are behind what comes in.
MANY_PARTS = 300
_FULL = 0.8
_CHECKS = {
    "journal": "Nothing is received while this lasts; senders try again by themselves. See Disk and Waiting.",
    "store": "Pages and queries fail while this lasts; receiving goes on. The log has the engine's words.",
    "digest": "What arrives is kept in the journal and is visible when this ends. The log has the reason.",
}
_DROPPED = "Each was refused with a reason in the answer to its sender. Compare the reasons with the guide."
_SINCE = "since the start"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is so. `tone` is empty, `warn` or `err`; `says` is what to do, or what it means."""

    name: str
    value: str
    tone: str = ""
    says: str = ""
    href: str = ""


def checks(found: Mapping[str, str]) -> tuple[Fact, ...]:
    """What `/readyz` checks."""
    return tuple(
        Fact(
            name,
            why or "ok",
            "err" if why else "",
            _CHECKS.get(name, "The log has the reason.") if why else "",
        )
        for name, why in found.items()
    )


def intake(now: Intake) -> tuple[Fact, ...]:
    """What arrives and how soon it is visible."""
    rate, visible = now.spans_per_second, now.visible_after
    arriving = (
        "not measured yet" if rate is None else f"{rate:.1f}" if 0 < rate < 10 else formats.count(round(rate))
    )
    slow = visible is not None and visible > SLOW_AFTER
    return (
        Fact("Spans a second", arriving, says="over the last minute"),
        Fact(
            "Visible after",
            "nothing arrived lately"
            if visible is None
            else str(formats.duration(round(visible * formats.S))),
            "warn" if slow else "",
            "The digest is behind. If it lasts: more cores, or fewer long questions." if slow else "",
        ),
        Fact("Requests accepted", formats.count(now.accepted), says=_SINCE),
        Fact(
            "Requests refused",
            formats.count(now.refused),
            "err" if now.refused else "",
            f"The last one: {now.refusal.rstrip('.')}. {fix(now.stopped_by)}".strip()
            if now.refusal
            else _SINCE,
        ),
    )


def backlog(stats: JournalStats, limits: JournalSettings) -> tuple[Fact, ...]:
    """What is durable and not stored yet."""
    full = stats.backlog_bytes / max(limits.max_backlog, 1)
    behind = stats.oldest_age > SLOW_AFTER
    tone = "err" if full > _FULL else "warn" if behind else ""
    says = (
        "At the limit senders are told to wait. Nothing acknowledged is lost; raise journal.max_backlog"
        " if the disk has room."
        if full > _FULL
        else "The digest is slower than what arrives. Nothing is lost; it catches up when less arrives."
        if behind
        else f"at most {formats.size(limits.max_backlog)}, then senders are told to wait"
    )
    return (
        Fact("Backlog", _held(stats.backlog_bytes, stats.backlog_segments), tone, says),
        Fact(
            "Oldest in it",
            str(formats.duration(round(stats.oldest_age * formats.S))) if stats.oldest_age else "–",
            "warn" if behind else "",
        ),
        Fact(
            "Kept for a replay",
            _held(stats.digested_bytes, stats.digested_segments),
            says="removed by age and size",
        ),
        Fact("Retries recognised", formats.count(stats.duplicates), says=f"{_SINCE}; stored once"),
        Fact(
            "Failed writes",
            formats.count(stats.failed_commits),
            "err" if stats.failed_commits else "",
            "The disk refused a write or a sync; none of it was acknowledged. Look at the system's log."
            if stats.failed_commits else "",
        ),
        *(
            [Fact("Cut off at the start", formats.size(stats.torn_bytes), says="never acknowledged")]
            if stats.torn_bytes
            else []
        ),
    )  # fmt: skip


def _held(size: int, segments: int) -> str:
    return f"{formats.size(size)} in {formats.count(segments)} segment{'' if segments == 1 else 's'}"


def refused(requests: Iterable[tuple[Mapping[str, str], int]]) -> tuple[Fact, ...]:
    """Requests since the start by what stopped them, the most frequent first."""
    sums: dict[str, int] = {}
    for labels, count in requests:
        outcome = labels["outcome"]
        if labels["source"] == PUBLIC_SOURCE:
            continue  # told for each key: any page can make it any number
        if outcome not in {"accepted", "duplicate"}:
            sums[outcome] = sums.get(outcome, 0) + count
    ordered = sorted(sums.items(), key=lambda pair: -pair[1])
    return tuple(
        Fact(WORDS.get(name, name), formats.count(count), "warn" if name == "partial" else "err", fix(name))
        for name, count in ordered
    )


def dropped(items: Iterable[tuple[Mapping[str, str], int]]) -> tuple[Fact, ...]:
    """Items that were not taken, by signal and reason."""
    found = [(labels, count) for labels, count in items if labels["reason"] != "duplicate"]
    return tuple(
        Fact(
            f"{labels['signal']}: {labels['reason'].replace('_', ' ')}",
            formats.count(count),
            "warn",
            _DROPPED,
        )
        for labels, count in sorted(found, key=lambda pair: -pair[1])
    )


def disk(found: Disk | None, limits: JournalSettings) -> tuple[Fact, ...]:
    """Free disk, and what the data directory takes."""
    if found is None:
        return (
            Fact("Disk", "cannot be read", "err", "The data directory is gone or unreadable; see the log."),
        )
    empty = found.free < limits.min_free_disk
    low = found.free < max(4 * limits.min_free_disk, found.total // 20)
    says = (
        f"Below journal.min_free_disk ({formats.size(limits.min_free_disk)}) nothing is accepted. Free space."
        if empty
        else "Soon nothing will be accepted. Free some space, or shorten retention under Projects."
        if low
        else f"of {formats.size(found.total)}"
    )
    return (
        Fact("Free disk", formats.size(found.free), "err" if empty else "warn" if low else "", says),
        *(Fact(name, formats.size(size)) for name, size in found.parts if size),
    )


def process(vitals: Vitals, role: str, since: int, now: int) -> tuple[Fact, ...]:
    """This process."""
    memory = "unknown" if vitals.memory is None else formats.size(vitals.memory)
    peak = "" if vitals.peak is None else f"at most {formats.size(vitals.peak)} {_SINCE}"
    return (
        Fact("Memory", memory, says=peak),
        Fact("Running for", str(formats.duration(max(0, now - since))), says=f"as role {role}"),
    )


def versions(vitals: Vitals, state: StoreState | None, prices: str) -> tuple[Fact, ...]:
    """What runs, in which version."""
    engine = state.version if state else "unknown"
    beside = f"chDB {vitals.engine_package}" if vitals.engine_package else ""
    return (
        Fact("Sightline", vitals.sightline),
        Fact("Engine", engine, says=beside),
        Fact("Python", vitals.python),
        Fact("Prices", prices),
    )


def store(state: StoreState | None, shipped: Sequence[int]) -> tuple[Fact, ...]:
    """Merges, parts and schema; `shipped` are the numbers of the steps that this Sightline has."""
    if state is None:
        return (
            Fact("Store", "did not tell", "err", "It does not answer, or keeps its system tables to itself."),
        )
    most = max(state.tables, key=lambda table: table.parts, default=None)
    many = most is not None and most.parts > MANY_PARTS
    have = [step.number for step in state.steps]
    missing = sorted(set(shipped) - set(have))
    return (
        Fact(
            "Parts",
            formats.count(sum(table.parts for table in state.tables)),
            "warn" if many else "",
            f"{most.name} has {formats.count(most.parts)}: merges are behind. Larger batches make fewer."
            if many and most else "",
        ),
        Fact("Merges now", formats.count(len(state.merges))),
        Fact(
            "Schema steps",
            f"{len(have)} of {len(shipped)}",
            "err" if missing else "",
            f"Missing: {', '.join(map(str, missing))}; applied at the next start." if missing else "",
        ),
    )  # fmt: skip


def worst(*groups: Sequence[Fact]) -> str:
    """The tone of the whole: `err` before `warn` before none."""
    tones = {fact.tone for group in groups for fact in group}
    return "err" if "err" in tones else "warn" if "warn" in tones else ""
