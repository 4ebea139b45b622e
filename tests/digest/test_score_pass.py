"""Scores of every sender: events of logs, events and attributes of spans, before and after their spans."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.digest.test_log_digest import record, request

from digest.engine import SECOND, Engine
from digest.otlp import START, key_values, span, traces
from sightline.records.ingest import Signal

NAME, VALUE, LABEL = (
    "gen_ai.evaluation.name",
    "gen_ai.evaluation.score.value",
    "gen_ai.evaluation.score.label",
)
WHY, ID, TARGET = "gen_ai.evaluation.explanation", "sightline.score.id", "sightline.score.target"
T, S = (7).to_bytes(16, "big"), (9).to_bytes(8, "big")


def event(attributes: dict[str, Any], *, trace: bytes = T, span_id: bytes = S, **more: Any) -> Any:
    """A log record that is a score."""
    told = {"event_name": "gen_ai.evaluation.result", "trace_id": trace, "span_id": span_id} | more
    return record("", {NAME: "helpful"} | attributes, **told)


def scores(engine: Engine, project: str) -> list[dict[str, Any]]:
    """The scores that count, by name and value."""
    return engine.rows(
        "SELECT *, toUnixTimestamp64Nano(time) AS at FROM sightline.scores FINAL WHERE project = {p:String}"
        " ORDER BY name, value, label, id",
        p=project,
    )


def logged(engine: Engine, *events: Any, project: str = "", resource: Any = (), token: str = "") -> str:
    """Digest log records as one segment; returns the project."""
    project = project or engine.fresh()
    engine.digest(Signal.LOGS, [request(*events, resource=resource)], project, token=token)
    return project


def test_an_event_is_a_score_and_stays_a_log_record(engine: Engine) -> None:
    project = logged(
        engine,
        event(
            {VALUE: 0.25, WHY: "did not answer", "sightline.score.source": "end_user",
             "sightline.score.author": "u1", "sightline.score.method": "thumbs"}
        ),
        resource={"deployment.environment.name": "prod", "service.name": "shop"},
    )  # fmt: skip
    (found,) = scores(engine, project)
    told = {
        "name": "helpful", "target": "span", "trace_id": T.hex(), "span_id": S.hex(), "session_id": "",
        "data_type": "numeric", "value": 0.25, "label": "", "comment": "did not answer", "source": "end_user",
        "author": "u1", "method": "thumbs", "environment": "prod", "service": "shop", "deleted": 0,
        "at": START,
    }  # fmt: skip
    assert {name: found[name] for name in told} == told
    assert len(found["id"]) == 32
    logs = "SELECT count() FROM sightline.logs WHERE project = {p:String}"
    assert engine.scalar(logs, p=project) == 1


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({VALUE: True}, ("boolean", 1.0, "")),
        ({VALUE: 0, "sightline.score.data_type": "boolean"}, ("boolean", 0.0, "")),
        ({LABEL: "false", "sightline.score.data_type": "boolean"}, ("boolean", 0.0, "false")),
        ({VALUE: "0.5"}, ("numeric", 0.5, "")),
        ({VALUE: "bad"}, ("categorical", None, "bad")),
        ({VALUE: 4, LABEL: "good"}, ("numeric", 4.0, "good")),
        ({LABEL: "wrong"}, ("categorical", None, "wrong")),
        ({WHY: "hm"}, ("comment", None, "")),
        ({"sightline.score.correction": "42"}, ("correction", None, "")),
        ({VALUE: float("nan"), LABEL: "x"}, ("categorical", None, "x")),
    ],
)
def test_types_are_what_fits(engine: Engine, attributes: Any, told: Any) -> None:
    (found,) = scores(engine, logged(engine, event(attributes)))
    assert (found["data_type"], found["value"], found["label"]) == told


def test_what_says_nothing_is_no_score(engine: Engine) -> None:
    assert scores(engine, logged(engine, event({"error.type": "timeout"}), record("x", {NAME: "n"}))) == []


def test_targets(engine: Engine) -> None:
    level = "aws.bedrock_agentcore.evaluation_level"
    project = logged(
        engine,
        event({VALUE: 1.0, TARGET: "trace"}),
        event({VALUE: 2.0, TARGET: "session", "session.id": "s1"}),
        event({VALUE: 3.0, level: "Session", "session.id": "s2"}, trace=b"", span_id=b""),
        event({VALUE: 4.0}, span_id=b""),
        event({VALUE: 5.0, "gen_ai.response.id": T.hex().upper()}, trace=b"", span_id=b""),
        event({VALUE: 6.0}, trace=b"", span_id=b""),
    )
    told = [(s["target"], s["trace_id"], s["span_id"], s["session_id"]) for s in scores(engine, project)]
    assert told == [
        ("trace", T.hex(), "", ""),
        ("session", "", "", "s1"),
        ("session", "", "", "s2"),
        ("trace", T.hex(), "", ""),
        ("trace", T.hex(), "", ""),
        ("", "", "", ""),
    ]


def test_the_same_id_replaces_and_deletion_takes_back(engine: Engine) -> None:
    project = logged(engine, event({VALUE: 1.0, ID: "a"}, observed_time_unix_nano=START))
    logged(engine, event({VALUE: 0.0, ID: "a"}, observed_time_unix_nano=START + SECOND), project=project)
    assert [s["value"] for s in scores(engine, project)] == [0.0]
    # An older record that was held up on its way changes nothing.
    logged(engine, event({VALUE: 9.0, ID: "a"}, observed_time_unix_nano=START + 1), project=project)
    assert [s["value"] for s in scores(engine, project)] == [0.0]
    gone = event({ID: "a", "sightline.score.deleted": True}, observed_time_unix_nano=START + 2 * SECOND)
    logged(engine, gone, project=project)
    assert scores(engine, project) == []


def test_ids_belong_to_a_project(engine: Engine) -> None:
    one, two = (logged(engine, event({VALUE: v, ID: "same"})) for v in (1.0, 2.0))
    assert [s["value"] for s in scores(engine, one)] == [1.0]
    assert [s["value"] for s in scores(engine, two)] == [2.0]


def test_digesting_again_changes_nothing(engine: Engine) -> None:
    events = [event({VALUE: 0.5}), event({LABEL: "ok"})]
    project = logged(engine, *events, token="once")
    before = scores(engine, project)
    logged(engine, *events, project=project, token="once")  # the same segment
    logged(engine, *events, project=project, token="twice")  # the same events in another one
    assert [s["id"] for s in scores(engine, project)] == [s["id"] for s in before]


def told_span(attributes: dict[str, Any], *events: Span.Event, **more: Any) -> Span:
    return span(T, S, attributes=attributes, events=events, **more)


def test_events_and_annotations_of_spans(engine: Engine) -> None:
    project = engine.fresh()
    said = Span.Event(
        name="gen_ai.evaluation.result",
        time_unix_nano=START + 5,
        attributes=key_values({NAME: "relevance", VALUE: 0.75}.items()),
    )
    attributes = {
        "session.id": "s1",
        "annotations.0.annotation.name": "tone",
        "annotations.0.annotation.label": "rude",
        "annotations.0.annotation.annotator_kind": "HUMAN",
        "trace.evaluations.0.evaluation.name": "correct",
        "trace.evaluations.0.evaluation.score": 1,
        "session.annotations.3.annotation.name": "csat",
        "session.annotations.3.annotation.score": 4.5,
        "session.annotations.3.annotation.explanation": "fine",
        "annotations.1.annotation.name": "empty",
    }
    engine.digest(Signal.TRACES, [traces([told_span(attributes, said)])], project)
    told = [
        (s["name"], s["target"], s["value"], s["label"], s["source"], s["trace_id"][-1:], s["session_id"])
        for s in scores(engine, project)
    ]
    assert told == [
        ("correct", "trace", 1.0, "", "evaluator", "7", ""),
        ("csat", "session", 4.5, "", "evaluator", "", "s1"),
        ("relevance", "span", 0.75, "", "evaluator", "7", ""),
        ("tone", "span", None, "rude", "person", "7", ""),
    ]
    engine.digest(Signal.TRACES, [traces([told_span(attributes, said)])], project)
    assert len(scores(engine, project)) == 4


@pytest.mark.parametrize("first", ["span", "score", "restart"])
def test_a_response_finds_its_span(engine: Engine, first: str) -> None:
    project = engine.fresh()
    answered = traces([told_span({"gen_ai.response.id": "resp-1", "gen_ai.operation.name": "chat"})])
    score = event({VALUE: 0.5, "gen_ai.response.id": "resp-1"}, trace=b"", span_id=b"")
    if first == "span":
        engine.digest(Signal.TRACES, [answered], project)
    logged(engine, score, project=project)
    if first == "restart":
        engine.restart()
    if first != "span":
        assert [s["target"] for s in scores(engine, project)] == ["response"]
        engine.digest(Signal.TRACES, [answered], project)
    (found,) = scores(engine, project)
    assert (found["target"], found["trace_id"], found["span_id"]) == ("span", T.hex(), S.hex())
