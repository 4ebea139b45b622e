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

from sightline.query import score_targets
from sightline.query.breakdown import breakdown
from sightline.query.margins import SIGMAS
from sightline.query.question import ask
from sightline.query.selection import Target, select
from sightline.query.window import Window
from sightline.records.figures import Breakdown

UNTIL = START + 3600 * 10**9
Rated = list[tuple[float, float]]
# The engine, values and whether the label is wrong with their weights, and the models of what was rated.
Told = tuple[Engine, Rated, Rated, list[set[str]]]


def score(number: int, trace: int, name: str, **said: Any) -> dict[str, Any]:
    return {
        "id": f"{name}{number}", "name": name, "target": "trace", "trace_id": f"{trace:032x}", "span_id": "",
        "session_id": "", "data_type": "numeric", "value": None, "label": "", "source": "end_user",
        "author": "", "time": START, **said,
    }  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Half of what was kept is rated; what failed, and is kept in full, is rated low."""
    dice = random.Random(4)
    numbers: Rated = []
    wrong: Rated = []
    models: list[set[str]] = []
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
            models.append({call.model for call in one.calls})
            scores.append(score(n, one.id, "q", value=value))
            scores.append(score(n, one.id, "verdict", label=label, data_type="categorical"))
        insert_scores(engine.store, scores, "p")
        yield engine, numbers, wrong, models


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
def test_means_shares_and_counts(told: Told, target: Target) -> None:
    engine, numbers, wrong, _ = told
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


def test_groups_too(told: Told) -> None:
    """In one pass, by the labels of another score."""
    engine, numbers, wrong, _ = told
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


def test_groups_of_spans_count_each_rated_trace_once(told: Told) -> None:
    """By model, which no rated span has: the calls below have it, several of some traces."""
    engine, numbers, wrong, models = told
    found = asked(engine, Target.SPANS, "model")
    assert {row.group.values[0] for row in found.rows} == {*story.MODELS, ""}
    for row in found.rows:
        model = row.group.values[0]
        mine = [n for n, used in enumerate(models) if not model or model in used]
        assert len(mine) > 10
        figures = dict(zip(found.measures, row.total, strict=True))
        for name, rated in (("score.q", numbers), ("score.verdict:wrong", wrong)):
            value, margin = mean([rated[n] for n in mine])
            assert figures[name].value == pytest.approx(value), name
            assert figures[name].margin == pytest.approx(margin, rel=1e-6), name
            assert figures[name].rated == figures[name].stored == len(mine)
        assert figures["score.q.count"].value == round(sum(numbers[n][1] for n in mine))
        assert not figures["score.q"].at_least


def test_a_target_stands_for_as_many_as_its_lightest_row(told: Told) -> None:
    """Services of one trace may have kept it by different chances."""
    rows = "VALUES('e UInt128, w Float64', (0, 9), (7, 5), (7, 2), (7, 2), (8, 3))"
    pairs = score_targets.weighted_targets("[e]", "w")
    counted = score_targets.rated_by_weight(pairs)
    asked = f"SELECT {counted.sql}, {counted.rated} FROM {rows}"
    assert told[0].store.query(asked).rows == [(5.0, 2)]
