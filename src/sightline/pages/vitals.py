"""What this process and its disk say of themselves. Input and output only; nothing here judges."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

import sightline

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the data directory: bytes free and in all, and what each part of the directory takes."""

    free: int
    total: int
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Vitals:
    """One reading. `memory` and `peak` are bytes, None where the system does not tell."""

    disk: Disk | None
    memory: int | None
    peak: int | None
    sightline: str
    python: str
    engine_package: str


def read(data: Path) -> Vitals:
    """Read everything; blocks as long as walking the data directory takes."""
    memory = _memory()
    return Vitals(
        disk=_disk(data),
        memory=memory.get("VmRSS"),
        peak=memory.get("VmHWM"),
        sightline=sightline.__version__,
        python=platform.python_version(),
        engine_package=_package("chdb"),
    )


def counted(metric: MetricWrapperBase) -> Iterator[tuple[Mapping[str, str], int]]:
    """The values of a counter of ours since the start, by labels."""
    for family in metric.collect():
        for sample in family.samples:
            if sample.name.endswith("_total") and sample.value:
                yield sample.labels, int(sample.value)


def _disk(data: Path) -> Disk | None:
    try:
        usage = shutil.disk_usage(data)
        sizes: dict[str, int] = {}
        for entry in os.scandir(data):
            # What SQLite keeps beside a database is part of it.
            name = entry.name.removesuffix("-wal").removesuffix("-shm")
            sizes[name] = sizes.get(name, 0) + _size(entry)
    except OSError:
        return None
    return Disk(usage.free, usage.total, tuple(sorted(sizes.items(), key=lambda part: -part[1])))


def _size(entry: os.DirEntry[str]) -> int:
    """Bytes of a file or a folder with everything in it; files come and go while it is walked."""
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            with os.scandir(entry.path) as inside:
                return sum(_size(one) for one in inside)
        return entry.stat(follow_symlinks=False).st_size
    return 0


def _memory() -> dict[str, int]:
    found: dict[str, int] = {}
    with suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            name, _, rest = line.partition(":")
            if rest.endswith("kB"):
                found[name] = int(rest.split()[0]) * 1024
    return found


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
