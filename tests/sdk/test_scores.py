"""`sightline.score` and `sightline.feedback`: what is sent, for which target, and what is refused."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace as otel
from tests.sdk.recorded import Recorded

import sightline

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "sightline"]


def test_a_score_of_the_current_span(recorded: Recorded, runtime: SimpleNamespace) -> None:
    with sightline.span("answer") as span:
        made = sightline.score("grounded", 0.9, comment="two of three", method="judge-3", author="ada")
    [event] = recorded.events
    assert event.event_name == "gen_ai.evaluation.result"
    assert (f"{event.trace_id:032x}", f"{event.span_id:016x}") == (span.trace_id, span.span_id)
    assert event.time_ns > 10**18
    assert event.attributes == {
        "gen_ai.evaluation.name": "grounded",
        "gen_ai.evaluation.score.value": 0.9,
        "gen_ai.evaluation.explanation": "two of three",
        "sightline.score.id": made,
        "sightline.score.target": "span",
        "sightline.score.data_type": "numeric",
        "sightline.score.source": "evaluator",
        "sightline.score.author": "ada",
        "sightline.score.method": "judge-3",
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"value": True}, {"gen_ai.evaluation.score.value": 1.0, "sightline.score.data_type": "boolean"}),
        ({"value": False}, {"gen_ai.evaluation.score.value": 0.0, "sightline.score.data_type": "boolean"}),
        ({"value": 3}, {"gen_ai.evaluation.score.value": 3.0, "sightline.score.data_type": "numeric"}),
        (
            {"value": "de"},
            {"gen_ai.evaluation.score.label": "de", "sightline.score.data_type": "categorical"},
        ),
        (
            {"value": 0.2, "label": "bad"},
            {
                "gen_ai.evaluation.score.value": 0.2,
                "gen_ai.evaluation.score.label": "bad",
                "sightline.score.data_type": "numeric",
            },
        ),
        (
            {"comment": "wrong"},
            {"gen_ai.evaluation.explanation": "wrong", "sightline.score.data_type": "comment"},
        ),
        (
            {"correction": "42"},
            {"sightline.score.correction": "42", "sightline.score.data_type": "correction"},
        ),
        (
            {"value": 1, "data_type": "boolean"},
            {"gen_ai.evaluation.score.value": 1.0, "sightline.score.data_type": "boolean"},
        ),
        ({"deleted": True}, {"sightline.score.deleted": True, "sightline.score.data_type": "comment"}),
    ],
)
def test_types_follow_from_what_is_said(
    recorded: Recorded,
    runtime: SimpleNamespace,
    given: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    assert sightline.score("x", trace_id=TRACE, **given)
    [event] = recorded.events
    said = {
        k: v
        for k, v in event.attributes.items()
        if k.rpartition(".")[2] not in ("name", "id", "target", "source")
    }
    assert said == expected


def test_targets(recorded: Recorded, runtime: SimpleNamespace) -> None:
    with otel.get_tracer("theirs").start_as_current_span("theirs") as theirs:
        pass
    sightline.score("x", 1, trace_id=TRACE)
    sightline.score("x", 1, trace_id=TRACE.upper(), span_id=SPAN)
    sightline.score("x", 1, trace_id=int(TRACE, 16), span_id=int(SPAN, 16))
    sightline.score("x", 1, trace_id="4bf92f35-77b3-4da6-a3ce-929d0e0e4736")
    sightline.score("x", 1, session="s-1")
    sightline.score("x", 1, span=theirs)
    said = [
        (e.attributes["sightline.score.target"], e.trace_id, e.span_id, e.attributes.get("session.id"))
        for e in recorded.events
    ]
    trace, span = int(TRACE, 16), int(SPAN, 16)
    context = theirs.get_span_context()
    assert said == [
        ("trace", trace, 0, None),
        ("span", trace, span, None),
        ("span", trace, span, None),
        ("trace", trace, 0, None),
        ("session", 0, 0, "s-1"),
        ("span", context.trace_id, context.span_id, None),
    ]


def test_the_same_score_again_replaces(recorded: Recorded, runtime: SimpleNamespace) -> None:
    def made(**more: Any) -> str | None:
        return sightline.score("x", **{"value": 1, "trace_id": TRACE, "author": "ada", **more})

    assert made() == made(value=0.5, comment="changed my mind")
    others = [
        made(author="bob"),
        made(trace_id="1" * 32),
        made(span_id=SPAN),
        made(source="person"),
        made(method="m"),
    ]
    assert len({made(), *others}) == 6
    assert made(id="mine") == "mine"


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": None},
        {"value": math.nan},
        {"value": math.inf},
        {"value": 10**400},
        {"value": object()},
        {"value": None},
        {"source": "me"},
        {"data_type": "stars"},
        {"trace_id": "abc"},
        {"trace_id": 2**128},
        {"trace_id": TRACE, "span_id": "xyz"},
        {"span_id": SPAN, "trace_id": None},
        {"session": "s"},
        {"label": ""},
        {"value": "a", "label": "b"},
        {"span": "span"},
        {"trace_id": None},
        {"value": [1]},
        {"session": 7, "trace_id": None},
    ],
    ids=lambda given: "-".join(given),
)
def test_what_cannot_be_is_refused_with_one_warning(
    recorded: Recorded,
    runtime: SimpleNamespace,
    caplog: pytest.LogCaptureFixture,
    given: dict[str, Any],
) -> None:
    for _ in range(3):
        made = {"name": "x", "value": 1, "trace_id": TRACE, **given}
        assert sightline.score(**made) is None
    assert recorded.events == []
    [said] = warnings(caplog)
    assert said.startswith("sightline.score: ")
    assert "expected" in said or "pass" in said or "one by one" in said


def test_feedback(recorded: Recorded, runtime: SimpleNamespace) -> None:
    with sightline.context(user="u-7"), sightline.span("outer"), sightline.span("inner") as span:
        sightline.feedback("up")
        sightline.feedback("down", comment="wrong year")
        sightline.feedback(0.5, name="stars", user="other")
        sightline.feedback(comment="just words")
    sightline.feedback(False, trace_id=span.trace_id)
    said = [
        (
            e.attributes["gen_ai.evaluation.name"],
            e.attributes.get("gen_ai.evaluation.score.value"),
            e.attributes["sightline.score.data_type"],
            e.attributes.get("sightline.score.author"),
            e.attributes["sightline.score.target"],
        )
        for e in recorded.events
    ]
    assert said == [
        ("helpful", 1.0, "boolean", "u-7", "trace"),
        ("helpful", 0.0, "boolean", "u-7", "trace"),
        ("stars", 0.5, "numeric", "other", "trace"),
        ("helpful", None, "comment", "u-7", "trace"),
        ("helpful", 0.0, "boolean", None, "trace"),
    ]
    assert {e.attributes["sightline.score.source"] for e in recorded.events} == {"end_user"}
    assert {f"{e.trace_id:032x}" for e in recorded.events} == {span.trace_id}
    first, second = recorded.events[:2]
    assert first.attributes["sightline.score.id"] == second.attributes["sightline.score.id"]
    assert recorded.kept == ["feedback"] * 4


def test_evaluators_do_not_end_sampling(recorded: Recorded, runtime: SimpleNamespace) -> None:
    with sightline.span("answer") as span:
        span.score("grounded", 0.9)
        assert recorded.kept == []
        sightline.score("reviewed", True, source="person")
    assert recorded.kept == ["feedback"]


def test_feedback_that_is_none(
    recorded: Recorded, runtime: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    assert sightline.feedback("great!", trace_id=TRACE) is None
    assert sightline.feedback(trace_id=TRACE) is None
    assert [said[:20] for said in warnings(caplog)] == ["sightline.feedback: ", "sightline.score: not"]


def test_what_was_not_recorded_is_not_scored(
    recorded: Recorded,
    runtime: SimpleNamespace,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert sightline.score("x", 1, trace_id="0" * 32) is None
    assert sightline.score("x", 1, span=otel.INVALID_SPAN) is None
    assert warnings(caplog) == []


def test_before_init_there_is_one_word_of_it(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    with sightline.span("answer"):
        for _ in range(3):
            assert sightline.score("x", 1) is None
            assert sightline.feedback("up") is None
    [said] = warnings(caplog)
    assert "sightline.init()" in said


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            key: st.none() | st.text() | st.integers() | st.floats() | st.booleans() | st.binary()
            for key in (
                "value",
                "label",
                "comment",
                "correction",
                "trace_id",
                "span_id",
                "session",
                "source",
                "author",
                "method",
                "id",
                "data_type",
                "deleted",
            )
        },
    )
)
def test_nothing_is_raised_and_what_is_sent_is_sound(
    recorded: Recorded,
    runtime: SimpleNamespace,
    given: dict[str, Any],
) -> None:
    recorded.events.clear()
    made = sightline.score("x", **given)
    assert (made is None) == (recorded.events == [])
    for event in recorded.events:
        for value in event.attributes.values():
            assert isinstance(value, str | float | bool)
            assert not isinstance(value, str) or value.encode()
