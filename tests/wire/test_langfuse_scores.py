"""Scores in Langfuse's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.records.scores import DataType, ScoreSource, ScoreTarget
from sightline.wire.langfuse_scores import MOST, read

NOW = 1_795_000_000_000_000_000
TRACE = "3360fa74be1780a61759ca3b3296351e"
SPAN = "0e86cdc9647c6c6f"
# As langfuse 5.0.4 sent them.
SENT: list[dict[str, Any]] = [
    {"id": "da03b3d5fe38473e", "traceId": TRACE, "name": "helpful", "value": 1.0, "comment": "ok",
     "timestamp": "2026-11-26T06:31:11.159826Z"},
    {"id": "06aa477f509ee6b2", "traceId": TRACE, "observationId": SPAN, "name": "verdict", "value": "right",
     "dataType": "CATEGORICAL", "timestamp": "2026-11-26T06:31:11.159962Z"},
    {"id": "505713a33a8ccfb2", "traceId": TRACE, "observationId": SPAN, "name": "isok", "value": 1.0,
     "dataType": "BOOLEAN", "timestamp": "2026-11-26T06:31:11.159978Z"},
    {"id": "e69be683e38a55c4", "sessionId": "s1", "name": "sess", "value": 0.5,
     "timestamp": "2026-11-26T06:31:11.159985Z"},
]  # fmt: skip


def test_what_its_sdk_sends_is_read() -> None:
    scores, refused = read(json.dumps(SENT).encode(), "shop", NOW)
    assert refused == ()
    helpful, verdict, isok, session = scores
    assert (helpful.id, helpful.target, helpful.trace_id) == ("da03b3d5fe38473e", ScoreTarget.TRACE, TRACE)
    assert (helpful.value, helpful.comment, helpful.data_type) == (1.0, "ok", DataType.NUMERIC)
    assert (helpful.project, helpful.source, helpful.method) == ("shop", ScoreSource.EVALUATOR, "langfuse")
    assert helpful.time == 1_795_674_671_159_826_000 and helpful.version == NOW
    assert (verdict.target, verdict.span_id, verdict.label) == (ScoreTarget.SPAN, SPAN, "right")
    assert (verdict.value, verdict.data_type) == (None, DataType.CATEGORICAL)
    assert (isok.value, isok.data_type) == (1.0, DataType.BOOLEAN)
    assert (session.target, session.session_id, session.trace_id) == (ScoreTarget.SESSION, "s1", "")


def test_one_alone_is_a_request_too() -> None:
    scores, _ = read(json.dumps(SENT[0] | {"source": "ANNOTATION"}).encode(), "shop", NOW)
    assert [s.source for s in scores] == [ScoreSource.PERSON]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": ""}, "name is missing"),
        ({"value": None}, "value is missing"),
        ({"value": [1]}, "expected a number"),
        ({"value": "nan", "dataType": "NUMERIC"}, "expected a finite number"),
        ({"dataType": "STARS"}, "expected one of NUMERIC"),
        ({"traceId": 7}, "nothing is said to be scored"),
    ],
)
def test_a_wrong_one_is_refused_alone(changed: dict[str, Any], why: str) -> None:
    scores, refused = read(json.dumps([SENT[0] | changed, SENT[1]]).encode(), "shop", NOW)
    assert [s.name for s in scores] == ["verdict"]
    assert [r.id for r in refused] == [SENT[0]["id"]] and why in refused[0].why


def test_the_same_score_without_an_id_replaces_itself() -> None:
    body = json.dumps({"traceId": TRACE, "name": "helpful", "value": 0}).encode()
    assert read(body, "shop", NOW)[0][0].id == read(body, "shop", NOW + 1)[0][0].id


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", json.dumps([SENT[0]] * (MOST + 1)).encode(), b"[" * 100_000]
)
def test_what_is_no_request_says_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        read(body, "shop", NOW)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={k: ANY for s in SENT for k in s}) | ANY, min_size=1, max_size=5
    )
)
def test_nothing_but_scores_and_reasons_comes_out(items: list[Any]) -> None:
    scores, refused = read(json.dumps(items).encode(), "shop", NOW)
    assert len(scores) + len(refused) == len(items)
    assert all(s.name and s.id and s.time > 0 for s in scores)
