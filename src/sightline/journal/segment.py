"""Segments: what they are called, where they lie, and what is known about each."""

from __future__ import annotations

import calendar
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sightline.records.ingest import Signal

SUFFIX = ".pb"
_NAME = re.compile(r"(?P<id>\d{8}T\d{6}-\d{9}[-0-9r]*)\.(?P<signal>traces|logs|metrics)\.pb")


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed file of records of one signal.

    `id` is unique, sorts by age and stays the same over crashes, retries and replays: it is the token by
    which the store recognises an insert it already has. `records` requests hold `items` spans, log records
    or data points; `bytes` is the file's size. `first_received` and `last_received` are ns since the epoch.
    """

    id: str
    signal: Signal
    path: Path
    records: int
    items: int
    bytes: int
    first_received: int
    last_received: int


@dataclass(frozen=True, slots=True)
class JournalStats:
    """The journal at one moment. Backlog: everything durable that is not digested, open or closed."""

    backlog_bytes: int
    backlog_segments: int
    open_bytes: int
    oldest_age: float
    """Seconds since the oldest undigested record was received; 0 when there is none."""
    digested_segments: int
    digested_bytes: int
    quarantined: int
    """Entries in quarantine: refused requests and damaged stretches."""
    duplicates: int
    """Retries recognised since the start."""
    torn_bytes: int
    """Unacknowledged bytes cut off at the last recovery."""
    failed_commits: int


class Layout:
    """The folders of a journal's directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.open = root / "open"
        self.ready = root / "ready"
        self.digested = root / "digested"
        self.quarantine = root / "quarantine"
        self.index = root / "index"
        self.lock = root / "lock"
        self.seed = root / "seed"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder, the root first."""
        return (self.root, self.open, self.ready, self.digested, self.quarantine, self.index)


class Ids:
    """Hands out segment ids that rise strictly, whatever the clock does. Not thread-safe."""

    def __init__(self, newest: int = 0) -> None:
        self._newest = newest

    def next(self, now: int) -> str:
        """An id for a segment that begins at `now` (ns)."""
        self._newest = max(now, self._newest + 1)
        return id_at(self._newest)


def id_at(time_ns: int) -> str:
    """The id of a segment that begins at `time_ns`."""
    seconds, nanos = divmod(time_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}-{nanos:09d}"


def time_of(segment_id: str) -> int:
    """When the segment began, in ns since the epoch; halves and copies have their original's time."""
    day, clock = segment_id[:8], segment_id[9:15]
    # By hand: a start asks for tens of thousands of these, and strptime is ten times slower.
    moment = (int(day[:4]), int(day[4:6]), int(day[6:]), int(clock[:2]), int(clock[2:4]), int(clock[4:]))
    return calendar.timegm(moment) * 10**9 + int(segment_id[16:25])


def file_name(segment_id: str, signal: Signal) -> str:
    """The file name of a segment, the same in every folder."""
    return f"{segment_id}.{signal}{SUFFIX}"


def parse_name(name: str) -> tuple[str, Signal] | None:
    """The id and signal in a file name; None for a file that is no segment."""
    match = _NAME.fullmatch(name)
    return (match["id"], Signal(match["signal"])) if match else None


SegmentFile = tuple[str, Signal, Path]
"""A segment seen in a folder: id, signal, path."""


def segment_files(folder: Path) -> list[SegmentFile]:
    """The segments of a folder, oldest first; empty when there is no such folder."""
    if not folder.is_dir():
        return []
    names = sorted(names_in(folder))  # a name begins with the id
    return [(*parsed, folder / name) for name in names if (parsed := parse_name(name))]


def names_in(folder: Path) -> list[str]:
    """The names in a folder, in no order; much cheaper than paths for tens of thousands."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]
