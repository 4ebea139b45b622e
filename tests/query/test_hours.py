"""Hours added up say what their spans say, and only while they do.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_hours.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query import filter_story
from tests.query.filter_story import HOUR, NOW, S

from sightline.query.buckets import buckets
from sightline.query.hour_keeper import TOGETHER, HourKeeper, runs
from sightline.query.hours import MOST_GAPS, Asked, added, cover, covered
from sightline.query.hours_sql import SUBJECTS, added_up, adding_up
from sightline.query.overview import BY, CALL_MEASURES, ENTRY_MEASURES, NAMES, surveys
from sightline.query.window import Window
from sightline.records.figures import Breakdown, Figure, Series
from sightline.records.overview import Survey
from sightline.store.hours import PAUSE
from sightline.store.store import Connection, Store

GOLDEN = Path(__file__).parent / "golden" / "hours"
LATER = NOW + 3 * HOUR
MICROS = 1000
# Long enough for buckets of whole hours.
WINDOW = replace(filter_story.WINDOW, since=NOW - 70 * HOUR)
WANTED = (
    Asked("requests", NAMES, BY),
    Asked("calls", CALL_MEASURES, ("model",)),
    Asked("entries", ENTRY_MEASURES, ("service",)),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The story, and again in each of six hours before."""
    with filter_story.opened(tmp_path) as found:
        with contextlib.closing(found.writer()) as writer:
            for ago in range(1, 7):
                writer.command(
                    "INSERT INTO sightline.spans SELECT * REPLACE ("
                    f"concat('a{ago}', substring(s.trace_id, 3)) AS trace_id,"
                    f" s.start_time - toIntervalHour({ago}) AS start_time) FROM sightline.spans AS s"
                    f" WHERE s.start_time >= fromUnixTimestamp64Nano({NOW - 1800 * S})"
                )
        yield found


@pytest.fixture
def writer(store: Store) -> Iterator[Connection]:
    with contextlib.closing(store.writer()) as found:
        yield found


class Clock:
    def __init__(self) -> None:
        self.now = LATER

    def __call__(self) -> int:
        return self.now


def note(writer: Connection, at: int, where: str = "1 = 1") -> None:
    """What the digest writes down of the hours it changes, at a moment in ns."""
    writer.command(
        "INSERT INTO sightline.changed_hours (project, hour, changed_at) SELECT project,"
        f" toInt32(intDiv(toUnixTimestamp64Nano(start_time), {HOUR})) AS hour, {at // MICROS}"
        f" FROM sightline.spans WHERE {where} GROUP BY project, hour"
    )


def keeper(store: Store, clock: Clock) -> HourKeeper:
    return HourKeeper(store, clock, lambda: True)


def figures(found: list[list[Breakdown]]) -> list[object]:
    """Everything but the last digits of money, whose sums depend on their order."""

    def plain(values: tuple[Figure, ...]) -> list[tuple[float | None, int]]:
        return [(None if f.value is None else round(f.value, 9), f.unknown) for f in values]

    return [
        (one.by, one.groups, plain(one.whole.total), [plain(p) for p in one.whole.points],
         {row.group: plain(row.total) for row in one.rows})
        for subject in found
        for one in subject
    ]  # fmt: skip


async def told(store: Store, window: Window, top: int, environment: str = "") -> list[list[Breakdown]]:
    return await (await added(store, window, LATER, environment)).breakdowns(WANTED, top)


def asked(store: Store, window: Window = WINDOW, environment: str = "", top: int = 6) -> list[object]:
    return figures(asyncio.run(told(store, window, top, environment)))


def surveyed(store: Store, window: Window = WINDOW, environment: str = "", up_to: int = 0) -> Survey:
    return asyncio.run(surveys(store, window, None, LATER, environment, exact_up_to=up_to))[0]


COUNTED = ("count", "errors", "tokens", "input_tokens", "output_tokens", "cost", "users", "sessions")


def same_counts(one: Survey, other: Survey) -> None:
    """What is counted and summed agrees; percentiles are of the size of what they were taken of."""

    def plain(found: Survey) -> list[object]:
        def row(one: Series, names: tuple[str, ...]) -> object:
            figures = [one.total[NAMES.index(name)] for name in names]
            return one.group, [(figure.unknown, round(figure.value or 0, 9)) for figure in figures]

        said: list[object] = [row(found.requests.whole, COUNTED)]
        said += [row(one, COUNTED[:6]) for part in found.requests.parts for one in part.rows]
        for breakdown in (found.calls, found.entries):
            at = [n for n, name in enumerate(breakdown.measures) if name in COUNTED]
            said += [
                sorted((row.group.filter, *(round(row.total[n].value or 0, 9) for n in at))
                       for row in (*breakdown.rows, breakdown.whole))
            ]  # fmt: skip
        return said

    assert plain(one) == plain(other)
    p95 = NAMES.index("duration.p95")
    exact = next(s for s in (one, other) if s.exact).requests.whole.total[p95].value
    about = next(s for s in (one, other) if not s.exact).requests.whole.total[p95].value
    assert exact and about and about <= exact * 1.3


@pytest.mark.parametrize("environment", ["", "prod"])
def test_spans_alone_and_hours_say_the_same_as_the_lists(
    store: Store, writer: Connection, environment: str
) -> None:
    exact = surveyed(store, environment=environment, up_to=10**9)
    assert exact.exact
    same_counts(surveyed(store, environment=environment), exact)
    alone = asked(store, environment=environment)
    note(writer, NOW)
    assert keeper(store, Clock()).keep(writer) > 2
    found = asyncio.run(covered(store, WINDOW, buckets(WINDOW), LATER))
    assert found.versions
    assert asked(store, environment=environment) == alone
    same_counts(surveyed(store, environment=environment), exact)


def test_part_of_an_hour_is_measured_from_its_spans(store: Store, writer: Connection) -> None:
    window = replace(WINDOW, since=NOW - 66 * HOUR - 77 * S, until=NOW - 100 * S)
    alone = asked(store, window)
    note(writer, NOW)
    keeper(store, Clock()).keep(writer)
    assert asked(store, window) == alone
    found = asyncio.run(covered(store, window, buckets(window), LATER))
    assert sum(until - since for since, until in found.gaps) < window.length


def test_a_changed_hour_is_measured_anew_and_added_up_again(store: Store, writer: Connection) -> None:
    note(writer, NOW)
    clock = Clock()
    mine = keeper(store, clock)
    mine.keep(writer)
    before = surveyed(store)
    writer.command(
        "INSERT INTO sightline.spans SELECT * REPLACE (concat('00', substring(trace_id, 3)) AS trace_id)"
        " FROM sightline.spans WHERE project = 'default' AND trace_head LIMIT 3"
    )
    # Not noted yet: the sums of before.
    assert surveyed(store).requests.whole.total[0] == before.requests.whole.total[0]
    clock.now += 600 * S
    note(writer, clock.now, "startsWith(trace_id, '00')")
    count = int(before.requests.whole.total[0].value or 0)
    assert surveyed(store).requests.whole.total[0].value == count + 3
    # Too early: what comes within the pause may not have been noted.
    assert mine.keep(writer) == 0
    clock.now += PAUSE * MICROS
    assert mine.keep(writer) > 0
    assert surveyed(store).requests.whole.total[0].value == count + 3
    found = asyncio.run(covered(store, WINDOW, buckets(WINDOW), LATER))
    changed = {NOW // HOUR}
    assert not any(since // HOUR in changed for since, until in found.gaps if until - since == HOUR)


def test_what_is_under_way_is_not_added_up(store: Store, writer: Connection) -> None:
    note(writer, NOW)
    clock = Clock()
    clock.now = NOW + (PAUSE + 10) * MICROS
    keeper(store, clock).keep(writer)
    versions = writer.query("SELECT max(hour) FROM sightline.hours").scalar()
    assert int(versions) == NOW // HOUR - 1


def test_what_expired_is_not_taken_from_sums(store: Store, writer: Connection) -> None:
    note(writer, NOW)
    keeper(store, Clock()).keep(writer)
    (soon,) = writer.query(
        "SELECT min(toUnixTimestamp(expires)) FROM sightline.hours WHERE subject = '' AND project = 'default'"
    ).rows[0]
    found = asyncio.run(covered(store, WINDOW, buckets(WINDOW), int(soon) * S))
    kept = asyncio.run(covered(store, WINDOW, buckets(WINDOW), int(soon) * S - S))
    assert len(found.versions) < len(kept.versions)


def test_replaced_sums_go_when_nobody_reads_them_any_more(store: Store, writer: Connection) -> None:
    note(writer, NOW)
    clock = Clock()
    mine = keeper(store, clock)
    mine.keep(writer)
    hours = int(writer.query("SELECT uniqExact(project, hour) FROM sightline.hours").scalar())
    clock.now += 60 * S
    note(writer, clock.now)
    clock.now += 2 * PAUSE * MICROS
    mine.keep(writer)
    assert mine.tidy(writer, clock.now) == 0
    clock.now += 1200 * S
    alone = asked(store)
    assert mine.tidy(writer, clock.now) == hours
    writer.command("OPTIMIZE TABLE sightline.hours FINAL")
    assert asked(store) == alone


def test_a_project_sees_no_other(store: Store, writer: Connection) -> None:
    note(writer, NOW)
    keeper(store, Clock()).keep(writer)
    for project in ("default", "other"):
        window = replace(WINDOW, project=project)
        same_counts(surveyed(store, window), surveyed(store, window, up_to=10**9))
    secret = surveyed(store, replace(WINDOW, project="other"))
    assert any(row.group.values == ("secret-model",) for row in secret.calls.rows)
    assert not any(row.group.values == ("secret-model",) for row in surveyed(store).calls.rows)


def test_other_is_everything_without_a_row(store: Store, writer: Connection) -> None:
    note(writer, NOW)
    keeper(store, Clock()).keep(writer)
    found = asyncio.run(told(store, WINDOW, 1))
    for subject in found:
        for one in subject:
            assert sum(int(row.total[0].value or 0) for row in one.rows) == one.whole.total[0].value
    assert any(row.group.other for subject in found for one in subject for row in one.rows)


def test_the_range_before_shows_the_same_groups(store: Store, writer: Connection) -> None:
    note(writer, NOW)
    keeper(store, Clock()).keep(writer)
    now, before = asyncio.run(surveys(store, WINDOW, WINDOW.earlier(WINDOW.length), LATER, exact_up_to=0))
    assert before is not None and not before.exact
    assert before.requests.whole.total[0].value == 0
    now, before = asyncio.run(surveys(store, WINDOW, WINDOW, LATER, exact_up_to=0))
    assert before == now


@given(
    st.integers(0, 3 * HOUR),
    st.integers(1, 60 * HOUR),
    st.dictionaries(st.integers(-1, 70), st.integers(1, 10**6), max_size=60),
)
def test_hours_and_gaps_cover_a_window_once(since: int, length: int, hours: dict[int, int]) -> None:
    window = Window("p", since, since + length)
    whole = {h: v for h, v in hours.items() if h * HOUR >= since and (h + 1) * HOUR <= since + length}
    found = cover(window, whole)
    assert len(found.gaps) <= MOST_GAPS
    chosen = [h for h, v in sorted(whole.items()) if v in found.versions]
    stretches = [*found.gaps]
    if len(set(whole.values())) == len(whole):
        stretches += [(h * HOUR, (h + 1) * HOUR) for h in chosen]
        stretches.sort()
        assert stretches[0][0] == window.since and stretches[-1][1] == window.until
        assert all(a[1] == b[0] for a, b in itertools.pairwise(stretches))


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 40)), max_size=60))
def test_every_hour_is_added_up_once(hours: list[tuple[str, int]]) -> None:
    found = [(p, h) for p, first, count in runs(hours) for h in range(first, first + count)]
    assert sorted(found) == sorted(set(hours))
    assert all(count <= TOGETHER for _, _, count in runs(hours))


@pytest.mark.parametrize("name", ["calls", "requests", "entries", "complete", "added_up", "other"])
def test_the_statements(name: str) -> None:
    window = Window("helpdesk", NOW // HOUR * HOUR - 24 * HOUR, NOW // HOUR * HOUR)
    made = dict(zip([*(one.name for one in SUBJECTS), "complete"], adding_up(window, 7), strict=True))
    found = buckets(window)
    statement = (
        made.get(name)
        or {
            "added_up": lambda: added_up(window, found, [1, 2], [(window.since, window.since + 5)], "prod"),
            "other": lambda: added_up(window, found, [1], [], "", SUBJECTS[:1], ("team", ["a'", ""])),
        }[name]()
    )
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{statement.text}\n")
    assert f"{statement.text}\n" == path.read_text()
    assert "a'" not in statement.text
