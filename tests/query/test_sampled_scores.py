"""Scores of sampled traces as measures: each rated row counts as many times as it stands for."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import pytest
from tests.digest.engine import Engine, opened
from tests.digest.otlp import START
from tests.query import sampled_story as story
from tests.query.filter.test_rows import insert_scores

from sightline.query.breakdown import breakdown
from sightline.query.margins import SIGMAS
from sightline.query.question import ask
from sightline.query.selection import Target, select
from sightline.query.window import Window
from sightline.records.figures import Breakdown

UNTIL = START + 3600 * 10**9
Rated = list[tuple[float, float]]


def score(number: int, trace: int, name: str, **said: Any) -> dict[str, Any]:
    return {
        "id": f"{name}{number}", "name": name, "target": "trace", "trace_id": f"{trace:032x}", "span_id": "",
        "session_id": "", "data_type": "numeric", "value": None, "label": "", "source": "end_user",
        "author": "", "time": START, **said,
    }  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Rated, Rated]]:
    """Half of what was kept is rated; what failed, and is kept in full, is rated low."""
    dice = random.Random(4)
    numbers: Rated = []
    wrong: Rated = []
    scores = []
    with opened(tmp_path_factory.mktemp("sampled_scores")) as engine:
        sample = story.kept(story.population(21, 900), 0.2)
        story.store(engine, "p", sample)
        for n, (one, weight, _) in enumerate(sample):
            if dice.random() < 0.5:
                continue
            value = dice.choice([0.0, 0.25]) if one.failed else dice.choice([-1.0, 0.5, 0.75, 1.0])
            label = dice.choice(["wrong", "right"])
            numbers.append((value, weight))
            wrong.append((float(label == "wrong"), weight))
            scores.append(score(n, one.id, "q", value=value))
            scores.append(score(n, one.id, "verdict", label=label, data_type="categorical"))
        insert_scores(engine.store, scores, "p")
        yield engine, numbers, wrong


def asked(engine: Engine, target: Target, by: str = "") -> Breakdown:
    chosen = select("", Window("p", START - 1, UNTIL), UNTIL, target)
    names = ["score.q", "score.q.p50", "score.q.count", "score.verdict:wrong", "score.none"]
    return asyncio.run(breakdown(engine.store, ask(chosen, names, [by] if by else [])))


def mean(rated: Rated) -> tuple[float, float]:
    """The weighted mean, and half the width of its interval: linearised, over traces."""
    total = sum(weight for _, weight in rated)
    value = sum(weight * value for value, weight in rated) / total
    variance = sum((1 - 1 / w) * w * w * (v - value) ** 2 for v, w in rated) / total**2
    return value, SIGMAS * math.sqrt(variance)


@pytest.mark.parametrize("target", Target)
def test_means_shares_and_counts(told: tuple[Engine, Rated, Rated], target: Target) -> None:
    engine, numbers, wrong = told
    found = dict(zip(*(lambda b: (b.measures, b.whole.total))(asked(engine, target)), strict=True))
    for name, rated in (("score.q", numbers), ("score.verdict:wrong", wrong)):
        value, margin = mean(rated)
        assert found[name].value == pytest.approx(value), name
        assert found[name].margin == pytest.approx(margin, rel=1e-6), name
        plain = sum(v for v, _ in rated) / len(rated)
        assert found[name].value != pytest.approx(plain, rel=0.005), name
    assert found["score.q.count"].value == round(sum(w for _, w in numbers))
    assert found["score.q.count"].margin
    half, in_order = sum(w for _, w in numbers) / 2, sorted(numbers)
    below = accumulate(w for _, w in in_order)
    median = next(value for (value, _), seen in zip(in_order, below, strict=True) if seen >= half)
    assert found["score.q.p50"].value == median and found["score.q.p50"].margin is None
    assert found["score.none"].value is None and found["score.none"].margin is None


def test_groups_too(told: tuple[Engine, Rated, Rated]) -> None:
    """In one pass, by the labels of another score."""
    engine, numbers, wrong = told
    found = asked(engine, Target.TRACES, "score.verdict")
    for row in found.rows:
        [label] = row.group.values
        if label:
            mine = [
                n for n, (is_wrong, _) in zip(numbers, wrong, strict=True)
                if bool(is_wrong) == (label == "wrong")
            ]  # fmt: skip
            assert row.total[0].value == pytest.approx(mean(mine)[0])
            assert row.total[0].margin == pytest.approx(mean(mine)[1], rel=1e-6)
