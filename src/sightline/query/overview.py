"""A project's requests at a glance: in all, over time, by feature, team and environment.

A request is a trace and stands where the first of its topmost spans starts. Its time is that of its topmost
spans: what goes on after they have ended made nobody wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.query.breakdown import breakdown, rank
from sightline.query.buckets import Buckets, buckets
from sightline.query.figures_sql import Ranked, even
from sightline.query.filter.compiler import Sql, Statement
from sightline.query.filter.predicates import AllOf
from sightline.query.hours import AddedUp, Asked, added
from sightline.query.measures import EXACT_UP_TO, MEASURES
from sightline.query.question import Question, ask, opening
from sightline.query.selection import Selection, Target, select
from sightline.query.survey_sql import USAGE, dearest, latest, requests, slowest
from sightline.query.weights import has_weights
from sightline.query.window import Window
from sightline.records.figures import Figure, Group, Series
from sightline.records.overview import Ends, Overview, Parts, Survey
from sightline.store.rows import Rows
from sightline.store.store import Store

NAMES = (
    "count", "errors", "error_rate", "duration.p50", "duration.p95", "tokens", "input_tokens",
    "output_tokens", "cost", "users", "sessions",
)  # fmt: skip
BY = ("feature", "team", "env")
CALLS, ENTRIES = "kind:llm", "depth:0"
CALL_MEASURES = ("count", "errors", "error_rate", "duration.p95", "ttft.p95", "tokens", "cost")
ENTRY_MEASURES = ("count", "errors", "error_rate", "duration.p95")
# How many groups of a dimension get a row of their own.
SHOWN = 6
ENDS = 5
_Measured = dict[tuple[int, Any], dict[str, Any]]


async def surveys(
    store: Store,
    window: Window,
    earlier: Window | None,
    now: int,
    environment: str = "",
    zone: str = "UTC",
    exact_up_to: int = EXACT_UP_TO,
) -> tuple[Survey, Survey | None]:
    """A project in a window, and the same groups in an earlier one of the same length.

    Up to `exact_up_to` spans in a window are read; of more, hours that were added up before are. Raises
    NoBuckets. Errors of the store pass through.
    """
    asked = _Asked(store, now, environment, zone)
    both = [one for one in (window, earlier) if one]
    heavy = await asyncio.gather(*(has_weights(store, one) for one in both))
    sizes = await asyncio.gather(*(spans(store, one) for one in both))
    if any(heavy) and max(sizes) <= exact_up_to:
        ranked = await asked.ranked(window, heavy[0])
        found = await asked.estimated(window, ranked, heavy[0])
        if earlier is None:
            return found, None
        return found, await asked.estimated(earlier, ranked, heavy[1])
    if sizes[0] > exact_up_to or any(heavy):
        sums, *before = await asyncio.gather(*(asked.added(*one) for one in zip(both, heavy, strict=True)))
        found = await asked.added_up(sums, None)
        return found, await asked.added_up(before[0], found) if before else None
    ranked = await asked.ranked(window)
    found = await asked.exact(window, ranked)
    if earlier is None:
        return found, None
    if sizes[1] > exact_up_to:
        return found, await asked.added_up(await asked.added(earlier), found)
    return found, await asked.exact(earlier, ranked)


_SPANS = ((CALLS, "model", CALL_MEASURES), (ENTRIES, "service", ENTRY_MEASURES))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What surveys of two windows have in common."""

    store: Store
    now: int
    environment: str
    zone: str

    async def ranked(self, window: Window, weighted: bool = False) -> list[Ranked]:
        """The groups of spans that get a row."""
        asked = (by_weight(question, weighted) for question in self._of_spans(window))
        return await asyncio.gather(*(rank(self.store, question) for question in asked))

    async def estimated(self, window: Window, ranked: list[Ranked], weighted: bool) -> Survey:
        """Read from spans and heads, each counted as many times as it stands for."""
        heads = replace(self._selected(window, "", Target.TRACES), weighted=weighted)
        course = ask(heads, NAMES, zone=self.zone)
        # Groups are not shown over time.
        once = Buckets((window.since,), window.until, window.length)
        of_requests = [replace(ask(heads, NAMES, [by], top=SHOWN), buckets=once) for by in BY]
        of_spans = zip(self._of_spans(window), ranked, strict=True)
        (one, *found), (calls, entries) = await asyncio.gather(
            asyncio.gather(*(breakdown(self.store, one) for one in (course, *of_requests))),
            asyncio.gather(
                *(breakdown(self.store, by_weight(one, weighted), groups) for one, groups in of_spans)
            ),
        )
        parts = tuple(Parts(b.by[0], b.rows, b.groups) for b in found)
        requests = Overview(NAMES, one.starts, one.end, one.step, one.whole, parts)
        return Survey(requests, calls, entries, exact=all(b.exact for b in (one, *found, calls, entries)))

    async def exact(self, window: Window, ranked: list[Ranked]) -> Survey:
        """Read from spans and heads."""
        of_spans = zip(self._of_spans(window), ranked, strict=True)
        requests, (calls, entries) = await asyncio.gather(
            overview(self.store, self._selected(window, "", Target.TRACES), self.zone),
            asyncio.gather(*(breakdown(self.store, question, groups) for question, groups in of_spans)),
        )
        return Survey(requests, calls, entries, exact=True)

    async def added(self, window: Window, weighted: bool = False) -> AddedUp:
        """What was added up of a window."""
        return await added(self.store, window, self.now, self.environment, self.zone, weighted)

    async def added_up(self, sums: AddedUp, like: Survey | None) -> Survey:
        """Read from hours that were added up; with the groups of `like`, where there is one."""

        def values(rows: Sequence[Series]) -> tuple[str, ...]:
            return tuple(row.group.values[0] for row in rows if not row.group.other)

        wanted = (
            Asked("requests", NAMES, BY, tuple(values(p.rows) for p in like.requests.parts) if like else ()),
            Asked("calls", CALL_MEASURES, ("model",), (values(like.calls.rows),) if like else ()),
            Asked("entries", ENTRY_MEASURES, ("service",), (values(like.entries.rows),) if like else ()),
        )
        requests, (calls,), (entries,) = await sums.breakdowns(wanted, SHOWN)
        one = requests[0]
        parts = tuple(Parts(b.by[0], b.rows, b.groups) for b in requests)
        found = Overview(NAMES, one.starts, one.end, one.step, one.whole, parts)
        return Survey(found, calls, entries, exact=False)

    def _of_spans(self, window: Window) -> list[Question]:
        return [
            ask(self._selected(window, text, Target.SPANS), measures, [by], top=SHOWN, zone=self.zone)
            for text, by, measures in _SPANS
        ]

    def _selected(self, window: Window, text: str, target: Target) -> Selection:
        return select(text, window, self.now, target, environment=self.environment)


def by_weight(question: Question, weighted: bool) -> Question:
    """The question over rows that count as many times as they stand for."""
    return replace(question, selection=replace(question.selection, weighted=weighted))


async def overview(
    store: Store, selection: Selection, zone: str = "UTC", by: tuple[str, ...] = BY
) -> Overview:
    """The requests of a selection of traces that picks out no spans, read one by one. Raises NoBuckets.

    Errors of the store pass through.
    """
    found = buckets(selection.window, zone=zone)
    question = ask(selection, ["count"], by, zone=zone)
    rows = _by_mark(await _fetch(store, requests(selection, found, by, None)), len(by))
    points = tuple(_figures(rows.get((-1, n))) for n in _places(found))
    whole = Series(Group((), False, selection.text), _figures(rows.get((-2, None))), points)
    parts = tuple([await _parts(store, question, found, n, rows) for n in range(len(by))])
    return Overview(NAMES, found.starts, found.end, found.step, whole, parts)


async def ends(store: Store, selection: Selection, failed: Selection) -> Ends:
    """The slowest and the dearest of a selection of traces, and the last of one of failed traces.

    Errors of the store pass through.
    """
    asked = [slowest(selection, ENDS), dearest(selection, ENDS), latest(failed, ENDS)]
    answers = await asyncio.gather(*(_fetch(store, one) for one in asked))
    return Ends(*(tuple(str(row[0]) for row in answer.rows) for answer in answers))


async def spans(store: Store, window: Window) -> int:
    """How many spans of a project start in a stretch of time."""
    sql = Sql(window)
    answer = await _fetch(store, sql.statement(f"SELECT count() AS found\n{sql.spans(AllOf(()))}"))
    return int(answer.scalar() or 0)


async def _fetch(store: Store, statement: Statement) -> Rows:
    return await store.fetch(statement.text, statement.parameters, purpose="figures")


async def _parts(
    store: Store,
    question: Question,
    found: Buckets,
    at: int,
    rows: _Measured,
) -> Parts:
    """One dimension: its groups by size, what is not set after them, then other."""
    selection, one = question.selection, question.by[at]
    alone = replace(question, by=(one,))
    mine = [(str(key), row) for (n, key), row in rows.items() if n == at]
    groups = int(mine[0][1]["groups"]) if mine else 0
    named = [value for value, _ in mine if value]
    unset = [value for value, _ in mine if not value]
    rest = None
    if groups > SHOWN + 1:
        named = named[:SHOWN]
        kept = [*named, *unset]
        statement = requests(selection, found, (one.name,), kept)
        again = _by_mark(await _fetch(store, statement), 1)
        rows = {(at, str(k).removeprefix("=")): row for (n, k), row in again.items() if n == 0 and k}
        rest = again.get((0, ""))
    made = [
        Series(
            Group((value,), False, opening(alone, [(value,)])),
            _figures(rows.get((at, value))),
            (),
        )
        for value in [*named, *unset]
    ]
    if rest:
        kept_values = [(value,) for value in [*named, *unset]]
        filter_ = opening(alone, kept_values, other=True)
        made.append(Series(Group((), True, filter_), _figures(rest), ()))
    return Parts(one.name, tuple(made), groups)


def _by_mark(answer: Rows, dimensions: int) -> _Measured:
    """Rows by what they are of: a dimension's number and value, -1 and a bucket, -2 for everything."""
    everything = (1 << (dimensions + 1)) - 1
    found: _Measured = {}
    for row in answer.dicts():
        mark = int(row["mark"])
        if mark == everything:
            found[-2, None] = row
            continue
        column = dimensions - (everything - mark).bit_length()
        if column < 0:
            found[-1, int(row["bucket"])] = row
        else:
            found[column, str(row[f"d{column}"])] = row
    return found


def _places(found: Buckets) -> tuple[int, ...]:
    """How answers name the buckets: by number, or by their beginning where days differ in length."""
    return tuple(range(len(found.starts))) if even(found) else found.starts


def _figures(row: dict[str, Any] | None) -> tuple[Figure, ...]:
    """The measures of `NAMES`; without requests what nothing measures."""
    if not row or not int(row["found"]):
        return tuple(Figure(MEASURES[name].none) for name in NAMES)
    count, bad = int(row["found"]), int(row["failed"])
    p50, p95 = row["took"]
    unknown = {name: int(row["all_no_cost" if name == "cost" else "all_no_tokens"]) for name in USAGE}
    found = {
        "count": Figure(count),
        "errors": Figure(bad),
        "error_rate": Figure(bad / count),
        "duration.p50": Figure(p50),
        "duration.p95": Figure(p95),
        "users": Figure(int(row["users"])),
        "sessions": Figure(int(row["sessions"])),
        **{name: Figure(row[f"all_{name}"], unknown[name]) for name in USAGE},
    }
    return tuple(found[name] for name in NAMES)
