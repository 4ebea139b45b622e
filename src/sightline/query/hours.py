"""A project's figures over a long time from hours that were added up, and from spans where they were not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.query.buckets import Buckets, buckets
from sightline.query.figures_sql import even
from sightline.query.hours_sql import PLAIN, SUBJECTS, SUMS, Subject, Sums, added_up, complete
from sightline.query.measures import MEASURES
from sightline.query.question import Question, ask, opening
from sightline.query.selection import select
from sightline.query.weighted_figures import estimates
from sightline.query.weighted_hours_sql import WEIGHTED, with_weights
from sightline.query.window import Window
from sightline.records.figures import Breakdown, Figure, Group, Series
from sightline.store.hours import HOUR
from sightline.store.store import Store

# More stretches without sums are measured together, with the hours between them.
MOST_GAPS = 24
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Covered:
    """Which hours of a window are added up: their versions, and the stretches (ns) that are not."""

    versions: tuple[int, ...]
    gaps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown of a subject: its measures, and the dimensions it is broken down by.

    `values` are the groups to show; without them the largest are.
    """

    subject: str
    measures: tuple[str, ...]
    by: tuple[str, ...]
    values: tuple[tuple[str, ...] | None, ...] = ()


async def covered(store: Store, window: Window, found: Buckets, now: int, weighted: bool = False) -> Covered:
    """Which hours of a window can be taken as they were added up at `now` (ns), `weighted`: by weight.

    Errors of the store pass through.
    """
    inside = [start for start in found.starts if window.since < start < window.until]
    if any(start % HOUR for start in inside):
        return Covered((), ((window.since, window.until),))
    asked = complete(window, now)
    rows = (await store.fetch(asked.text, asked.parameters, purpose="figures")).rows
    versions = {int(hour): int(version) for hour, version in rows}
    if weighted:
        told = with_weights(window)
        rows = (await store.fetch(told.text, told.parameters, purpose="figures")).rows
        known = {int(row[0]) for row in rows}
        versions = {hour: version for hour, version in versions.items() if version in known}
    return cover(window, versions)


def cover(window: Window, hours: Mapping[int, int]) -> Covered:
    """The stretches of a window beside its whole hours with a version; the shortest runs between too many
    stretches are given up."""
    runs: list[list[int]] = []
    for hour in sorted(hours):
        if runs and runs[-1][-1] == hour - 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    if len(runs) >= MOST_GAPS:
        runs = sorted(sorted(runs, key=len, reverse=True)[: MOST_GAPS - 1])
    gaps: list[tuple[int, int]] = []
    at = window.since
    for run in runs:
        if at < run[0] * HOUR:
            gaps.append((at, run[0] * HOUR))
        at = (run[-1] + 1) * HOUR
    if at < window.until:
        gaps.append((at, window.until))
    return Covered(tuple(hours[hour] for run in runs for hour in run), tuple(gaps))


async def added(
    store: Store,
    window: Window,
    now: int,
    environment: str = "",
    zone: str = "UTC",
    weighted: bool = False,
) -> AddedUp:
    """Everything there is of a window, added up; percentiles and different ids are estimates.

    `weighted`: rows count as many times as they stand for. Raises NoBuckets. Errors of the store pass
    through.
    """
    found = buckets(window, zone=zone)
    cover_ = await covered(store, window, found, now, weighted)
    sums = WEIGHTED if weighted else PLAIN
    statement = added_up(window, found, cover_.versions, cover_.gaps, environment, sums=sums)
    rows = await store.fetch(statement.text, statement.parameters, purpose="figures")
    places = {(r["subject"], r["dimension"], str(r["value"])): r for r in rows.dicts()}
    return AddedUp(store, window, found, cover_, environment, zone, places, now, sums)


@dataclass(frozen=True, slots=True)
class AddedUp:
    """One answer about a window, out of which breakdowns are made."""

    store: Store
    window: Window
    found: Buckets
    covered: Covered
    environment: str
    zone: str
    places: Mapping[_Key, dict[str, Any]]
    now: int
    sums: Sums = PLAIN

    async def breakdowns(self, asked: Sequence[Asked], top: int) -> list[list[Breakdown]]:
        """For each of `asked` a breakdown by each of its dimensions. Errors of the store pass through."""
        made = [
            asyncio.gather(*(self._by(one, n, dimension, top) for n, dimension in enumerate(one.by)))
            for one in asked
        ]
        return [list(one) for one in await asyncio.gather(*made)]

    async def _by(self, asked: Asked, at: int, dimension: str, top: int) -> Breakdown:
        subject = next(one for one in SUBJECTS if one.name == asked.subject)
        question = self._question(subject, dimension)
        mine = {v: row for (s, d, v), row in self.places.items() if s == subject.name and d == dimension}
        groups = int(next(iter(mine.values()))["groups"]) if mine else 0
        chosen = asked.values[at] if asked.values else None
        if chosen is None:
            named = [value for value in mine if value]
            chosen = tuple(named if groups <= top + 1 else named[:top])
            chosen += ("",) * ("" in mine)
        else:
            chosen = tuple(value for value in chosen if value in mine)
        lines = [
            Series(Group((v,), False, opening(question, [(v,)])), _figures(asked.measures, mine[v]), ())
            for v in chosen
        ]
        if groups > len(chosen):
            rest = await self._other(subject, dimension, chosen)
            filter_ = opening(question, [(value,) for value in chosen], other=True)
            lines.append(Series(Group((), True, filter_), _figures(asked.measures, rest), ()))
        whole = Series(
            Group((), False, question.selection.text),
            _figures(asked.measures, self.places.get((subject.name, "", ""))),
            tuple(
                _figures(asked.measures, self.places.get((subject.name, "bucket", str(n))))
                for n in (range(len(self.found.starts)) if even(self.found) else self.found.starts)
            ),
        )
        found = self.found
        return Breakdown(
            asked.measures, (dimension,), found.starts, found.end, found.step, tuple(lines), whole, groups,
            exact=False, weighted=self.sums is WEIGHTED,
        )  # fmt: skip

    def _question(self, subject: Subject, dimension: str) -> Question:
        selection = select(subject.filter, self.window, self.now, subject.target, self.environment)
        return replace(ask(selection, ["count"], [dimension], zone=self.zone), buckets=self.found)

    async def _other(self, subject: Subject, dimension: str, kept: Sequence[str]) -> dict[str, Any] | None:
        statement = added_up(
            self.window, self.found, self.covered.versions, self.covered.gaps, self.environment, [subject],
            (dimension, kept), self.sums,
        )  # fmt: skip
        rows = (await self.store.fetch(statement.text, statement.parameters, purpose="figures")).dicts()
        return next(iter(rows), None)


def _figures(measures: Sequence[str], row: Mapping[str, Any] | None) -> tuple[Figure, ...]:
    """The measures out of a row; without spans what nothing measures."""
    if not row or not int(row["found"]):
        return tuple(Figure(MEASURES[name].none) for name in measures)
    if "stored" in row:
        return estimates(measures, row)
    count, failed = int(row["found"]), int(row["failed"])
    whole = row["dimension"] in ("", "bucket", "env")
    unknown = {name: int(row["unknown_cost" if name == "cost" else "unknown_tokens"]) for name in SUMS}
    found = {
        "count": Figure(count),
        "errors": Figure(failed),
        "error_rate": Figure(failed / count),
        "duration.p50": Figure(_number(row["took"][0])),
        "duration.p95": Figure(_number(row["took"][1])),
        "ttft.p95": Figure(_number(row["first_token"][0])),
        # Kept for all together, not for groups.
        "users": Figure(int(row["users"] or 0) if whole else None),
        "sessions": Figure(int(row["sessions"] or 0) if whole else None),
        **{name: Figure(row[name], unknown[name]) for name in SUMS},
    }
    return tuple(found[name] for name in measures)


def _number(value: float | None) -> float | None:
    """A percentile; of nothing it is not a number."""
    return None if value is None or value != value else value
