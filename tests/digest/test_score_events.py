"""What the API writes is read back by the digest as the same score, whatever is in it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sightline.digest.anyvalue import plain
from sightline.digest.score_reading import Around, read_event
from sightline.records.scores import DataType, Score, ScoreSource, ScoreTarget
from sightline.wire.score_events import request

_TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=40).map(str.strip)
_SOME = _TEXT.filter(bool)
_IDS = {
    ScoreTarget.SPAN: {"trace_id": "0" * 31 + "7", "span_id": "0" * 15 + "9"},
    ScoreTarget.TRACE: {"trace_id": "0" * 31 + "7"},
    ScoreTarget.SESSION: {"session_id": "s 1"},
    ScoreTarget.RESPONSE: {"response_id": "resp-1"},
}
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """Any score that the API can make."""
    target = draw(st.sampled_from(list(_IDS)))
    kind = draw(st.sampled_from(list(DataType)))
    ids = {"trace_id": "", "span_id": "", "session_id": "", "response_id": ""} | _IDS[target]
    value = {
        DataType.NUMERIC: _NUMBERS,
        DataType.BOOLEAN: st.sampled_from([0.0, 1.0]),
    }.get(kind, st.none())
    correction = {DataType.CORRECTION: _SOME, DataType.COMMENT: st.just("")}.get(kind, _TEXT)
    return Score(
        project="p",
        id=draw(_SOME),
        name=draw(_SOME),
        target=target,
        **ids,
        data_type=kind,
        value=draw(value),
        label=draw(
            _SOME if kind is DataType.CATEGORICAL else _TEXT if kind is DataType.NUMERIC else st.just("")
        ),
        comment=draw(_SOME if kind is DataType.COMMENT else _TEXT),
        correction=draw(correction),
        source=draw(st.sampled_from(list(ScoreSource))),
        author=draw(_TEXT),
        method=draw(_TEXT),
        environment=draw(_TEXT),
        service="",
        time=draw(st.integers(1, 2**63 - 1)),
        version=draw(st.integers(1, 2**63 - 1)),
    )


@given(scores(), st.booleans())
def test_what_is_written_is_read(score: Score, deleted: bool) -> None:
    score = replace(score, deleted=deleted)
    (group,) = request([score]).resource_logs
    (record,) = group.scope_logs[0].log_records
    resource = {item.key: plain(item.value) for item in group.resource.attributes}
    around = Around(
        "p",
        record.trace_id.hex(),
        record.span_id.hex(),
        "",
        str(resource.get("deployment.environment.name", "")),
        "",
        record.time_unix_nano,
        record.observed_time_unix_nano,
        0,
    )
    assert read_event({item.key: plain(item.value) for item in record.attributes}, around) == score
