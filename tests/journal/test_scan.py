"""Walking over segments that are whole, torn at any byte, damaged anywhere, or hostile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.journal.parts import submission

from sightline.journal.format import Record, encode_header, fingerprint_of
from sightline.journal.scan import Damage, scan
from sightline.records.ingest import Submission

SEED = 77


def encoded(item: Submission, seed: int = SEED) -> bytes:
    return encode_header(item, fingerprint_of(seed, item.project, item.signal, item.payload)) + item.payload


def walk(data: bytes, seed: int = SEED) -> list[Record | Damage]:
    """Everything in `data`; also checks that nothing is left out or told twice."""
    found = list(scan(data, len(data), seed))
    position = 0
    for part in found:
        assert part.start == position
        assert part.end > part.start
        position = part.end
    assert position == len(data)
    return found


def payloads(data: bytes, found: list[Record | Damage]) -> list[bytes]:
    return [data[part.payload : part.end] for part in found if isinstance(part, Record)]


segments = st.lists(st.binary(max_size=300), max_size=5).map(
    lambda found: [submission(i, payload=payload) for i, payload in enumerate(found)]
)


@given(segments)
def test_whole_segments_have_no_damage(items: list[Submission]) -> None:
    data = b"".join(map(encoded, items))
    assert payloads(data, walk(data)) == [item.payload for item in items]
    assert all(isinstance(part, Record) and part.prefix_intact for part in walk(data))


@given(segments, st.data())
def test_torn_at_any_byte_keeps_what_was_whole(items: list[Submission], data: st.DataObject) -> None:
    parts = list(map(encoded, items))
    whole = b"".join(parts)
    cut = data.draw(st.integers(0, len(whole)))
    kept = []
    for item, part in zip(items, parts, strict=True):
        if sum(map(len, parts[: len(kept) + 1])) > cut:
            break
        kept.append(item.payload)
        assert part
    found = walk(whole[:cut])
    assert payloads(whole, found) == kept
    damage = [part for part in found if isinstance(part, Damage)]
    assert len(damage) == (sum(map(len, parts[: len(kept)])) != cut)
    assert all(part.torn for part in damage)


@given(segments.filter(bool), st.data())
def test_a_flipped_bit_costs_at_most_its_own_record(items: list[Submission], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(encoded, items)))
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[place // 8] ^= 1 << place % 8
    found = payloads(bytes(whole), walk(bytes(whole)))
    expected = [item.payload for item in items]
    assert found == expected or len(found) == len(items) - 1
    for payload in found:
        assert payload in expected


@given(segments.filter(bool), st.binary(max_size=60), st.data())
def test_bytes_written_over_never_make_a_record(
    items: list[Submission], noise: bytes, data: st.DataObject
) -> None:
    whole = b"".join(map(encoded, items))
    start = data.draw(st.integers(0, len(whole)))
    changed = whole[:start] + noise + whole[start + len(noise) :]
    assert set(payloads(changed, walk(changed))) <= {item.payload for item in items}


@given(st.binary(max_size=500))
def test_garbage_is_walked_over(data: bytes) -> None:
    assert all(isinstance(part, Damage) for part in walk(data))


def test_a_record_planted_in_a_payload_is_not_found() -> None:
    """Behind damage a record is searched for; a sender cannot know the seed that makes one genuine."""
    planted = encoded(submission(1, project="victim"), seed=SEED + 1)
    carrier = bytearray(encoded(submission(2, payload=b"...." + planted + b"....")))
    last = encoded(submission(3))
    carrier[0:2] = b"\xff\xff"  # the length leads nowhere, so the search begins
    carrier[12] ^= 1
    data = bytes(carrier) + last
    found = walk(data)
    assert [part.project for part in found if isinstance(part, Record)] == ["default"]
    assert payloads(data, found) == [submission(3).payload]


def test_many_planted_headers_do_not_stall_the_search() -> None:
    """Each claims most of the file, so that checking all of them would take the square of its size."""
    planted = encoded(submission(1, payload=b"x" * 200_000), seed=SEED + 1)[:-200_000]
    data = b"\xff" * 6 + planted * 3000
    found = walk(data)
    assert not payloads(data, found)


def test_a_damaged_length_loses_nothing() -> None:
    first, second = encoded(submission(1)), encoded(submission(2))
    data = b"\x7f" + first[1:] + second
    found = walk(data)
    assert payloads(data, found) == [submission(1).payload, submission(2).payload]
    assert [part.prefix_intact for part in found if isinstance(part, Record)] == [False, True]
