"""Our bytes are those of protobuf's own library, and whatever bytes there are, reading them ends."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.internal import decoder, encoder, wire_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.sdk import protobuf as ours

UINT64 = st.integers(0, 2**64 - 1)


@given(st.one_of(UINT64, st.integers(0, 64).map(lambda bits: max(0, 2**bits - 1))))
def test_a_varint_is_what_the_library_writes_and_comes_back(number: int) -> None:
    made: list[bytes] = []
    encoder._VarintEncoder()(made.append, number, False)
    assert ours.varint(number) == b"".join(made)
    assert ours.read_varint(b"x" + ours.varint(number) + b"y", 1) == (number, len(ours.varint(number)) + 1)


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_with_a_sign_come_back(number: int) -> None:
    value, _ = ours.read_varint(ours.signed(number), 0)
    assert ours.as_signed(value) == number
    assert value == decoder._DecodeVarint(ours.signed(number), 0)[0]
    folded, _ = ours.read_varint(ours.zigzag(number), 0)
    assert folded == wire_format.ZigZagEncode(number)
    assert ours.as_zigzag(folded) == number


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_number_that_no_varint_holds_is_named(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        ours.varint(number)


@given(st.integers(1, 2**29 - 1), st.binary(max_size=300))
def test_a_field_is_found_where_it_was_written(number: int, body: bytes) -> None:
    written = ours.framed(ours.tag(number, ours.DELIMITED), body)
    assert list(ours.fields(written + written)) == [(number, ours.DELIMITED, body)] * 2


@given(st.binary())
def test_any_bytes_are_fields_or_an_error_that_says_where(data: bytes) -> None:
    try:
        found = list(ours.fields(data))
    except ours.WireError as error:
        assert str(error).startswith("byte ")
        return
    assert sum(len(value) if isinstance(value, bytes) else 1 for _, _, value in found) <= len(data)


@given(st.binary())
def test_what_the_library_reads_is_read_here(data: bytes) -> None:
    try:
        official = Span.FromString(data)
    except Exception:
        return
    names: list[Any] = [v for n, kind, v in _readable(data) if (n, kind) == (5, ours.DELIMITED)]
    assert (names[-1].decode() if names else "") == official.name


def _readable(data: bytes) -> list[tuple[int, int, int | bytes]]:
    try:
        return list(ours.fields(data))
    except ours.WireError as error:  # groups, which are older than OTLP
        assert "kind 3" in str(error) or "kind 4" in str(error)
        return [(5, ours.DELIMITED, Span.FromString(data).name.encode())]


def test_half_of_a_surrogate_pair_is_a_question_mark() -> None:
    assert ours.utf8("a\ud800€") == "a?€".encode()
