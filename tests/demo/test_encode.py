from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.demo.collect import attributes_of, value_of

from sightline.demo.encode import any_value, key_values, log_request, span_batches, trace_request
from sightline.demo.shapes import Event, LogLine, Source, Span

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
SOURCE = Source("svc", "1.0", "prod", "scope", "2", extra=(("team", "a"),))


def span(number: int, **attributes: str) -> Span:
    return Span(SOURCE, b"t" * 16, number.to_bytes(8), b"", f"s{number}", 1, 10, 20, attributes)


@given(VALUES)
def test_values_come_back(value: object) -> None:
    assert value_of(any_value(value)) == value  # type: ignore[arg-type]


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), VALUES, max_size=6))
def test_attributes_come_back_in_order(values: dict[str, object]) -> None:
    found = attributes_of(key_values(values))  # type: ignore[arg-type]
    assert found == values and list(found) == list(values)


def test_spans_are_grouped_by_process_and_scope() -> None:
    other = Source("svc", "1.0", "prod", "second", "2", extra=(("team", "a"),))
    third = Source("else", "1.0", "prod", "second", "2")
    event = Event("e", 5, {"k": 1})
    link = (b"l" * 16, b"m" * 8)
    second = Span(other, b"t" * 16, b"2" * 8, b"", "b", 3, 1, 2, {})
    fourth = Span(third, b"t" * 16, b"4" * 8, b"1" * 8, "c", 3, 1, 2, {}, (event,), "bad", link)
    spans = [span(1), second, span(3), fourth]
    request = trace_request(spans)
    assert [[len(s.spans) for s in r.scope_spans] for r in request.resource_spans] == [[2, 1], [1]]
    assert attributes_of(request.resource_spans[0].resource.attributes)["team"] == "a"
    last = request.resource_spans[1].scope_spans[0].spans[0]
    assert last.status.code == 2 and last.status.message == "bad"
    assert last.events[0].name == "e" and last.links[0].span_id == b"m" * 8
    assert request.resource_spans[0].scope_spans[0].spans[0].status.code == 0


def test_log_lines_keep_severity_body_and_event() -> None:
    request = log_request([LogLine(SOURCE, 7, 17, {"a": [1]}, {"k": "v"}, b"t" * 16, b"s" * 8, "happened")])
    record = request.resource_logs[0].scope_logs[0].log_records[0]
    assert (record.severity_number, record.severity_text, record.event_name) == (17, "ERROR", "happened")
    assert value_of(record.body) == {"a": [1]} and record.time_unix_nano == 7


@given(st.lists(st.integers(0, 3000), max_size=60), st.integers(1, 20))
def test_batches_lose_nothing_and_stay_small(sizes: list[int], most: int) -> None:
    spans = [span(i + 1, text="x" * size) for i, size in enumerate(sizes)]
    batches = list(span_batches(spans, most))
    assert [s for batch in batches for s in batch] == spans
    assert all(0 < len(batch) <= most for batch in batches)
