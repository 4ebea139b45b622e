"""From files to a report: what is what, who reads it, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sightline.report.any_log import LogReader
from sightline.report.call import Call
from sightline.report.figures import Reading, Report
from sightline.report.gather import Gatherer
from sightline.report.otlp import OTHERS, OtlpReader, is_request
from sightline.report.prices import MISSING, Pricer
from sightline.report.sources import Unreadable, values

_REASONS = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to read. `since` and `until` in ns; records without a time are outside of any range."""

    fields: dict[str, tuple[str, str]]
    since: int | None = None
    until: int | None = None
    top: int = 10
    prices: bool = True


def read(names: Iterable[str], wanted: Wanted, seen: Callable[[int], None] = lambda _: None) -> Report:
    """The report on these files; `seen` is told how many values there were, now and then.

    Raises SourceError.
    """
    names = tuple(names)
    otlp: OtlpReader | None = None
    logs, gather, pricer = LogReader(wanted.fields), Gatherer(wanted.top), Pricer(wanted.prices)
    counts = dict.fromkeys(("values", "spans", "records", "unreadable", "outside", "other_signals"), 0)
    reasons: list[str] = []
    unpriced = False

    def refused(file: str, line: int, why: str) -> None:
        counts["unreadable"] += 1
        if len(reasons) < _REASONS:
            reasons.append(f"{file}, line {line}: {why}")

    for name in names:
        for found in values(name):
            if isinstance(found, Unreadable):
                refused(found.file, found.line, found.reason)
                continue
            counts["values"] += 1
            if counts["values"] % 4096 == 0:
                seen(counts["values"])
            value = found.value
            if isinstance(value, dict) and any(key in value for key in OTHERS):
                counts["other_signals"] += 1
                continue
            if is_request(value):
                otlp = otlp or OtlpReader()
                calls, kind = otlp.read(value), "spans"
            else:
                calls, kind = logs.read(value), "records"
            for call in calls:
                if isinstance(call, str):
                    refused(found.file, found.line, call)
                elif not _inside(call, wanted):
                    counts["outside"] += 1
                else:
                    counts[kind] += 1
                    pricer.price(call)
                    unpriced = unpriced or (call.cost is None and call.input is not None)
                    gather.add(call)
    notes = []
    for label, count in logs.unknown_units.items():
        field, _, name = label.partition("=")
        notes.append(
            f"the unit of {name} is not known, so {field} is left out of {count:,} records:"
            f" say --field {label}:ms, or :s"
        )
    if unpriced and pricer.version is None and wanted.prices:
        notes.append(MISSING)
    reading = Reading(
        files=names, reasons=tuple(reasons), fields=tuple(logs.taken), notes=tuple(notes), **counts
    )
    return gather.report(reading, pricer.version)


def _inside(call: Call, wanted: Wanted) -> bool:
    if wanted.since is None and wanted.until is None:
        return True
    if call.time is None:
        return False
    return (wanted.since is None or call.time >= wanted.since) and (
        wanted.until is None or call.time < wanted.until
    )
