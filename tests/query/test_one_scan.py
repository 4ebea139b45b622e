"""One pass over the rows answers what two do, whatever is asked.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_one_scan.py`.
"""

from __future__ import annotations

import asyncio
import math
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.query.filter_story import HOUR, NOW, WINDOW

from sightline.query import breakdown as asking
from sightline.query import one_scan
from sightline.query.measures import MEASURES
from sightline.query.one_scan import Cells, scanning
from sightline.query.question import Question, ask
from sightline.query.selection import Target, select
from sightline.records.figures import Breakdown
from sightline.store.rows import QueryTooLarge
from sightline.store.store import Store

GOLDEN = Path(__file__).parent / "golden" / "figures"
FILTERS = ("", "llm", "-env:dev", '"refund" or error', "model:nothing", "user:alice")
OF_SPANS = ("kind", "model", "env", "attr.squad", "service", "streaming", "user", "session", "name", "tool")
OF_TRACES = ("env", "user", "session", "team")


def in_two(store: Store, question: Question) -> Breakdown:
    """The answer of a pass that ranks and one that measures."""
    return asyncio.run(asking.breakdown(store, question, asyncio.run(asking.rank(store, question))))


def close(one: float | None, other: float | None) -> bool:
    # Sums of money differ in their last digits with the order of summing.
    return one == other or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9))


def agree(one: Breakdown, other: Breakdown) -> None:
    assert [line.group for line in one.rows] == [line.group for line in other.rows]
    assert (one.starts, one.groups, one.exact, one.by) == (other.starts, other.groups, other.exact, other.by)
    for mine, theirs in zip((*one.rows, one.whole), (*other.rows, other.whole), strict=True):
        for point, same in zip((mine.total, *mine.points), (theirs.total, *theirs.points), strict=True):
            for a, b in zip(point, same, strict=True):
                assert close(a.value, b.value) and a.unknown == b.unknown, (mine.group, a, b)


@st.composite
def asked(draw: st.DrawFn) -> Question:
    target = draw(st.sampled_from(list(Target)))
    traces = target is Target.TRACES
    usable = [name for name, one in MEASURES.items() if not traces or one.traces]
    measures = draw(st.lists(st.sampled_from(usable), min_size=1, max_size=4, unique=True))
    by = draw(
        st.lists(st.sampled_from(OF_TRACES if traces else OF_SPANS), min_size=1, max_size=3, unique=True)
    )
    return ask(
        select(draw(st.sampled_from(FILTERS)), WINDOW, NOW, target),
        measures,
        by,
        top=draw(st.integers(1, 6)),
        order=draw(st.sampled_from(usable)),
        ascending=draw(st.booleans()),
        step=draw(st.sampled_from([None, HOUR, 24 * HOUR])),
        zone=draw(st.sampled_from(["UTC", "Europe/Berlin"])),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=asked())
def test_one_pass_answers_what_two_do(told_store: Store, question: Question) -> None:
    answer, ranked = asyncio.run(asking._at_once(told_store, question, exact=True))
    agree(answer, in_two(told_store, question))
    two = asyncio.run(asking.rank(told_store, question))
    assert (ranked.values, ranked.keys, ranked.groups) == (two.values, two.keys, two.groups)
    assert ranked.rows == two.rows


@pytest.mark.parametrize("by", [["kind"], ["env", "model"], ["user", "session", "kind"]])
def test_estimates_are_the_same_however_rows_are_cut(
    told_store: Store, by: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("count", "duration.p50", "duration.p95", "ttft.p95", "own.p99")
    question = ask(select("", WINDOW, NOW), names, by, top=3)
    exact = asyncio.run(asking.breakdown(told_store, question))
    monkeypatch.setattr(asking, "EXACT_UP_TO", 1)
    estimated = asyncio.run(asking.breakdown(told_store, question))
    assert exact.exact and not estimated.exact
    agree(estimated, in_two(told_store, question))
    for line, other in zip((*exact.rows, exact.whole), (*estimated.rows, estimated.whole), strict=True):
        for a, b in zip(line.total, other.total, strict=True):
            assert (a.value is None) == (b.value is None)
        assert line.total[0] == other.total[0]


def test_too_many_cells_are_measured_in_two_passes(
    told_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ask(select("", WINDOW, NOW), ["count", "cost", "duration.p95"], ["name", "user"], top=4)
    whole = asyncio.run(asking.breakdown(told_store, question))
    monkeypatch.setattr(asking, "BOUNDS", one_scan.BOUNDS | {"max_rows_to_group_by": 1})
    with pytest.raises(QueryTooLarge):
        asyncio.run(asking._at_once(told_store, question, exact=True))
    agree(asyncio.run(asking.breakdown(told_store, question)), whole)


def test_aggregates_become_states_of_cells() -> None:
    cells = Cells()
    assert cells.merged("countIf(s.status = 'error') / count()") == "countIfMerge(a0) / countMerge(a1)"
    quantile = cells.merged("quantileDD(0.005, 0.95)(ifNull(s.duration_ns, 0))", " OVER (w)")
    assert quantile == "quantileDDMerge(0.005, 0.95)(a2) OVER (w)"
    assert cells.merged("count()") == "countMerge(a1)" and cells.merged("0") == "0"
    assert list(cells.states) == [
        "countIfState(s.status = 'error')",
        "countState()",
        "quantileDDState(0.005, 0.95)(ifNull(s.duration_ns, 0))",
    ]
    with pytest.raises(ValueError, match="does not close"):
        cells.merged("sum(s.x")


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_every_measure_is_made_of_states(name: str) -> None:
    for traces in (False, True):
        one = MEASURES[name]
        if traces and not one.traces:
            continue
        cells = Cells()
        merged = cells.merged(one.sql(traces)) + cells.merged(one.unknown_sql(traces))
        # Nothing but states is left of the rows.
        assert "s." not in merged and cells.states


def test_the_statement() -> None:
    question = ask(
        select("llm", WINDOW, NOW), ["count", "duration.p95"], ["env"], top=3, order="error_rate", step=HOUR
    )
    path = GOLDEN / "one_scan.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(scanning(question, False).text + "\n")
    assert scanning(question, False).text + "\n" == path.read_text()
