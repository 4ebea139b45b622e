"""What scores come to for users and sessions, held against plain Python."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from statistics import mean as average
from typing import Any

import pytest
from tests.query.filter.test_rows import NOW, WINDOW, WORLD
from tests.query.test_score_figures import counting, of_traces, store

from sightline.query.filter.spelling import condition
from sightline.query.score_groups import of_sessions, of_users
from sightline.query.selection import Target, count, select
from sightline.records.scores import Rated
from sightline.store.store import Store

__all__ = ["store"]
NAMES = ("q", "verdict", "ok", "a b")


def heads() -> dict[str, dict[str, Any]]:
    return {trace: min(rows, key=lambda r: r["start"]) for trace, rows in WORLD.by_trace.items()}


def expected(
    name: str, own: bool, given: Iterable[tuple[float | None, dict[str, Any] | None]]
) -> Rated | None:
    rated = [(value, best) for value, best in given if best is not None]
    if not rated:
        return None
    numbers = [value for value, _ in rated if value is not None]
    labels = Counter(best["label"] for _, best in rated if best["label"])
    most = max(labels.items(), key=lambda kv: (kv[1], kv[0]), default=("", 0))
    mean = average(numbers) if numbers else None
    return Rated(name, own, len(rated), mean, most[0], most[1], sum(labels.values()))


def same(found: Rated, wanted: Rated | None) -> None:
    assert wanted is not None
    assert found.mean == (None if wanted.mean is None else pytest.approx(wanted.mean))
    assert [getattr(found, k) for k in ("name", "own", "rated", "label", "labelled", "labels")] == [
        getattr(wanted, k) for k in ("name", "own", "rated", "label", "labelled", "labels")
    ]


def test_users(store: Store) -> None:
    users = sorted({head["user_id"] or "" for head in heads().values()})
    assert len(users) > 1
    found = asyncio.run(of_users(store, select("", WINDOW, NOW, Target.TRACES), users, NAMES))
    told = 0
    for name in NAMES:
        by_trace = dict(zip(WORLD.by_trace, of_traces(name), strict=True))
        for user in users:
            mine = [by_trace[t] for t, head in heads().items() if (head["user_id"] or "") == user]
            wanted = expected(name, False, mine)
            rated = next((one for one in found.get(user, ()) if one.name == name), None)
            if rated is None:
                assert wanted is None
                continue
            same(rated, wanted)
            told += 1
    assert told > 3


def test_sessions(store: Store) -> None:
    sessions = sorted({head["session_id"] for head in heads().values() if head["session_id"]})
    found = asyncio.run(of_sessions(store, WINDOW, sessions, NAMES))
    owns = 0
    for name in NAMES:
        counted = counting(name)
        for session in sessions:
            own = counted.get(("session", "", "", session))
            mine = []
            for trace, head in heads().items():
                of = [s for s in counted.values() if s["trace_id"] == trace]
                if head["session_id"] == session and of:
                    numbers = [s["value"] for s in of if s["value"] is not None]
                    best = max(of, key=lambda s: (s["source"], s["time"], s["id"]))
                    mine.append((average(numbers) if numbers else None, best))
            wanted = expected(name, True, [(own["value"], own)]) if own else expected(name, False, mine)
            rated = next((one for one in found.get(session, ()) if one.name == name), None)
            if rated is None or wanted is None:
                assert rated is wanted
                continue
            owns += rated.own
            assert (rated.own, rated.rated) == (wanted.own, wanted.rated)
            assert rated.mean == (None if wanted.mean is None else pytest.approx(wanted.mean))
    assert owns


def test_the_link_opens_as_many_as_were_rated(store: Store) -> None:
    users = sorted({head["user_id"] for head in heads().values() if head["user_id"]})
    found = asyncio.run(of_users(store, select("", WINDOW, NOW, Target.TRACES), users, ["q"]))
    for user, rated in found.items():
        behind = select(f"{condition('user', user)} has:score.q", WINDOW, NOW, Target.TRACES)
        assert asyncio.run(count(store, behind)) == rated[0].rated


def test_nothing_is_asked_without_names_and_another_project_has_nothing(store: Store) -> None:
    chosen = select("", WINDOW, NOW, Target.TRACES)
    assert asyncio.run(of_users(store, chosen, ["u1"], [])) == {}
    assert asyncio.run(of_sessions(store, WINDOW, [], NAMES)) == {}
    assert asyncio.run(of_users(store, chosen, ["nobody"], NAMES)) == {}
