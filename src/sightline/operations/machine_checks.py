"""Doctor's checks of this machine: versions, data directory, disk, clock."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sightline import __version__
from sightline.operations.findings import Finding, fail, ok, warn

_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "glusterfs", "lustre"}
_SLOW_SYNC = 0.1
_YEARS = (2026, 2100)


def versions() -> Iterator[Finding]:
    """Python, Sightline and the engine."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield ok("python", f"Python {python}, Sightline {__version__}")
    try:
        engine = importlib.import_module("chdb").engine_version
    except (ImportError, OSError, AttributeError) as error:
        yield fail(
            "engine",
            f"the embedded engine cannot be loaded ({error})",
            'Install it: pip install "sightline[server]". On Linux it needs glibc 2.17 or later.',
        )
    else:
        yield ok("engine", f"chDB with ClickHouse {engine}")


def data_directory(data: Path, min_free: int) -> Iterator[Finding]:
    """Writable, durable, on a file system fit for it, and enough free disk."""
    existing = data.absolute()
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        yield fail("data", f"{existing} is a file, not a directory", "Choose another directory with --data.")
        return
    try:
        seconds = _write_durably(existing)
    except OSError as error:
        todo = f"Give this user the right to write there (chown), or choose another than {data} with --data."
        yield fail("data", f"{existing} cannot be written ({(error.strerror or str(error)).lower()})", todo)
        return
    made = "" if existing == data.absolute() else " (it will be made there)"
    if seconds > _SLOW_SYNC:
        yield warn(
            "data",
            f"{existing} is writable, but one fsync takes {seconds * 1000:.0f} ms{made}",
            "Every request waits for it. Put the data directory on a local SSD.",
        )
    else:
        yield ok("data", f"{existing} is writable, fsync takes {seconds * 1000:.1f} ms{made}")
    yield _file_system(existing, Path("/proc/self/mounts"))
    yield _free_disk(existing, min_free)


def _write_durably(folder: Path) -> float:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as probe:
        probe.write(b"\0" * 4096)
        probe.flush()
        begin = time.perf_counter()
        os.fsync(probe.fileno())
        return time.perf_counter() - begin


def _file_system(folder: Path, mounts: Path) -> Finding:
    kind = file_system(folder, mounts)
    if kind in _REMOTE or kind.startswith("fuse."):
        todo = "Locks and fsync may not hold there. Use a local disk; keep backups on the network."
        return warn("file system", f"{folder} is on {kind}, a network file system", todo)
    if kind in {"tmpfs", "ramfs"}:
        todo = "All is gone after a restart. Choose a directory on a disk with --data."
        return warn("file system", f"{folder} is in memory ({kind})", todo)
    if kind == "overlay":
        todo = "It goes with the container. Mount a volume there."
        return warn("file system", f"{folder} is in a container's own layer (overlay)", todo)
    return ok("file system", f"{folder} is on {kind or 'a file system of unknown kind'}")


def file_system(folder: Path, mounts: Path) -> str:
    """The kind of file system a folder is on, by the longest mount point above it; empty when unknown."""
    best = ("", "")
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        point = point.encode().decode("unicode_escape")
        if folder.resolve().is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def _free_disk(folder: Path, min_free: int) -> Finding:
    usage = shutil.disk_usage(folder)
    free, total = f"{usage.free / 2**30:.1f} GiB free", f"of {usage.total / 2**30:.1f} GiB"
    if usage.free <= min_free:
        todo = "Below journal.min_free_disk nothing is accepted (503). Free some, or shorten retention."
        return fail("disk", f"{free} {total}", todo)
    if usage.free < max(4 * min_free, usage.total // 20):
        return warn(
            "disk", f"only {free} {total}", "Free some, shorten retention, or move the data directory."
        )
    return ok("disk", f"{free} {total}")


def clock(
    folder: Path, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[Finding]:
    """The clock against the year, the file system's time, and itself."""
    begin, ticks = now(), monotonic()
    year = time.gmtime(begin).tm_year
    if not _YEARS[0] <= year <= _YEARS[1]:
        todo = "Set the clock (timedatectl set-ntp true). Spans are kept and shown by their time."
        yield fail("clock", f"this machine believes it is the year {year}", todo)
        return
    drift = 0.0
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as probe:
            drift = os.stat(probe.name).st_mtime - now()  # noqa: PTH116 - a name, not a path of ours
    except OSError:
        pass  # the data directory's own finding says so
    step = (now() - begin) - (monotonic() - ticks)
    if abs(drift) > 2:
        todo = "The disk is on another machine whose clock differs. Let both use NTP."
        yield warn("clock", f"files are stamped {drift:+.1f} s off this machine's clock", todo)
    elif abs(step) > 0.5:
        todo = "Let NTP slew instead of step, and look for a second time service."
        yield warn("clock", f"the clock jumped by {step:+.1f} s during this check", todo)
    else:
        yield ok("clock", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(begin)) + ", steady")
