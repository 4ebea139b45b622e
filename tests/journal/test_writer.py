"""Disks that refuse: exactly the requests of that write fail, nothing of them stays, and it mends itself."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journal.parts import QUICK, FailingDisk, running, submission, take, take_all

from sightline.journal.journal import Journal
from sightline.journal.salvage import inspect
from sightline.journal.segment import segment_files
from sightline.records.ingest import JournalUnavailable, Receipt, Submission

pytestmark = pytest.mark.anyio
NEW, AGAIN = Receipt(duplicate=False), Receipt(duplicate=True)
SLOW = replace(QUICK, segment_age=3600.0)


def stored(directory: Path) -> list[bytes]:
    """Every payload in the journal, whichever folder it is in; all of it must be sound."""
    found = []
    for folder in ("open", "ready", "digested", "quarantine"):
        for _id, _signal, path in segment_files(directory / folder):
            inspection = inspect(path, 0)
            assert inspection.sound, path
            found += [bytes(inspection.view[r.payload : r.end]) for r in inspection.records]
    return sorted(found)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("append", errno.ENOSPC),
        ("append", errno.EIO),
        ("sync", errno.EIO),
        ("sync", errno.ENOSPC),
        ("create", errno.EROFS),
    ],
)
async def test_a_failed_write_fails_its_senders_only(tmp_path: Path, call: str, code: int) -> None:
    disk = FailingDisk()
    async with running(tmp_path, SLOW, disk=disk) as journal:
        if call != "create":
            assert await journal.append(submission(1)) == NEW
        disk.failing[call] = code
        answers = await asyncio.gather(
            journal.append(submission(2)), journal.append(submission(2)), return_exceptions=True
        )
        for answer in answers:
            assert isinstance(answer, JournalUnavailable)
            assert os.strerror(code) in str(answer)
            assert answer.retry_after > 0
        assert journal.stats().failed_commits >= 1
        disk.failing.clear()
        assert await journal.append(submission(2)) == NEW
        assert await journal.append(submission(1)) == (NEW if call == "create" else AGAIN)
    assert stored(tmp_path) == [submission(1).payload, submission(2).payload]


async def test_a_file_that_cannot_be_cut_waits_until_it_can(tmp_path: Path) -> None:
    disk = FailingDisk()
    async with running(tmp_path, SLOW, disk=disk) as journal:
        await journal.append(submission(1))
        disk.failing |= {"append": errno.ENOSPC, "truncate": errno.EIO}
        with pytest.raises(JournalUnavailable):
            await journal.append(submission(2))
        assert journal.stats().open_bytes > 0
        assert await take_all(journal) == []
        disk.failing.clear()
        assert (await take(journal)).records == 1  # found by the next round, without an append


async def test_what_was_refused_and_not_cut_is_not_doubled_by_recovery(tmp_path: Path) -> None:
    """The record is in the file, its sender was refused and sends again, then the power fails."""
    disk = FailingDisk()
    journal = Journal(tmp_path, SLOW, disk=disk)
    await journal.start()
    await journal.append(submission(1))
    disk.failing |= {"sync": errno.EIO, "truncate": errno.EIO}
    with pytest.raises(JournalUnavailable):
        await journal.append(submission(2))
    del disk.failing["sync"]
    assert await journal.append(submission(2)) == NEW
    await journal.close()
    assert len(list((tmp_path / "open").iterdir())) == 1
    async with running(tmp_path, SLOW) as journal:
        assert len(await take_all(journal)) == 2
    assert stored(tmp_path) == [submission(1).payload, submission(2).payload]


async def test_a_move_that_failed_half_way_is_finished(tmp_path: Path) -> None:
    class HalfMove(FailingDisk):
        def sync_folder(self, folder: Path) -> None:
            if folder.name == "ready":
                self._check("half")
            super().sync_folder(folder)

    disk = HalfMove()
    async with running(tmp_path, disk=disk) as journal:
        disk.failing["half"] = errno.EIO
        await journal.append(submission(1))
        while not segment_files(tmp_path / "ready"):
            await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(os.sched_yield))])
        disk.failing.clear()
        assert (await take(journal)).records == 1
        assert await take_all(journal) == []


async def test_a_bug_in_a_commit_answers_its_senders(tmp_path: Path) -> None:
    class Broken(FailingDisk):
        def append(self, fd: int, buffers: object) -> None:
            if self.failing:
                raise RuntimeError("unforeseen")
            super().append(fd, buffers)  # type: ignore[arg-type]

    disk = Broken()
    async with running(tmp_path, SLOW, disk=disk) as journal:
        disk.failing["any"] = 1
        with pytest.raises(RuntimeError, match="unforeseen"):
            await journal.append(submission(1))
        disk.failing.clear()
        assert await journal.append(submission(1)) == NEW
    assert stored(tmp_path) == [submission(1).payload]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk_loses_nothing_and_recovers(small_disk: Path) -> None:
    """A real ENOSPC."""

    def item(number: int) -> Submission:
        return submission(number, payload=b"%d:" % number + os.urandom(100_000))

    acknowledged: list[Submission] = []
    refused: list[Submission] = []
    async with running(small_disk / "journal", replace(SLOW, keep_digested=0.0)) as journal:
        for number in range(40):
            one = item(number)
            try:
                await journal.append(one)
            except JournalUnavailable as error:
                assert os.strerror(errno.ENOSPC) in str(error)
                refused.append(one)
            else:
                acknowledged.append(one)
        assert 10 < len(acknowledged) <= 20
        assert len(refused) >= 20
        assert stored(small_disk / "journal") == sorted(one.payload for one in acknowledged)
        held = await take_all(journal)
        for segment in held:
            journal.finish(segment)  # nothing digested is kept here, so this makes room
        kept = sum(segment.records for segment in held)
        assert kept == len(acknowledged)
        assert await journal.append(refused[0]) == NEW
        assert await journal.append(acknowledged[0]) == AGAIN
    assert stored(small_disk / "journal") == [refused[0].payload]


async def test_a_start_on_a_full_disk_recovers_what_is_there(small_disk: Path) -> None:
    directory = small_disk / "journal"
    journal = Journal(directory, SLOW)
    await journal.start()
    await journal.append(submission(1))
    await journal.close()
    path = next((directory / "ready").iterdir())
    torn = directory / "open" / path.name
    path.rename(torn)
    with torn.open("ab") as file:
        file.write(b"\x7f\x0a\x07def")
    with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    async with running(directory, SLOW) as journal:
        assert journal.stats().torn_bytes == 6
        assert (await take(journal)).records == 1
        with pytest.raises(JournalUnavailable):
            await journal.append(submission(2, payload=os.urandom(100_000)))


async def test_digested_segments_are_given_up_for_new_data(tmp_path: Path) -> None:
    disk = FailingDisk()
    async with running(tmp_path, replace(SLOW, min_free_disk=1, segment_bytes=1), disk=disk) as journal:
        for number in range(3):
            await journal.append(submission(number))
            journal.finish(await take(journal))
        assert journal.stats().digested_segments == 3
        disk.failing["free"] = 1  # one byte short
        while journal.stats().digested_segments == 3:
            await asyncio.to_thread(os.sched_yield)
        del disk.failing["free"]
        assert journal.stats().backlog_bytes == 0
