"""Shared by the journal's tests: submissions, a journal that is closed again, a disk that fails on demand."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sightline.journal.disk import Disk
from sightline.journal.journal import Journal
from sightline.journal.segment import Segment
from sightline.records.ingest import Signal, Submission
from sightline.settings import JournalSettings

START = 1_795_214_252_000_000_000
QUICK = JournalSettings(segment_age=0.02, min_free_disk=0)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)


class FailingDisk(Disk):
    """The real disk, except that named calls fail with an errno while they are in `failing`."""

    def __init__(self) -> None:
        self.failing: dict[str, int] = {}
        self.syncs = 0

    def _check(self, call: str) -> None:
        if call in self.failing:
            code = self.failing[call]
            raise OSError(code, os.strerror(code))

    def create(self, path: Path) -> int:
        self._check("create")
        return super().create(path)

    def append(self, fd: int, buffers: Sequence[Any]) -> None:
        if self.failing.get("append") == errno.ENOSPC:  # a part gets through, as on a full disk
            os.write(fd, bytes(buffers[0]) + bytes(buffers[1])[:7])
        self._check("append")
        super().append(fd, buffers)

    def sync(self, fd: int) -> None:
        self.syncs += 1
        self._check("sync")
        super().sync(fd)

    def truncate(self, fd: int, size: int) -> None:
        self._check("truncate")
        super().truncate(fd, size)

    def move(self, source: Path, target: Path) -> None:
        self._check("move")
        super().move(source, target)

    def store(self, path: Path, buffers: Sequence[Any]) -> None:
        self._check("store")
        super().store(path, buffers)

    def free(self, folder: Path) -> int:
        return 0 if "free" in self.failing else super().free(folder)


def submission(number: int, **changes: Any) -> Submission:
    """A distinct submission for each number."""
    base = Submission(
        project="default",
        signal=Signal.TRACES,
        payload=b"payload %d" % number,
        received_at=START + number,
        source="otlp-http",
        items=number % 7,
    )
    return replace(base, **changes)


@asynccontextmanager
async def running(
    directory: Path, settings: JournalSettings = QUICK, clock: Any = None, disk: Disk | None = None
) -> AsyncIterator[Journal]:
    """A started journal, closed at the end."""
    journal = Journal(directory, settings, clock or Clock(), disk=disk)
    await journal.start()
    try:
        yield journal
    finally:
        await journal.close()


async def take(journal: Journal) -> Segment:
    """The next segment; fails when there is none in time."""
    segment = await asyncio.to_thread(journal.take, 20.0)
    assert segment is not None, "no segment within 20 s"
    return segment


async def take_all(journal: Journal) -> list[Segment]:
    """Everything that is ready now."""
    found = []
    while (segment := await asyncio.to_thread(journal.take, 0.0)) is not None:
        found.append(segment)
    return found
