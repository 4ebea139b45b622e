"""How many spans one stands for, from every sender's way to say it, and what that makes of its trace."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from digest.engine import Engine
from digest.otlp import START, key_values, span, traces
from sightline.records.ingest import Signal

WEIGHT = "sightline.sampling.weight"


def stored(engine: Engine, spans: list[Any], resource: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    project = engine.fresh()
    engine.digest(Signal.TRACES, [traces(spans, resource or {})], project)
    return engine.rows(
        "SELECT sample_weight, sample_reason, sender, sequence, trace_weight,"
        " toJSONString(attributes) AS left FROM sightline.spans WHERE project = {p:String} ORDER BY span_id",
        p=project,
    )


def test_what_the_sdk_says_becomes_columns_and_does_not_stay_beside_them(engine: Engine) -> None:
    said = {WEIGHT: 12.5, "sightline.sampling.reason": "ratio", "sightline.sequence": 7}
    (row,) = stored(engine, [span(1, 1, attributes=said)], {"service.instance.id": "process-1"})
    assert (row["sample_weight"], row["sample_reason"], row["sequence"]) == (12.5, "ratio", 7)
    assert (row["sender"], row["trace_weight"], row["left"]) == ("process-1", 12.5, "{}")


@pytest.mark.parametrize("value", [0, 0.5, -4, float("nan"), float("inf"), 1e7, "many", True, "1e400"])
def test_a_hostile_weight_is_ignored_and_shown_as_it_was_sent(engine: Engine, value: Any) -> None:
    (row,) = stored(engine, [span(1, 1, attributes={WEIGHT: value})])
    assert (row["sample_weight"], row["trace_weight"]) == (None, None)
    assert WEIGHT.partition(".")[0] in row["left"]


@pytest.mark.parametrize(
    ("more", "weight"),
    [
        ({"trace_state": "ot=th:c"}, 4.0),
        ({"trace_state": "vendor=1,ot=rv:1;th:8"}, 2.0),
        ({"trace_state": "ot=th:ffffffffffffff"}, None),
        ({"attributes": {"logfire.sample_rate": 0.25}}, 4.0),
        ({"attributes": {"SampleRate": 20}}, 20.0),
        ({"attributes": {"sampleRate": 16_000}}, None),
        ({"attributes": {"_MS.sampleRate": 12.5}}, 8.0),
        ({"attributes": {WEIGHT: 3.0, "SampleRate": 20}, "trace_state": "ot=th:8"}, 3.0),
        ({"attributes": {WEIGHT: 0.1, "SampleRate": 20}}, 20.0),
    ],
)
def test_other_senders_say_it_in_their_own_words(engine: Engine, more: Any, weight: float | None) -> None:
    (row,) = stored(engine, [span(1, 1, **more)])
    assert row["sample_weight"] == weight


def test_a_trace_stands_for_as_many_as_the_part_that_was_likeliest_to_be_kept(engine: Engine) -> None:
    parts = [
        span(1, 1, attributes={WEIGHT: 10.0}),
        span(1, 2, 1, attributes={WEIGHT: 4.0}),
        span(2, 3, attributes={WEIGHT: 10.0}),
        span(2, 4, 3),  # its service left nothing out
        span(3, 5),
    ]
    rows = stored(engine, parts)
    assert [row["trace_weight"] for row in rows] == [4.0, None, 1.0, None, None]


def test_a_part_that_comes_later_changes_the_weight_of_its_trace(engine: Engine) -> None:
    project = engine.fresh()
    weight = "SELECT trace_weight FROM sightline.spans WHERE project = {p:String} AND trace_head"
    engine.digest(Signal.TRACES, [traces([span(1, 1, attributes={WEIGHT: 10.0})])], project)
    assert engine.scalar(weight, p=project) == 10
    later = span(1, 2, 1, start=START + 5, attributes={WEIGHT: 2.0})
    engine.digest(Signal.TRACES, [traces([later])], project)
    assert engine.scalar(weight, p=project) == 2


def test_log_records_have_a_numbering_of_their_own(engine: Engine) -> None:
    request = ExportLogsServiceRequest()
    found = request.resource_logs.add()
    found.resource.attributes.extend(key_values([("service.instance.id", "process-1")]))
    records = found.scope_logs.add().log_records
    records.add(time_unix_nano=START, attributes=key_values([("sightline.sequence", 3)]))
    records.add(time_unix_nano=START + 1)
    project = engine.fresh()
    engine.digest(Signal.LOGS, [request], project)
    rows = engine.rows(
        "SELECT sender, sequence FROM sightline.logs WHERE project = {p:String} ORDER BY time", p=project
    )
    assert rows == [{"sender": "process-1", "sequence": 3}, {"sender": "process-1", "sequence": None}]
