"""The bytes of a record, read by the journal, by protobuf, by the reader in the docs and by the engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chdb
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st
from tests.journal.parts import submission

from sightline.journal.format import (
    RecordDamageError,
    check_writable,
    encode_header,
    fingerprint_of,
    read_record,
    read_varint,
    varint,
)
from sightline.records.ingest import Signal, Submission

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/formats/journal.md"
PROTO = ROOT / "src/sightline/journal/record.proto"
SEED = 0x1234_5678_9ABC_DEF0
FIELDS = {Signal.TRACES: 16, Signal.LOGS: 17, Signal.METRICS: 18}

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=31)
submissions = st.builds(
    Submission,
    project=texts,
    signal=st.sampled_from(Signal),
    payload=st.binary(max_size=400),
    received_at=st.integers(0, 2**63 - 1),
    source=texts,
    items=st.integers(0, 2**32 - 1),
)


def encoded(item: Submission) -> bytes:
    print_ = fingerprint_of(SEED, item.project, item.signal, item.payload)
    return encode_header(item, print_) + item.payload


def reader_of_the_page() -> Callable[[bytes], Iterator[dict[int, Any]]]:
    """The reader printed in the docs, run as it stands there."""
    match = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    assert match, f"{PAGE} has no Python reader"
    names: dict[str, Any] = {}
    exec(match[1], names)
    reader: Callable[[bytes], Iterator[dict[int, Any]]] = names["records"]
    return reader


@given(st.integers(0, 2**35 - 1))
def test_varints_come_back(value: int) -> None:
    data = varint(value)
    assert read_varint(data, 0, len(data)) == (value, len(data))


@given(submissions)
def test_a_record_comes_back(item: Submission) -> None:
    data = b"before" + encoded(item) + b"behind"
    record = read_record(data, 6, len(data) - 6)
    assert (record.project, record.received_at, record.source) == (
        item.project,
        item.received_at,
        item.source,
    )
    assert (record.items, record.signal, record.prefix_intact) == (item.items, item.signal, True)
    assert data[record.payload : record.end] == item.payload
    assert record.fingerprint == fingerprint_of(SEED, item.project, item.signal, item.payload)
    assert data[record.end :] == b"behind"


@given(st.lists(submissions, max_size=4))
def test_the_reader_of_the_page_reads_it(items: list[Submission]) -> None:
    found = list(reader_of_the_page()(b"".join(map(encoded, items))))
    assert len(found) == len(items)
    for fields, item in zip(found, items, strict=True):
        assert fields[1].decode() == item.project
        assert fields[2] == item.received_at
        assert fields[3].decode() == item.source
        assert fields[5] == item.items
        assert fields[FIELDS[item.signal]] == item.payload
        assert set(fields) == {1, 2, 3, 4, 5, 6, FIELDS[item.signal]}


def message_class() -> Any:
    """The message of record.proto, built from its text."""
    file = descriptor_pb2.FileDescriptorProto(name="journal.proto", package="t", syntax="proto3")
    message = file.message_type.add(name="Record")
    types = {"string": 9, "fixed64": 6, "bytes": 12, "uint32": 13, "fixed32": 7}
    found = re.findall(r"^ +(\w+) (\w+) = (\d+);", PROTO.read_text(), re.M)
    assert len(found) == 9
    for kind, name, number in found:
        message.field.add(name=name, number=int(number), type=types[kind], label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Record"))


@given(submissions)
def test_a_protobuf_library_reads_it(item: Submission) -> None:
    data = encoded(item)
    length, body = read_varint(data, 0, len(data))
    record = message_class().FromString(data[body : body + length])
    assert (record.project, record.received_at, record.items) == (item.project, item.received_at, item.items)
    assert getattr(record, item.signal.value) == item.payload


def test_the_engine_reads_a_segment(tmp_path: Path) -> None:
    """The statement of the page, with real names in it, on a connection of its own."""
    items = [submission(i, payload=bytes(range(256)) * i, project=f"p{i}") for i in range(1, 4)]
    segment = tmp_path / "20261120T221641-123456789.traces.pb"
    segment.write_bytes(b"".join(map(encoded, items)))
    match = re.search(r"```sql\n(.*?)```", PAGE.read_text(), re.S)
    assert match, f"{PAGE} has no statement"
    query = match[1].replace(segment.name, str(segment)).replace("record.proto", str(PROTO))
    connection = chdb.connect(":memory:")
    try:
        rows = str(connection.query(query, "TSV")).splitlines()
        hexed = str(connection.query(query.replace("length(traces)", "hex(traces)"), "TSV")).splitlines()
    finally:
        connection.close()
    assert [row.split("\t") for row in rows] == [
        [i.project, str(i.received_at), i.source, str(i.items), str(len(i.payload))] for i in items
    ]
    assert [row.split("\t")[4] for row in hexed] == [i.payload.hex().upper() for i in items]


@given(submissions, st.data())
def test_a_flipped_bit_is_seen(item: Submission, data: st.DataObject) -> None:
    whole = bytearray(encoded(item))
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[place // 8] ^= 1 << place % 8
    try:
        record = read_record(bytes(whole), 0, len(whole))
    except RecordDamageError:
        return
    # Only the length prefix is outside the checksum, and then the message tells the truth.
    assert not record.prefix_intact
    assert bytes(whole[record.payload : record.end]) == item.payload


@given(submissions, st.data())
def test_a_torn_record_is_seen(item: Submission, data: st.DataObject) -> None:
    whole = encoded(item)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(RecordDamageError):
        read_record(whole[:cut], 0, cut)


@given(st.binary(max_size=300))
def test_garbage_is_damage_and_nothing_else(data: bytes) -> None:
    with pytest.raises(RecordDamageError):
        read_record(data, 0, len(data))


@pytest.mark.parametrize(
    "bad",
    [
        {"project": ""},
        {"project": "p" * 128},
        {"source": ""},
        {"source": "é" * 64},
        {"items": -1},
        {"items": 2**32},
        {"received_at": -1},
    ],
)
def test_what_the_format_cannot_hold_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        check_writable(submission(1, **bad))


def test_fingerprints_tell_projects_signals_and_journals_apart() -> None:
    prints = {
        fingerprint_of(seed, project, signal, payload)
        for seed in (1, 2)
        for project in ("a", "a b", "ab")
        for signal in Signal
        for payload in (b"", b"x", b"b x")
    }
    assert len(prints) == 2 * 3 * 3 * 3
