"""Spans wait for their root, in bounds, and late ones follow the decision."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sdk.sdk_spans import SECOND, ended

from sightline.sdk import local_traces
from sightline.sdk.local_traces import LocalTraces
from sightline.sdk.sampling import Sampling
from sightline.sdk.warnings_once import forget_warnings

NEVER = Sampling(ratio=0.0)


def traces(sampling: Sampling, **bounds: Any) -> LocalTraces:
    return LocalTraces(sampling, lambda _: (None, None), **bounds)


def test_without_sampling_nothing_waits() -> None:
    table = traces(Sampling())
    span = ended(parent_id=5)
    assert [s for s, d in table.ended(span) if d.keep] == [span]
    assert table.waiting == 0


def test_children_wait_for_their_root_and_share_its_decision() -> None:
    table = traces(NEVER)
    list(table.root_started(7, 0))
    child, root = ended(trace_id=7, parent_id=1, status=2), ended(trace_id=7)
    assert list(table.ended(child)) == []
    decided = list(table.ended(root))
    assert [s for s, _ in decided] == [child, root]
    assert {d.reason for _, d in decided} == {"error"}
    assert table.waiting == 0


def test_a_late_span_follows_the_decision_even_with_an_error() -> None:
    table = traces(NEVER)
    list(table.root_started(7, 0))
    assert [d.keep for _, d in table.ended(ended(trace_id=7))] == [False]
    assert [d.keep for _, d in table.ended(ended(trace_id=7, parent_id=1, status=2))] == [False]


def test_two_local_roots_of_one_trace_are_decided_together() -> None:
    """A service that calls itself: the inner request is a root with a remote parent."""
    table = traces(NEVER)
    list(table.root_started(7, 0))
    list(table.root_started(7, 0))
    assert list(table.ended(ended(trace_id=7, parent_id=3, parent_is_remote=True))) == []
    assert len(list(table.ended(ended(trace_id=7, status=2)))) == 2


def test_a_trace_with_too_many_spans_decides_with_what_it_has() -> None:
    table = traces(NEVER, most_spans=3)
    list(table.root_started(7, 0))
    seen = [d for _ in range(5) for _, d in table.ended(ended(trace_id=7, parent_id=1))]
    assert len(seen) == 5
    assert not any(d.keep for d in seen)
    assert table.waiting == 0


def test_a_trace_that_never_ends_decides_after_a_while_and_holds_nothing() -> None:
    table = traces(NEVER, longest=10.0)
    list(table.root_started(7, 0))
    list(table.ended(ended(trace_id=7, parent_id=1, status=2)))
    assert table.next_end(4 * SECOND) == 6.0
    assert list(table.expire(9 * SECOND)) == []
    assert [d.reason for _, d in table.expire(10 * SECOND)] == ["error"]
    assert (table.waiting, table.next_end(11 * SECOND)) == (0, None)


def test_a_span_whose_root_is_elsewhere_is_decided_by_itself() -> None:
    """A child of a fork, or of a root from before `init()`."""
    table = traces(NEVER)
    assert [d.reason for _, d in table.ended(ended(parent_id=9, status=2))] == ["error"]


def test_a_marked_trace_is_kept() -> None:
    table = traces(NEVER)
    list(table.root_started(7, 0))
    list(table.keep(7, "feedback"))
    assert [d.reason for _, d in table.ended(ended(trace_id=7))] == ["feedback"]


def test_decisions_are_remembered_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_traces, "_DECISIONS", 10)
    table = traces(NEVER)
    for _ in range(50):
        list(table.ended(ended()))
    assert len(table._decided) == 10


def test_all_traces_together_are_bounded_by_spans_bytes_and_number() -> None:
    table = traces(NEVER, max_waiting=10, max_bytes=10**6)
    for trace_id in range(1, 7):
        assert list(table.root_started(trace_id, 0)) == []
        for _ in range(2):
            left = list(table.ended(ended(trace_id=trace_id, parent_id=1)))
            assert len(left) == (2 if trace_id == 6 and left else 0)  # the oldest trace's
    assert table.waiting <= 10
    table = traces(NEVER, max_bytes=5000)
    list(table.root_started(1, 0))
    gone = [s for _ in range(5) for s, _ in table.ended(ended(trace_id=1, parent_id=1, size=2000))]
    assert len(gone) == 5
    assert table.bytes == 0
    table = traces(NEVER, max_waiting=100)
    for trace_id in range(1000):
        list(table.root_started(trace_id, 0))
    assert len(table._open) == 100


def test_a_rule_that_raises_leaves_it_to_the_ratio_and_is_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    forget_warnings()
    table = traces(Sampling(ratio=0.0, rule=lambda _: 1 / 0 > 1))
    for _ in range(3):
        assert [d.keep for _, d in table.ended(ended())] == [False]
    assert [r.message for r in caplog.records] == [
        "sightline: Sampling(rule=…) raised ZeroDivisionError: division by zero. It keeps nothing until it "
        "is corrected; the ratio decides."
    ]


def test_a_rule_sees_the_whole_local_trace() -> None:
    seen: list[Any] = []
    table = LocalTraces(Sampling(ratio=0.0, rule=lambda t: bool(seen.append(t)) or True), lambda _: (0.5, 30))
    list(table.root_started(7, 0))
    child = ended({"a": 1}, trace_id=7, parent_id=1)
    list(table.ended(child))
    assert all(d.reason == "rule" for _, d in table.ended(ended(trace_id=7, name="root")))
    (whole,) = seen
    assert (whole.cost, whole.tokens, whole.seconds, whole.complete) == (0.5, 30, 1.0, True)
    assert [s.name for s in whole.spans] == ["work", "root"]
    assert whole.spans[0].attributes == {"a": 1}
