"""Figures agree with the lists they open, and count what is not known.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_breakdown.py`.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.query.filter_story import HOUR, NOW, WINDOW, S

from sightline.query.breakdown import breakdown, compared
from sightline.query.buckets import buckets
from sightline.query.dimensions import NoDimension
from sightline.query.figures_sql import Ranked, measuring, ranking
from sightline.query.measures import MEASURES, UnknownMeasure
from sightline.query.question import BadQuestion, ask
from sightline.query.selection import Target, count, select
from sightline.query.window import Window
from sightline.records.figures import Breakdown, Figure
from sightline.store.store import Store

GOLDEN = Path(__file__).parent / "golden" / "figures"
BY_SPANS = [
    "kind",
    "model",
    "env",
    "attr.squad",
    "service",
    "streaming",
    "code",
    "gen_ai.request.model",
    "user",
]


def measured(
    store: Store, text: str, *measures: str, target: Target = Target.SPANS, **more: object
) -> Breakdown:
    question = ask(select(text, WINDOW, NOW, target), measures, **more)  # type: ignore[arg-type]
    return asyncio.run(breakdown(store, question))


def found(store: Store, text: str, target: Target = Target.SPANS, window: Window = WINDOW) -> int:
    return asyncio.run(count(store, select(text, window, NOW, target)))


@pytest.mark.parametrize("text", ["", "llm", "-env:dev", '"refund" or error', "tool under agent"])
@pytest.mark.parametrize("by", [[], ["kind"], ["kind", "service"], ["attr.squad", "user", "model"]])
def test_figures_agree_with_the_lists_they_open(told_store: Store, text: str, by: list[str]) -> None:
    answer = measured(told_store, text, "count", "errors", by=by, top=2)
    assert answer.whole.total[0].value == found(told_store, text)
    assert answer.whole.total[1].value == found(told_store, f"({text}) error" if text else "error")
    assert answer.whole.group.filter == select(text, WINDOW, NOW).text
    for line in answer.rows:
        assert line.total[0].value == found(told_store, line.group.filter), line.group.filter
        assert sum(p[0].value or 0 for p in line.points) == line.total[0].value
    if by:
        assert sum(line.total[0].value or 0 for line in answer.rows) == answer.whole.total[0].value
    assert sum(p[0].value or 0 for p in answer.whole.points) == answer.whole.total[0].value


@pytest.mark.parametrize("by", BY_SPANS)
def test_every_kind_of_dimension_opens_what_it_shows(told_store: Store, by: str) -> None:
    answer = measured(told_store, "", "count", by=[by], top=3)
    for line in answer.rows:
        assert line.total[0].value == found(told_store, line.group.filter), line.group
    shown = [line.group.values for line in answer.rows if not line.group.other]
    # What is not set is a row of its own, behind the others.
    assert [v for v in shown if v == ("",)] == shown[-1:] or ("",) not in shown
    assert answer.groups == len(shown) + (answer.groups - len(shown)) >= len(shown)
    assert any(line.group.other for line in answer.rows) == (answer.groups > len(shown))


def test_not_set_has_a_row_however_few(told_store: Store) -> None:
    answer = measured(told_store, "", "cost", by=["user"], top=1)
    assert [line.group.values for line in answer.rows] == [(answer.rows[0].group.values[0],), ("",), ()]
    assert answer.rows[-1].group.other
    only = measured(told_store, "user:alice", "count", by=["user"])
    assert [line.group.values for line in only.rows] == [("alice",)]


@pytest.mark.parametrize("text", ["", "llm", "trace.cost>0.01", "user:alice"])
@pytest.mark.parametrize("by", [[], ["env"], ["user", "session"]])
def test_traces_agree_with_their_list(told_store: Store, text: str, by: list[str]) -> None:
    answer = measured(told_store, text, "count", "cost", "duration.p95", target=Target.TRACES, by=by, top=2)
    assert answer.whole.total[0].value == found(told_store, text, Target.TRACES)
    for line in answer.rows:
        assert line.total[0].value == found(told_store, line.group.filter, Target.TRACES), line.group.filter
        assert sum(p[0].value or 0 for p in line.points) == line.total[0].value


def test_sums_leave_out_roll_ups_and_count_the_unknown(told_store: Store) -> None:
    spans = measured(told_store, "", "cost", "input_tokens", "tokens", "calls")
    own = told_store.query(
        "SELECT sumIf(cost_usd, usage_source = 'own'), sumIf(input_tokens, usage_source = 'own'),"
        " countIf(cost_source = 'unknown'), countIf(kind = 'llm'),"
        " countIf(kind = 'llm' AND (input_tokens IS NULL OR output_tokens IS NULL)) FROM sightline.spans"
        " WHERE project = 'default'"
    ).rows[0]
    cost, input_tokens, _, calls = spans.whole.total
    assert cost.value == pytest.approx(own[0]) and cost.unknown == own[2] > 0
    assert input_tokens.value == own[1] and calls.value == own[3]
    assert input_tokens.unknown == own[4] > 0
    traces = measured(told_store, "", "cost", "input_tokens", "calls", target=Target.TRACES)
    assert traces.whole.total[0].value == pytest.approx(own[0]) and traces.whole.total[0].unknown == own[2]
    assert [f.value for f in traces.whole.total[1:]] == [own[1], own[3]]


@pytest.mark.parametrize("target", list(Target))
def test_every_measure(told_store: Store, target: Target) -> None:
    names = [n for n, m in MEASURES.items() if target is Target.SPANS or m.traces]
    for at in range(0, len(names), 12):
        answer = measured(told_store, "", *names[at : at + 12], target=target, by=["env"])
        # Nobody wrote to a cache: that is unknown, all else has a value.
        unknown = {m for m, f in zip(answer.measures, answer.whole.total, strict=True) if f.value is None}
        assert unknown <= {"cache_write_tokens"}


def test_percentiles_are_exact(told_store: Store) -> None:
    asked = "SELECT duration_ns FROM sightline.spans WHERE project = 'default' AND kind = 'llm' ORDER BY 1"
    durations = [row[0] for row in told_store.query(asked).rows]
    answer = measured(
        told_store, "llm", "duration.p50", "duration.max", "duration.avg", "error_rate", "ttft.p99"
    )
    p50, longest, mean, rate, _ = (f.value for f in answer.whole.total)
    assert answer.exact and p50 == durations[len(durations) // 2] and longest == durations[-1]
    assert mean == pytest.approx(sum(durations) / len(durations))
    assert rate == pytest.approx(2 / len(durations))


def test_nothing_is_not_unknown(told_store: Store) -> None:
    answer = measured(
        told_store, 'name:"no such"', "count", "cost", "duration.p95", "error_rate", by=["kind"]
    )
    assert answer.rows == () and answer.whole.total == (Figure(0), Figure(0), Figure(None), Figure(None))
    assert set(answer.whole.points) == {answer.whole.total}


def test_the_rest_is_measured_not_subtracted(told_store: Store) -> None:
    """Different users and percentiles of `other` are those of its spans."""
    answer = measured(told_store, "", "count", "users", "duration.p95", by=["name"], top=3)
    other = answer.rows[-1]
    assert other.group.other
    again = measured(told_store, other.group.filter, "count", "users", "duration.p95")
    assert again.whole.total == other.total


def test_an_earlier_period_has_the_same_groups(told_store: Store) -> None:
    window = Window("default", NOW - 600 * S, NOW)
    question = ask(select("", window, NOW), ["count"], ["kind"], top=2, step=60 * S)
    now, before = asyncio.run(compared(told_store, question, window.earlier(600 * S)))
    assert len(now.starts) == len(before.starts) and now.starts[0] - before.starts[0] == 600 * S
    named = [line.group.values for line in now.rows if not line.group.other]
    assert [line.group.values for line in before.rows if not line.group.other] == named
    assert before.whole.total[0].value == found(told_store, "", window=window.earlier(600 * S))
    with pytest.raises(BadQuestion, match="same length"):
        asyncio.run(compared(told_store, question, WINDOW))


def test_another_project_is_in_no_figure(told_store: Store) -> None:
    for by in ("user", "model", "tags", "attr.squad", "name"):
        if by != "tags":
            answer = measured(told_store, "", "cost", by=[by], top=100)
            assert not {"mallory", "secret-model", "hidden", "secret of the other"} & {
                value for line in answer.rows for value in line.group.values
            }
    assert (measured(told_store, "", "cost").whole.total[0].value or 0) < 90


@pytest.mark.parametrize(
    ("measures", "by", "target", "error", "said"),
    [
        (["cuont"], [], Target.SPANS, UnknownMeasure, 'did you mean "count"'),
        (["ttft.p95"], [], Target.TRACES, UnknownMeasure, "of traces"),
        ([], [], Target.SPANS, BadQuestion, "0 measures"),
        (["count"], ["kind", "kind"], Target.SPANS, BadQuestion, "different fields"),
        (["count"], ["a.b", "c.d", "e.f", "g.h"], Target.SPANS, BadQuestion, "up to 3"),
        (["count"], ["modle"], Target.SPANS, NoDimension, 'did you mean "model"'),
        (["count"], ["squad"], Target.SPANS, NoDimension, "attr.squad"),
        (["count"], ["tags"], Target.SPANS, NoDimension, "several groups"),
        (["count"], ["cost"], Target.SPANS, NoDimension, "group by what has few"),
        (["count"], ["kind"], Target.TRACES, NoDimension, "their spans can"),
        (["count"], ['attr."a.:`x`"'], Target.SPANS, NoDimension, "backtick"),
        (["count"], ["a b"], Target.SPANS, NoDimension, "is no field"),
    ],
)
def test_questions_without_an_answer(
    measures: list[str], by: list[str], target: Target, error: type, said: str
) -> None:
    with pytest.raises(error, match=said):
        ask(select("", WINDOW, NOW, target), measures, by)


@pytest.mark.parametrize(
    ("name", "target", "by"),
    [
        ("spans", Target.SPANS, ["model", "attr.squad"]),
        ("whole", Target.SPANS, []),
        ("traces", Target.TRACES, ["env"]),
    ],
)
def test_the_statements(name: str, target: Target, by: list[str]) -> None:
    window = Window("helpdesk", NOW - 24 * HOUR, NOW)
    question = ask(select("status:error", window, NOW, target), ["count", "cost", "duration.p95"], by, top=5)
    ranked = Ranked((("a",) * len(by),) * 2, (1, 2), 5, 100) if by else Ranked(rows=100)
    text = f"{ranking(question).text}\n---\n{measuring(question, ranked).text}\n"
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_days_of_different_lengths(told_store: Store) -> None:
    window = Window("default", NOW - 40 * 24 * HOUR, NOW + HOUR)
    question = ask(select("", window, NOW), ["count"], ["kind"], step=24 * HOUR, zone="Europe/Berlin")
    assert question.buckets == buckets(window, step=24 * HOUR, zone="Europe/Berlin")
    answer = asyncio.run(breakdown(told_store, question))
    assert sum(p[0].value or 0 for p in answer.whole.points) == answer.whole.total[0].value > 0
