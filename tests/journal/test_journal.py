"""Appending and taking: durability, order, retries, back-pressure, closing, the lock."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journal.parts import QUICK, START, Clock, FailingDisk, running, submission, take, take_all

from sightline.journal.journal import Journal
from sightline.journal.lock import JournalLockedError
from sightline.journal.salvage import inspect
from sightline.journal.segment import Segment
from sightline.records.ingest import JournalFull, JournalUnavailable, Receipt, Signal

pytestmark = pytest.mark.anyio
NEW, AGAIN = Receipt(duplicate=False), Receipt(duplicate=True)
SLOW = replace(QUICK, segment_age=3600.0)


def payloads(segment: Segment) -> list[bytes]:
    """The senders' bytes in a segment."""
    found = inspect(segment.path, 0)
    assert found.sound
    return [bytes(found.view[record.payload : record.end]) for record in found.records]


async def test_what_is_appended_is_taken_as_it_was(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        items = [submission(i, payload=os.urandom(i * 100)) for i in range(1, 30)]
        assert await asyncio.gather(*map(journal.append, items)) == [NEW] * len(items)
        segment = await take(journal)
        assert payloads(segment) == [item.payload for item in items]
        assert (segment.signal, segment.records) == (Signal.TRACES, len(items))
        assert segment.items == sum(item.items for item in items)
        assert segment.bytes == segment.path.stat().st_size
        assert (segment.first_received, segment.last_received) == (START + 1, START + 29)
        journal.finish(segment)
        assert await take_all(journal) == []
        assert journal.stats().backlog_bytes == 0
        assert journal.stats().digested_bytes == segment.bytes


async def test_the_answer_comes_after_the_sync_and_one_serves_many(tmp_path: Path) -> None:
    gate, disk = threading.Event(), FailingDisk()
    synced = disk.sync

    def gated(fd: int) -> None:
        gate.wait(20)
        synced(fd)

    async with running(tmp_path, SLOW, disk=disk) as journal:
        disk.sync = gated  # type: ignore[method-assign]
        before = disk.syncs
        appends = [asyncio.create_task(journal.append(submission(i))) for i in range(200)]
        await asyncio.wait(appends, timeout=0.05)
        assert not any(task.done() for task in appends)
        gate.set()
        assert await asyncio.gather(*appends) == [NEW] * 200
        # The first one or few go alone, all that came meanwhile go together.
        assert disk.syncs - before <= 3


async def test_signals_have_their_own_segments_and_ids_rise(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        for number, signal in enumerate(Signal):
            await journal.append(submission(number, signal=signal))
        found = [await take(journal) for _ in Signal]
        assert {segment.signal for segment in found} == set(Signal)
        assert len({segment.id for segment in found}) == 3


async def test_segments_close_by_size(tmp_path: Path) -> None:
    settings = replace(SLOW, segment_bytes=1000)
    async with running(tmp_path, settings) as journal:
        items = [submission(i, payload=bytes([i]) * 300) for i in range(40)]
        await asyncio.gather(*map(journal.append, items))
        big = submission(99, payload=b"b" * 5000)
        await journal.append(big)
        await journal.append(submission(100, payload=b"e" * 900))
        found = await take_all(journal)
        assert [segment.id for segment in found] == sorted(segment.id for segment in found)
        written = [payload for segment in found for payload in payloads(segment)]
        assert written[: len(items)] == [item.payload for item in items]
        assert all(segment.bytes <= 1000 or segment.records == 1 for segment in found)
        assert big.payload in written


async def test_segments_close_by_age_without_another_append(tmp_path: Path) -> None:
    async with running(tmp_path, replace(QUICK, segment_age=0.05)) as journal:
        await journal.append(submission(1))
        assert (await take(journal)).records == 1


async def test_closing_makes_everything_ready(tmp_path: Path) -> None:
    async with running(tmp_path, SLOW) as journal:
        await journal.append(submission(1))
        assert await take_all(journal) == []
    assert not list((tmp_path / "open").iterdir())
    with pytest.raises(JournalUnavailable, match="closed"):
        await journal.append(submission(2))
    await journal.close()
    async with running(tmp_path, SLOW) as journal:
        assert payloads(await take(journal)) == [submission(1).payload]


async def test_take_ends_when_the_journal_closes(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        waiting = asyncio.create_task(asyncio.to_thread(journal.take, 60.0))
        await asyncio.wait([waiting], timeout=0.05)
    assert await waiting is None


async def test_a_retry_is_recognised_in_flight_later_and_after_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    async with running(tmp_path, clock=clock) as journal:
        assert sorted(await asyncio.gather(*(journal.append(submission(1)) for _ in range(3))), key=str) == [
            NEW, AGAIN, AGAIN
        ]  # fmt: skip
        assert await journal.append(submission(1, received_at=START + 5)) == AGAIN
        assert await journal.append(submission(1, project="other")) == NEW
        assert await journal.append(submission(1, signal=Signal.LOGS)) == NEW
        assert journal.stats().duplicates == 3
        for _ in range(2):
            journal.finish(await take(journal))
    async with running(tmp_path, clock=clock) as journal:
        assert await journal.append(submission(1)) == AGAIN
        clock.forward(QUICK.retry_window * 1.2)
        assert await journal.append(submission(1)) == NEW
        assert await journal.append(submission(1)) == AGAIN


async def test_a_retry_is_recognised_when_the_digested_segment_is_gone(tmp_path: Path) -> None:
    settings = replace(QUICK, keep_digested=0.0)
    async with running(tmp_path, settings) as journal:
        await journal.append(submission(1))
        journal.finish(await take(journal))
        assert not list((tmp_path / "digested").iterdir())
    async with running(tmp_path, settings) as journal:
        assert await journal.append(submission(1)) == AGAIN


async def test_without_a_window_nothing_is_a_retry(tmp_path: Path) -> None:
    async with running(tmp_path, replace(QUICK, retry_window=0.0)) as journal:
        assert await asyncio.gather(*(journal.append(submission(1)) for _ in range(3))) == [NEW] * 3
        assert await journal.append(submission(1)) == NEW


async def test_a_cancelled_append_hurts_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        gone = asyncio.create_task(journal.append(submission(1)))
        await asyncio.wait([gone], timeout=0)
        gone.cancel()
        assert await journal.append(submission(2)) == NEW
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert await journal.append(submission(1)) == AGAIN


async def test_a_full_backlog_is_said_before_anything_is_lost(tmp_path: Path) -> None:
    settings = replace(QUICK, max_backlog=2000)
    async with running(tmp_path, settings) as journal:
        await journal.append(submission(1, payload=b"x" * 1500))
        with pytest.raises(JournalFull, match="max_backlog is 2000") as refused:
            await journal.append(submission(2, payload=b"y" * 1000))
        assert 1 <= refused.value.retry_after <= 60
        segment = await take(journal)
        with pytest.raises(JournalFull):
            await journal.append(submission(2, payload=b"y" * 1000))
        journal.finish(segment)
        assert await journal.append(submission(2, payload=b"y" * 1000)) == NEW


async def test_little_free_disk_is_said_and_gets_better_by_itself(tmp_path: Path) -> None:
    disk, clock = FailingDisk(), Clock()
    async with running(tmp_path, replace(QUICK, min_free_disk=1000), clock, disk) as journal:
        assert await journal.append(submission(1)) == NEW
        disk.failing["free"] = 1
        assert await journal.append(submission(2)) == NEW  # asked at most once a second
        clock.forward(1)
        with pytest.raises(JournalUnavailable, match="min_free_disk is 1000"):
            await journal.append(submission(3))
        del disk.failing["free"]
        clock.forward(1)
        assert await journal.append(submission(3)) == NEW


async def test_a_second_process_is_told_clearly(tmp_path: Path) -> None:
    async with running(tmp_path):
        other = Journal(tmp_path, QUICK)
        with pytest.raises(JournalLockedError, match=f"pid {os.getpid()}"):
            await other.start()
    async with running(tmp_path):
        pass


async def test_what_cannot_be_written_is_the_callers_error(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        with pytest.raises(ValueError, match="project"):
            await journal.append(submission(1, project="p" * 200))
        assert await journal.append(submission(1)) == NEW


async def test_numbers(tmp_path: Path) -> None:
    clock = Clock()
    async with running(tmp_path, SLOW, clock) as journal:
        assert journal.stats().oldest_age == 0.0
        await journal.append(submission(0))
        clock.forward(5)
        stats = journal.stats()
        assert stats.open_bytes == stats.backlog_bytes > 0
        assert (stats.oldest_age, stats.backlog_segments) == (5.0, 0)
