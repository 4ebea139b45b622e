"""What consumers do with segments: finish, split, quarantine, release; what is kept, and for how long."""

from __future__ import annotations

import errno
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journal.parts import QUICK, START, Clock, FailingDisk, submission

from sightline.journal import backlog as backlog_module
from sightline.journal.backlog import Backlog
from sightline.journal.disk import Disk
from sightline.journal.format import encode_header, fingerprint_of
from sightline.journal.index import index_path, read_index
from sightline.journal.replay import choose, replay
from sightline.journal.salvage import describe, inspect
from sightline.journal.segment import (
    Ids,
    Layout,
    Segment,
    file_name,
    id_at,
    parse_name,
    segment_files,
    time_of,
)
from sightline.records.ingest import Signal

SEED = 3


class Bench:
    """A backlog on a directory, with clocks in hand."""

    def __init__(self, root: Path, **changes: float) -> None:
        self.layout = Layout(root)
        for folder in self.layout.folders:
            folder.mkdir(parents=True, exist_ok=True)
        self.clock, self.monotonic = Clock(), 100.0
        self.backlog = self.again(**changes)
        self.ids = Ids()

    def again(self, **changes: float) -> Backlog:
        """A backlog as after a restart."""
        chosen = replace(QUICK, **changes)  # type: ignore[arg-type]
        return Backlog(self.layout, chosen, Disk(), self.clock, SEED, lambda: self.monotonic)

    def write(self, *numbers: int, size: int = 20) -> Segment:
        """A segment in `ready` that nobody knows yet."""
        path = self.layout.ready / file_name(self.ids.next(self.clock()), Signal.TRACES)
        with path.open("wb") as file:
            for number in numbers:
                item = submission(number, payload=b"%d" % number * size)
                print_ = fingerprint_of(SEED, item.project, item.signal, item.payload)
                file.write(encode_header(item, print_) + item.payload)
        return describe(self.layout, path, SEED)

    def add(self, *numbers: int, size: int = 20) -> Segment:
        """A segment that can be taken."""
        segment = self.write(*numbers, size=size)
        self.backlog.add(segment)
        return segment

    def take(self) -> Segment | None:
        return self.backlog.take(0.0)

    def numbers(self, segment: Segment) -> list[int]:
        found = inspect(segment.path, SEED)
        assert found.sound
        return [int(bytes(found.view[r.payload : r.payload + 1])) for r in found.records]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_oldest_first_each_once(bench: Bench) -> None:
    first, second = bench.write(1), bench.write(2)
    bench.backlog.add(second)
    bench.backlog.add(first)
    bench.backlog.add(first)
    assert [bench.take(), bench.take(), bench.take()] == [first, second, None]
    assert bench.backlog.bytes == first.bytes + second.bytes
    assert bench.backlog.segments == 2


def test_take_waits_until_one_comes(tmp_path: Path) -> None:
    layout = Bench(tmp_path).layout
    backlog = Backlog(layout, QUICK, Disk(), Clock(), SEED)
    found: list[Segment | None] = []
    consumer = threading.Thread(target=lambda: found.append(backlog.take(30.0)))
    consumer.start()
    segment = Bench(tmp_path).write(1)
    backlog.add(segment)
    consumer.join(30)
    assert found == [segment]


def test_a_released_segment_comes_back_after_growing_pauses(bench: Bench) -> None:
    segment = bench.add(1)
    later = bench.add(2)
    for pause in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0):
        taken = bench.take()
        assert taken == segment
        bench.backlog.release(segment)
        assert bench.take() == (later if pause == 0.25 else None)
        bench.monotonic += pause * 0.99
        assert bench.take() is None
        bench.monotonic += pause * 0.02
    assert bench.take() == segment
    bench.backlog.finish(segment)
    assert bench.backlog.segments == 1


@given(st.integers(1, 9))
@settings(max_examples=9, deadline=None)
def test_splitting_reaches_every_single_record(tmp_path_factory: pytest.TempPathFactory, count: int) -> None:
    bench = Bench(tmp_path_factory.mktemp("split"))
    bench.add(*range(count))
    segment = bench.take()
    assert segment
    singles: list[int] = []
    rest = [segment]
    while rest:
        one = rest.pop(0)
        parts = bench.backlog.split(one)
        if not parts:
            assert one.records == 1
            singles += bench.numbers(one)
            continue
        assert not one.path.exists()
        assert len(parts) == 2
        assert abs(parts[0].records - parts[1].records) <= 1
        assert sum(part.items for part in parts) == one.items
        assert all(part.id.startswith(one.id) and part.id > one.id for part in parts)
        assert all(read_index(bench.layout.index, part.id) for part in parts)
        assert not index_path(bench.layout.index, one.id).exists()
        rest = parts + rest
    assert singles == list(range(count))
    assert bench.take() is None
    assert bench.backlog.segments == count
    assert bench.backlog.bytes == sum(p.stat().st_size for _, _, p in segment_files(bench.layout.ready))


def test_splitting_sets_damage_aside(bench: Bench) -> None:
    segment = bench.add(1, 2, 3)
    data = bytearray(segment.path.read_bytes())
    data[-1] ^= 1
    segment.path.write_bytes(data)
    assert bench.take() == segment
    parts = bench.backlog.split(segment)
    assert [bench.numbers(part) for part in parts] == [[1], [2]]
    (entry,) = bench.backlog.quarantined.entries()
    assert (entry.kind, entry.segment) == ("damage", segment.id)
    with pytest.raises(ValueError, match="only be discarded"):
        bench.backlog.quarantined.requeue(entry.id)


def test_splitting_what_is_damaged_throughout_leaves_nothing_to_quarantine(bench: Bench) -> None:
    segment = bench.add(1)
    segment.path.write_bytes(b"?" * segment.bytes)
    assert bench.take() == segment
    assert bench.backlog.split(segment) == []
    bench.backlog.quarantine(segment, "the engine refused it")
    assert [entry.kind for entry in bench.backlog.quarantined.entries()] == ["damage"]
    assert (bench.backlog.segments, bench.backlog.bytes) == (0, 0)


def test_quarantine_requeue_and_discard(bench: Bench) -> None:
    segment = bench.add(6)
    assert bench.take() == segment
    bench.backlog.quarantine(segment, "bad\x1b[31m request")
    quarantine = bench.backlog.quarantined
    (entry,) = quarantine.entries()
    assert (entry.id, entry.project, entry.items) == (segment.id, "default", 6)
    assert entry.reason == "bad\x1b[31m request"
    assert (entry.time, entry.received_at) == (bench.clock(), START + 6)
    assert bench.backlog.segments == 0
    quarantine.requeue(entry.id)
    bench.backlog.rescan()
    again = bench.take()
    assert again == segment
    bench.backlog.quarantine(again, "still bad")
    quarantine.discard(entry.id)
    assert quarantine.entries() == []
    assert quarantine.count() == 0
    assert list(bench.layout.quarantine.iterdir()) == []
    for wrong in (entry.id, "../ready/x", ""):
        with pytest.raises(KeyError):
            quarantine.discard(wrong)


def test_only_single_records_go_to_quarantine(bench: Bench) -> None:
    bench.add(1, 2)
    segment = bench.take()
    assert segment
    with pytest.raises(ValueError, match="split it"):
        bench.backlog.quarantine(segment, "bad")


def test_digested_segments_are_kept_by_age_bytes_and_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, keep_digested=60.0, keep_digested_bytes=1000)

    def digest(size: int) -> str:
        segment = bench.add(1, size=size)
        assert bench.take() == segment
        bench.backlog.finish(segment)
        return segment.id

    def kept() -> list[str]:
        found = [segment_id for segment_id, _, _ in segment_files(bench.layout.digested)]
        assert len(found) == bench.backlog.digested_segments
        return found

    old = digest(10)
    bench.clock.forward(50)
    newer = digest(10)
    assert kept() == [old, newer]
    bench.clock.forward(11)
    newest = digest(10)
    assert kept() == [newer, newest]
    big = digest(900)
    assert kept() == [big]
    monkeypatch.setattr(backlog_module, "MAX_DIGESTED", 2)
    last = [digest(1) for _ in range(3)]
    assert kept() == last[1:]
    bench.backlog = bench.again(keep_digested=60.0, keep_digested_bytes=1000)
    bench.backlog.load_digested(segment_files(bench.layout.digested))
    assert kept() == last[1:]


def test_sidecars_outlive_their_segment_by_the_retry_window(tmp_path: Path) -> None:
    bench = Bench(tmp_path, keep_digested=0.0)
    segment = bench.add(1)
    assert bench.take() == segment
    bench.backlog.finish(segment)
    assert not segment.path.exists()
    bench.clock.forward(QUICK.retry_window)
    bench.backlog.drop_orphans()
    assert index_path(bench.layout.index, segment.id).exists()
    bench.clock.forward(61)
    bench.backlog.drop_orphans()
    assert not index_path(bench.layout.index, segment.id).exists()


@pytest.mark.parametrize("new_id", [False, True])
def test_a_replayed_segment_is_taken_again(bench: Bench, new_id: bool) -> None:
    segment = bench.add(1, 2)
    assert bench.take() == segment
    bench.backlog.finish(segment)
    (chosen,) = choose(bench.layout, [segment.id])
    (replayed,) = replay(bench.layout, Disk(), [chosen], new_id=new_id)
    bench.backlog.rescan()
    again = bench.take()
    assert again
    assert (again.id == segment.id) is not new_id
    assert again.id == replayed
    assert again.id.startswith(segment.id)
    assert bench.numbers(again) == [1, 2]
    bench.backlog.rescan()
    assert bench.take() is None
    bench.backlog.finish(again)
    assert bench.backlog.digested_bytes == again.bytes
    if new_id:
        (chosen,) = choose(bench.layout, [again.id])
        (third,) = replay(bench.layout, Disk(), [chosen], new_id=True)
        assert third.startswith(segment.id + "-r")
        assert third.count("-r") == 1


def test_replay_chooses_by_time_and_signal(bench: Bench) -> None:
    ids = []
    for _ in range(3):
        segment = bench.add(1)
        bench.take()
        bench.backlog.finish(segment)
        ids.append(segment.id)
        bench.clock.forward(10)
    second = START + 10 * 10**9
    assert [s for s, _, _ in choose(bench.layout, since=second)] == ids[1:]
    assert [s for s, _, _ in choose(bench.layout, until=second)] == ids[:1]
    assert choose(bench.layout, since=second, signal=Signal.LOGS) == []
    with pytest.raises(KeyError, match="no digested segment 'nothing'"):
        choose(bench.layout, ["nothing"])


def test_the_digest_rate_is_that_of_the_last_half_minute(bench: Bench) -> None:
    assert bench.backlog.digest_rate() == 0.0
    total = 0
    for _ in range(10):
        segment = bench.add(1, size=1000)
        bench.take()
        bench.backlog.finish(segment)
        total += segment.bytes
        bench.monotonic += 1
    assert bench.backlog.digest_rate() == pytest.approx(total / 10)
    bench.monotonic += 60
    assert bench.backlog.digest_rate() == 0.0


@given(st.lists(st.integers(0, 2**62), min_size=2, max_size=20))
def test_ids_rise_whatever_the_clock_does(times: list[int]) -> None:
    ids = Ids()
    found = [ids.next(now) for now in times]
    assert found == sorted(set(found))


@given(st.integers(0, 2**62), st.sampled_from(Signal))
def test_names_come_back(now: int, signal: Signal) -> None:
    for suffix in ("", "-0", "-1-0", "-r123", "-0-r5"):
        name = file_name(id_at(now) + suffix, signal)
        assert parse_name(name) == (id_at(now) + suffix, signal)
        assert time_of(name) == now


@pytest.mark.parametrize(
    "name", ["x", "", "20261120T221641-123456789.pb", "20261120T221641-123456789.traces.pb.part"]
)
def test_other_files_are_no_segments(name: str) -> None:
    assert parse_name(name) is None


@pytest.mark.parametrize("call", ["store", "move"])
def test_a_disk_that_refuses_gets_every_segment_offered_again(bench: Bench, call: str) -> None:
    """A full disk must neither end the consumer's loop nor lose or double a segment."""
    disk = FailingDisk()
    bench.backlog = Backlog(bench.layout, QUICK, disk, bench.clock, SEED, lambda: bench.monotonic)
    both, single = bench.add(1, 2), bench.add(3)
    assert (bench.take(), bench.take()) == (both, single)
    disk.failing[call] = errno.ENOSPC
    assert bench.backlog.split(both) == []
    bench.backlog.quarantine(both, "what a consumer does with a segment that has no halves")
    bench.backlog.quarantine(single, "bad")
    assert bench.take() is None
    bench.monotonic += 1
    assert (bench.take(), bench.take()) == (both, single)
    bench.backlog.rescan()
    assert bench.take() is None
    if call == "move":
        bench.backlog.finish(single)
        bench.monotonic += 1
        assert bench.take() == single
    disk.failing.clear()
    assert [bench.numbers(part) for part in bench.backlog.split(both)] == [[1], [2]]
    bench.backlog.quarantine(single, "bad")
    assert [entry.reason for entry in bench.backlog.quarantined.entries()] == ["bad"]
