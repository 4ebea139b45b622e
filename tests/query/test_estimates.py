"""Sessions and users whose traces were sampled, held against plain Python: totals, intervals, order."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from tests.digest.engine import Engine, opened
from tests.digest.otlp import START
from tests.query import sampled_story as story
from tests.query.sampled_story import Made

from sightline.query import sessions, users
from sightline.query.margins import SIGMAS
from sightline.query.selection import Target, select, select_sessions
from sightline.query.window import Window
from sightline.records.figures import Figure
from sightline.records.sessions import SessionSummary, UserSummary

UNTIL = START + 3600 * 10**9
Sample = Sequence[tuple[Made, float, str]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(tmp_path_factory.mktemp("estimates")) as found:
        yield found


@pytest.fixture(scope="module")
def told(engine: Engine) -> tuple[str, Sample]:
    """A project with what was kept of few users' requests."""
    dealt = [replace(one, user=f"u{n % 9}") for n, one in enumerate(story.population(2, 900))]
    sample = story.kept(dealt, 0.2)
    project = engine.fresh()
    story.store(engine, project, sample)
    return project, sample


def listed_sessions(
    engine: Engine, project: str, sort: str = "-last", limit: int = 200
) -> list[SessionSummary]:
    chosen = select_sessions("", Window(project, START - 1, UNTIL), UNTIL)
    found: list[SessionSummary] = []
    cursor = None
    while True:
        page = asyncio.run(sessions.sessions(engine.store, chosen, limit, sort, cursor))
        found += page.sessions
        cursor = page.next
        if cursor is None:
            return found


def listed_users(
    engine: Engine, project: str, sort: str = "-requests", limit: int = 200, q: str = ""
) -> list[UserSummary]:
    chosen = select(q, Window(project, START - 1, UNTIL), UNTIL, Target.TRACES)
    found: list[UserSummary] = []
    cursor = None
    while True:
        page = asyncio.run(users.users(engine.store, chosen, limit, sort, cursor))
        found += page.users
        cursor = page.next
        if cursor is None:
            return found


@dataclass(frozen=True)
class Plain:
    """A total and half the width of its interval, by the definition."""

    value: float
    margin: float


def plain(sample: Sample, of: Callable[[Made], float]) -> Plain:
    parts = [(weight, weight * of(one)) for one, weight, _ in sample]
    variance = sum((1 - 1 / weight) * u * u for weight, u in parts)
    return Plain(sum(u for _, u in parts), SIGMAS * math.sqrt(variance))


def by(sample: Sample, key: Callable[[Made], str]) -> dict[str, Sample]:
    found: dict[str, list[tuple[Made, float, str]]] = defaultdict(list)
    for one in sample:
        found[key(one[0])].append(one)
    return dict(found)


def same(found: Figure, wanted: Plain) -> None:
    assert found.value == pytest.approx(wanted.value, abs=0.5 if isinstance(found.value, int) else 1e-9)
    assert found.margin == pytest.approx(wanted.margin, rel=1e-6, abs=1e-9)


OF_BOTH: Mapping[str, Callable[[Made], float]] = {
    "spans": lambda one: 1 + len(one.calls),
    "input_tokens": lambda one: sum(call.tokens for call in one.calls),
    "cost_usd": lambda one: sum(call.cost for call in one.calls),
}
OF_SESSIONS: Mapping[str, Callable[[Made], float]] = {
    **OF_BOTH, "turns": lambda _: 1, "failed_turns": lambda one: one.failed,
    "errors": lambda one: one.failed, "calls": lambda one: len(one.calls),
}  # fmt: skip
OF_USERS: Mapping[str, Callable[[Made], float]] = {
    **OF_BOTH, "requests": lambda _: 1, "failed": lambda one: one.failed,
}  # fmt: skip


def test_sessions_against_a_plain_reading(engine: Engine, told: tuple[str, Sample]) -> None:
    project, sample = told
    wanted = by(sample, lambda one: one.session)
    found = {one.session_id: one for one in listed_sessions(engine, project)}
    assert found.keys() == wanted.keys()
    for name, one in found.items():
        assert one.turns == len(wanted[name])  # what is stored stays what it is
        assert one.estimates["turns"].stored == one.turns and one.estimates["errors"].stored == one.spans
        for figure, of in OF_SESSIONS.items():
            same(one.estimates[figure], plain(wanted[name], of))


def test_users_against_a_plain_reading(engine: Engine, told: tuple[str, Sample]) -> None:
    project, sample = told
    wanted = by(sample, lambda one: one.user)
    found = {one.user_id: one for one in listed_users(engine, project)}
    assert found.keys() == wanted.keys()
    for name, one in found.items():
        assert one.requests == len(wanted[name]) == one.estimates["requests"].stored
        for figure, of in OF_USERS.items():
            same(one.estimates[figure], plain(wanted[name], of))
        assert one.estimates["sessions"] == Figure(2, stored=one.requests, at_least=True)
    one = found["u3"]
    window = Window(project, START - 1, UNTIL)
    alone = asyncio.run(users.one(engine.store, select("user:u3", window, UNTIL, Target.TRACES), "u3"))
    assert alone and alone.requests == one.requests
    same(alone.estimates["cost_usd"], plain(wanted["u3"], OF_BOTH["cost_usd"]))


def test_a_users_p95_is_that_of_all_requests(engine: Engine, told: tuple[str, Sample]) -> None:
    """Slow ones are all kept: among what is stored they are far more than they were."""
    project, _ = told
    for one in listed_users(engine, project):
        told_ = one.estimates["p95_ns"]
        assert told_.value and one.p95_ns and told_.value < one.p95_ns and told_.margin is None


@pytest.mark.parametrize("sort", [f"{way}{name}" for name in sessions.ORDERS for way in ("", "-")])
def test_sessions_are_sorted_by_what_they_stand_for(
    engine: Engine, told: tuple[str, Sample], sort: str
) -> None:
    whole = listed_sessions(engine, told[0], sort)
    assert [one.session_id for one in listed_sessions(engine, told[0], sort, 4)] == [
        one.session_id for one in whole
    ]
    if sort == "-cost":
        costs = [one.estimates["cost_usd"].value or 0 for one in whole]
        assert costs == sorted(costs, reverse=True)
    if sort == "turns":
        turns = [one.estimates["turns"].value or 0 for one in whole]
        assert turns == sorted(turns)


@pytest.mark.parametrize("sort", [f"{way}{name}" for name in users.ORDERS for way in ("", "-")])
def test_users_are_sorted_by_what_they_stand_for(engine: Engine, told: tuple[str, Sample], sort: str) -> None:
    whole = listed_users(engine, told[0], sort)
    assert [one.user_id for one in listed_users(engine, told[0], sort, 2)] == [one.user_id for one in whole]
    name = {"requests": "requests", "cost": "cost_usd", "p95": "p95_ns"}.get(sort.removeprefix("-"))
    if name:
        values = [one.estimates[name].value or 0 for one in whole]
        assert values == sorted(values, reverse=sort.startswith("-"))


def test_of_what_a_filter_leaves(engine: Engine, told: tuple[str, Sample]) -> None:
    project, sample = told
    wanted = by([one for one in sample if one[0].failed], lambda one: one.user)
    for one in listed_users(engine, project, q="error"):
        same(one.estimates["requests"], plain(wanted[one.user_id], lambda _: 1))
        assert one.estimates["requests"].margin == 0  # all errors were kept


def test_one_session_and_its_turns(engine: Engine, told: tuple[str, Sample]) -> None:
    project, sample = told
    wanted = {f"{one.id:032x}": (weight, why) for one, weight, why in sample if one.session == "u4-1"}
    found = asyncio.run(sessions.session(engine.store, project, "u4-1"))
    assert found and {turn.trace_id: (turn.weight, turn.sample_reason) for turn in found.turns} == wanted
    assert found.summary.estimates["turns"].value == sum(weight for weight, _ in wanted.values())


def test_without_weights_nothing_is_estimated(engine: Engine) -> None:
    project = engine.fresh()
    story.store(engine, project, [(one, 1.0, "") for one in story.population(9, 50)])
    assert not any(one.estimates for one in listed_sessions(engine, project))
    assert not any(one.estimates for one in listed_users(engine, project))
