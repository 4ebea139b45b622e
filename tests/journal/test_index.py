"""Sidecars come back as written, and a damaged one is no index at all."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sightline.journal.format import Record
from sightline.journal.index import decode_index, drop_index, encode_index, index_of, read_index, write_index
from sightline.records.ingest import Signal

records = st.builds(
    Record,
    project=st.just("p"),
    received_at=st.integers(0, 2**63 - 1),
    source=st.just("s"),
    fingerprint=st.binary(min_size=16, max_size=16),
    items=st.integers(0, 2**32 - 1),
    signal=st.just(Signal.LOGS),
    start=st.integers(0, 2**40),
    body=st.just(0),
    payload=st.just(0),
    end=st.just(0),
)


@given(st.lists(records, max_size=5))
def test_an_index_comes_back(found: list[Record]) -> None:
    index = index_of(found, 4711)
    assert decode_index(encode_index(index)) == index
    assert list(index.fingerprints()) == [(r.received_at, r.fingerprint) for r in found]
    assert index.items == sum(r.items for r in found)
    if found:
        assert index.first_received == min(r.received_at for r in found)
        assert index.last_received == max(r.received_at for r in found)


@given(st.lists(records, min_size=1, max_size=3), st.data())
def test_a_damaged_index_is_none(found: list[Record], data: st.DataObject) -> None:
    whole = bytearray(encode_index(index_of(found, 1)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    assert decode_index(bytes(whole)) is None
    assert decode_index(bytes(whole[:place])) is None


@given(st.binary(max_size=200))
def test_garbage_is_no_index(data: bytes) -> None:
    assert decode_index(data) is None


def test_a_folder_that_refuses_is_no_error(tmp_path: Path) -> None:
    index = index_of([], 0)
    write_index(tmp_path / "missing", "a", index)
    assert read_index(tmp_path / "missing", "a") is None
    write_index(tmp_path, "a", index)
    assert read_index(tmp_path, "a") == index
    drop_index(tmp_path, "a")
    drop_index(tmp_path, "a")
    assert read_index(tmp_path, "a") is None
