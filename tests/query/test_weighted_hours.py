"""Hours of sampled traces added up say what their spans say, with the same intervals."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.digest.engine import NOW, Engine, opened
from tests.digest.otlp import START
from tests.query import sampled_story as story

from sightline.query.buckets import buckets
from sightline.query.hour_keeper import HourKeeper
from sightline.query.hours import covered
from sightline.query.hours_sql import SUBJECTS, added_up
from sightline.query.overview import surveys
from sightline.query.weighted_hours_sql import WEIGHTED, adding_weights_up
from sightline.query.window import Window
from sightline.records.figures import Figure, Series
from sightline.records.overview import Survey
from sightline.store.hours import HOUR
from sightline.store.store import Connection

GOLDEN = Path(__file__).parent / "golden" / "weighted_hours"
# The digest has noted the hours that it changed by then.
LATER = NOW + HOUR
HOURS = 5


def window(project: str) -> Window:
    """Long enough for buckets of whole hours."""
    return Window(project, START // HOUR * HOUR - 70 * HOUR, START // HOUR * HOUR + HOUR)


def filled(engine: Engine, weighted: bool = True) -> str:
    """A project with a population in each of a few hours."""
    project = engine.fresh()
    everything = story.population(31, 400)
    sample = story.kept(everything, 0.1) if weighted else [(one, 1.0, "") for one in everything[:60]]
    story.store(engine, project, sample)
    with contextlib.closing(engine.store.writer()) as writer:
        for ago in range(1, HOURS):
            earlier(writer, project, ago)
    return project


def earlier(writer: Connection, project: str, ago: int, more: str = "") -> None:
    writer.command(
        "INSERT INTO sightline.spans SELECT * REPLACE ("
        f"concat('feed{ago:04}', substring(s.trace_id, 9)) AS trace_id,"
        f" s.start_time - toIntervalHour({ago}) AS start_time{more}) FROM sightline.spans AS s"
        f" WHERE s.project = '{project}' AND s.start_time >= fromUnixTimestamp64Nano({START - 1})"
    )


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with opened(tmp_path) as found:
        yield found


@pytest.fixture
def writer(engine: Engine) -> Iterator[Connection]:
    with contextlib.closing(engine.store.writer()) as found:
        yield found


def note(writer: Connection, project: str) -> None:
    """What the digest writes down of the hours it changes."""
    writer.command(
        "INSERT INTO sightline.changed_hours (project, hour, changed_at) SELECT project,"
        f" toInt32(intDiv(toUnixTimestamp64Nano(start_time), {HOUR})) AS hour, {START // 1000}"
        f" FROM sightline.spans WHERE project = '{project}' GROUP BY project, hour"
    )


def keeper(engine: Engine, now: int = LATER) -> HourKeeper:
    return HourKeeper(engine.store, lambda: now, lambda: True)


def surveyed(engine: Engine, project: str, up_to: int = 0) -> Survey:
    return asyncio.run(surveys(engine.store, window(project), None, LATER, exact_up_to=up_to))[0]


def gaps(engine: Engine, project: str) -> int:
    """How much of the window is measured from spans, in hours with spans."""
    at = window(project)
    found = asyncio.run(covered(engine.store, at, buckets(at), LATER, weighted=True))
    return HOURS - len(found.versions)


def alike(one: Figure, other: Figure, name: str) -> None:
    assert (one.unknown, one.stored, one.at_least) == (other.unknown, other.stored, other.at_least), name
    exact = name not in ("duration.p50", "duration.p95", "ttft.p95")
    if one.value is None or other.value is None:
        assert one.value is other.value, name
    else:
        assert one.value == pytest.approx(other.value, rel=1e-9 if exact else 0.011), name
    if one.margin is None or other.margin is None:
        assert one.margin is other.margin, name
    else:
        assert one.margin == pytest.approx(other.margin, rel=1e-6, abs=1e-9), name


def same(one: Survey, other: Survey) -> None:
    pairs: list[tuple[tuple[str, ...], Series, Series]] = [
        (one.requests.measures, one.requests.whole, other.requests.whole)
    ]
    for a, b in zip(one.requests.parts, other.requests.parts, strict=True):
        rows = zip(a.rows, b.rows, strict=True)
        pairs += [(one.requests.measures, mine, theirs) for mine, theirs in rows]
    for c, d in ((one.calls, other.calls), (one.entries, other.entries)):
        assert c.groups == d.groups
        pairs.append((c.measures, c.whole, d.whole))
        pairs += [(c.measures, mine, theirs) for mine, theirs in zip(c.rows, d.rows, strict=True)]
    for measures, mine, theirs in pairs:
        assert mine.group == theirs.group
        for name, a_figure, b_figure in zip(measures, mine.total, theirs.total, strict=True):
            if name in ("users", "sessions"):
                continue  # of groups nobody keeps them
            alike(a_figure, b_figure, name)
    assert sum(p[0].value or 0 for p in one.requests.whole.points) == pytest.approx(
        sum(p[0].value or 0 for p in other.requests.whole.points), abs=HOURS
    )


def test_hours_and_spans_say_the_same_with_the_same_intervals(engine: Engine, writer: Connection) -> None:
    project = filled(engine)
    told = surveyed(engine, project, up_to=10**9)
    assert told.requests.whole.total[0].margin
    same(surveyed(engine, project), told)  # measured from spans, no hour being added up
    note(writer, project)
    assert keeper(engine).keep(writer) == HOURS
    assert gaps(engine, project) == 0
    found = surveyed(engine, project)
    assert not found.exact
    same(found, told)
    users = dict(zip(found.requests.measures, found.requests.whole.total, strict=True))["users"]
    assert users.at_least and users.value
    assert keeper(engine).keep(writer) == 0


def test_without_weights_nothing_is_kept_twice(engine: Engine, writer: Connection) -> None:
    project = filled(engine, weighted=False)
    note(writer, project)
    assert keeper(engine).keep(writer) == HOURS
    assert writer.query("SELECT count() FROM sightline.weighted_hours").scalar() == 0
    assert surveyed(engine, project).requests.whole.total[0] == Figure(60 * HOURS)


def test_hours_from_before_sampling_began_are_added_up_again(engine: Engine, writer: Connection) -> None:
    project = engine.fresh()
    story.store(engine, project, story.kept(story.population(8, 300), 0.2))
    for ago in range(1, HOURS):
        earlier(writer, project, ago, ", NULL AS sample_weight, NULL AS trace_weight")
    # The hours before come first, as they do when sampling begins later.
    writer.command(
        "INSERT INTO sightline.changed_hours (project, hour, changed_at)"
        f" SELECT '{project}', toInt32({START // HOUR} - number - 1), {START // 1000}"
        f" FROM numbers({HOURS - 1})"
    )
    # What the digest noted is not quiet yet then.
    assert keeper(engine, START + 3 * HOUR).keep(writer) == HOURS - 1
    assert writer.query("SELECT count() FROM sightline.weighted_hours").scalar() == 0
    assert gaps(engine, project) == HOURS
    mine = keeper(engine)
    mine.keep(writer)
    mine.keep(writer)
    assert gaps(engine, project) == 0
    same(surveyed(engine, project), surveyed(engine, project, up_to=10**9))
    assert mine.keep(writer) == 0


def test_a_range_that_begins_within_an_hour(engine: Engine, writer: Connection) -> None:
    project = filled(engine)
    note(writer, project)
    keeper(engine).keep(writer)
    cut = replace(window(project), since=START - 2 * HOUR + 100 * 10**6, until=START + 62 * HOUR)
    both = [asyncio.run(surveys(engine.store, cut, None, LATER, exact_up_to=n))[0] for n in (0, 10**9)]
    same(both[0], both[1])


def test_the_range_before_has_the_same_groups(engine: Engine, writer: Connection) -> None:
    project = filled(engine)
    note(writer, project)
    keeper(engine).keep(writer)
    at = window(project)
    now, before = asyncio.run(surveys(engine.store, at, at, LATER, exact_up_to=0))
    assert before == now


def test_another_project_has_its_own(engine: Engine, writer: Connection) -> None:
    first, second = filled(engine), filled(engine, weighted=False)
    for project in (first, second):
        note(writer, project)
    assert keeper(engine).keep(writer) == 2 * HOURS
    rows = writer.query("SELECT DISTINCT project FROM sightline.weighted_hours").rows
    assert [row[0] for row in rows] == [first]
    assert surveyed(engine, second).requests.whole.total[0] == Figure(60 * HOURS)


@pytest.mark.parametrize("name", ["requests", "calls", "entries", "complete", "added_up"])
def test_the_statements(name: str) -> None:
    at = Window("helpdesk", START // HOUR * HOUR - 24 * HOUR, START // HOUR * HOUR)
    made = dict(zip([*(one.name for one in SUBJECTS), "complete"], adding_weights_up(at, 7), strict=True))
    gap = [(at.since, at.since + 5)]
    statement = made.get(name) or added_up(at, buckets(at), [1, 2], gap, "prod", sums=WEIGHTED)
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{statement.text}\n")
    assert f"{statement.text}\n" == path.read_text()
