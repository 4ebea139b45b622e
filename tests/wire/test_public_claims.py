"""What a public key may not claim."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from sightline.records.ingest import Signal
from sightline.wire.public_claims import bounded_claims
from wire.samples import REQUESTS, attribute, log, logs, span, traces


def attributes(record: Any) -> dict[str, str]:
    return {a.key: a.value.string_value for a in record.attributes}


def only(signal: Signal, payload: bytes) -> Any:
    request = REQUESTS[signal].FromString(payload)
    if signal is Signal.TRACES:
        return request.resource_spans[0].scope_spans[0].spans[0]
    return request.resource_logs[0].scope_logs[0].log_records[0]


@pytest.mark.parametrize(
    "key",
    [
        "sightline.sample_weight",
        "logfire.sample_rate",
        "SampleRate",
        "annotations.0.annotation.label",
        "trace.evaluations.12.evaluation.score",
    ],
)
def test_no_weight_and_no_scores_of_others(key: str) -> None:
    claimed = span(attributes=[attribute(key, "1000000"), attribute("user.id", "ann")], trace_state="ot=th:f")
    found = only(Signal.TRACES, bounded_claims(traces(claimed).SerializeToString(), Signal.TRACES))
    assert attributes(found) == {"user.id": "ann"}
    assert found.trace_state == ""
    assert found.name == claimed.name and found.trace_id == claimed.trace_id


@pytest.mark.parametrize(
    ("claim", "kept"),
    [
        ({"double_value": 10}, 10),
        ({"int_value": 100}, 100),
        ({"double_value": 1e6}, 100),
        ({"int_value": 2**62}, 100),
        ({"double_value": float("inf")}, 100),
        ({"double_value": float("nan")}, 1),
        ({"double_value": -5}, 1),
        ({"string_value": "1000000"}, 1),
        ({"bool_value": True}, 1),
    ],
)
def test_a_weight_is_bounded(claim: dict[str, Any], kept: float) -> None:
    claimed = span(attributes=[])
    for _ in range(2):
        claimed.attributes.append(KeyValue(key="sightline.sampling.weight", value=AnyValue(**claim)))
    found = only(Signal.TRACES, bounded_claims(traces(claimed).SerializeToString(), Signal.TRACES))
    assert [a.value.double_value for a in found.attributes] == [kept, kept]


def test_a_score_is_an_end_users_and_its_id_in_their_name_space() -> None:
    claimed = log(
        event_name="gen_ai.evaluation.result",
        attributes=[
            attribute("sightline.score.source", "evaluator"),
            attribute("sightline.score.id", "s1"),
            attribute("gen_ai.evaluation.name", "correct"),
        ],
    )
    found = only(Signal.LOGS, bounded_claims(logs(claimed).SerializeToString(), Signal.LOGS))
    assert attributes(found) == {
        "sightline.score.source": "end_user",
        "sightline.score.id": "public:s1",
        "gen_ai.evaluation.name": "correct",
    }


@pytest.mark.parametrize(
    "more",
    [{"event_name": "gen_ai.evaluation.result"}, {"attributes": [attribute("sightline.score.id", "s")]}],
)
def test_a_score_that_says_no_source_is_an_end_users_too(more: dict[str, Any]) -> None:
    payload = logs(log(**({"attributes": []} | more))).SerializeToString()
    found = only(Signal.LOGS, bounded_claims(payload, Signal.LOGS))
    assert attributes(found)["sightline.score.source"] == "end_user"


def test_a_score_as_an_event_of_a_span_too() -> None:
    claimed = span(attributes=[])
    event = claimed.events.add(name="gen_ai.evaluation.result")
    event.attributes.append(attribute("sightline.score.source", "person"))
    found = only(Signal.TRACES, bounded_claims(traces(claimed).SerializeToString(), Signal.TRACES))
    assert attributes(found.events[0]) == {"sightline.score.source": "end_user"}


def test_several_of_one_name_are_all_taken() -> None:
    claimed = log(
        event_name="gen_ai.evaluation.result",
        attributes=[
            attribute("sightline.score.source", "rule"),
            attribute("sightline.score.source", "person"),
        ],
    )
    claimed.attributes.add(key="sightline.score.id").value.int_value = 7
    found = only(Signal.LOGS, bounded_claims(logs(claimed).SerializeToString(), Signal.LOGS))
    assert [a.value.string_value for a in found.attributes] == ["end_user", "end_user", "public:"]


def test_other_records_stay_as_they_are() -> None:
    payload = logs(log()).SerializeToString()
    assert bounded_claims(payload, Signal.LOGS) == payload
    payload = traces(span()).SerializeToString()
    assert bounded_claims(payload, Signal.TRACES) == payload
