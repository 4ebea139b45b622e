"""Requests on disk until the server is there: one folder for each process, bounded, adopted when it died.

`<root>/<service>/<server and key>/<sender>/` holds numbered files and a `lock` that its process holds. A
folder whose lock is free belongs to a process that ended; the next one that starts takes it over and sends
what is in it. The path has a hash of address and key, so that nothing goes to another server or with
another key.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from sightline.sdk.counts import DISK, SPOOL_FULL, Account
from sightline.sdk.folder_lock import take_lock
from sightline.sdk.packed import Packed
from sightline.sdk.spool_segment import Segment
from sightline.sdk.warnings_once import warn_once

LOCK, SUFFIX = "lock", ".spool"
_LEAST_FREE = 32 * 2**20
_LOOK_AGAIN, _STALE = 60.0, 86_400.0


def default_root(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The folder of this user's caches, or one of the temporary ones that only they may read."""
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"]) / "sightline" / "spool"
    try:
        home = Path.home()
    except (RuntimeError, OSError):
        return Path(tempfile.gettempdir()) / f"sightline-spool-{os.getuid() if hasattr(os, 'getuid') else ''}"
    if platform == "darwin":
        return home / "Library" / "Caches" / "sightline" / "spool"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home) / "sightline" / "spool"
    return home / ".cache" / "sightline" / "spool"


def place(root: Path, service: str, endpoint: str, api_key: str) -> Path:
    """The folder that all processes with this service, server and key share."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", service).strip(".-")[:60] or "program"
    target = hashlib.sha256(f"{endpoint}\0{api_key}".encode()).hexdigest()[:20]
    return root / name / target


class Spool:
    """`Keeps` on disk. `clock` is monotonic seconds. Used by one thread at a time."""

    def __init__(
        self, folder: Path, sender: str, max_bytes: int, account: Account,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._shared, self._own = folder, folder / sender
        self._max, self._account, self._clock = max_bytes, account, clock
        self._segment_bytes = max(64 * 1024, min(8 * 2**20, max_bytes // 8))
        self._segments: deque[Segment] = deque()
        self._writing: Segment | None = None
        self._number = 0
        self._locks: dict[Path, int] = {}
        self._looked: float | None = None
        self._broken_until: float | None = None

    @property
    def bytes(self) -> int:
        """What is on disk here, with what was taken over."""
        return sum(segment.size for segment in tuple(self._segments))  # also asked by other threads

    def items(self, signal: str) -> int:
        """This process's items that wait here."""
        return sum(s.waiting.get(signal, 0) for s in tuple(self._segments) if s.own)

    def keep(self, packed: Packed) -> bool:
        """Write it down, if need be instead of the oldest; False when the disk does not take it."""
        size = len(packed.body) + 100
        if size > self._max or (self._broken_until is not None and self._clock() < self._broken_until):
            return False
        while self._segments and self.bytes + size > self._max:
            self._drop(self._segments[0], SPOOL_FULL)
        try:
            self._target(size).append(packed)
        except OSError as error:
            self._broken_until = self._clock() + 5.0
            warn_once(
                "spool",
                f"sightline: nothing can be written to {self._shared} ({error.strerror or error}); what the "
                "server does not take now stays in memory. Free some space, or set SIGHTLINE_SPOOL_DIR to a "
                "folder that can be written.",
            )
            return False
        self._broken_until = None
        return True

    def oldest(self) -> Packed | None:
        """The request to send next, of a process that died or of this one."""
        if self._looked is None or self._clock() - self._looked >= _LOOK_AGAIN:
            self._looked = self._clock()
            self._adopt()
        while self._segments:
            segment = self._segments[0]
            try:
                packed = segment.oldest()
            except OSError as error:
                warn_once("spool read", f"sightline: a file of the spool is damaged and left out: {error}.")
                self._drop(segment, DISK)
                continue
            if packed is not None:
                return packed
            if segment is self._writing and segment.size < self._segment_bytes:
                return None
            self._forget(segment)
        return None

    def done(self) -> None:
        """The oldest has its end."""
        if self._segments:
            try:
                self._segments[0].done()
            except OSError as error:
                warn_once(
                    "spool done",
                    f"sightline: the spool cannot be written ({error}); something may be sent twice.",
                )

    def close(self) -> None:
        """Let go of everything; what waits stays for a later process, empty folders go."""
        for segment in list(self._segments):
            self._forget(segment) if segment.spent else segment.close()
        self._segments.clear()
        self._writing = None
        for folder in list(self._locks):
            self._release(folder)

    def abandon(self) -> None:
        """After a fork, in the child: close what is the parent's and touch nothing."""
        for segment in self._segments:
            segment.close()
        for fd in self._locks.values():
            os.close(fd)
        self._segments.clear()
        self._locks.clear()

    # -- writing -------------------------------------------------------------------------------------------

    def _target(self, size: int) -> Segment:
        """The file to append to. Raises OSError."""
        if self._own in self._locks and not (self._own / LOCK).exists():
            self._begin_anew()
        if self._own not in self._locks:
            self._locks[self._own] = _make_folder(self._own)
        free = os.statvfs(self._own) if hasattr(os, "statvfs") else None
        if free is not None and free.f_bavail * free.f_frsize < size + _LEAST_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._writing is not None and self._writing.size >= self._segment_bytes:
            full, self._writing = self._writing, None
            if full.spent:
                self._forget(full)
        if self._writing is None:
            self._number += 1
            self._writing = Segment.create(self._own / f"{self._number:08d}{SUFFIX}")
            self._segments.append(self._writing)
        return self._writing

    def _begin_anew(self) -> None:
        """Someone removed our folder. What was in it is still sent, from files that are open here."""
        os.close(self._locks.pop(self._own))
        self._writing = None

    def _drop(self, segment: Segment, reason: str) -> None:
        for signal, items in segment.waiting.items():
            if segment.own and items:
                self._account.drop(signal, reason, items)
        self._forget(segment)

    def _forget(self, segment: Segment) -> None:
        if segment is self._writing:
            self._writing = None
        self._segments.remove(segment)
        try:
            segment.remove()
        except OSError as error:
            warn_once(
                "spool remove", f"sightline: {segment.path} cannot be removed ({error}); remove it by hand."
            )
        folder = segment.path.parent
        if folder != self._own and not any(s.path.parent == folder for s in self._segments):
            self._release(folder)

    def _release(self, folder: Path) -> None:
        fd = self._locks.pop(folder, None)
        if fd is None:
            return
        if not any(folder.glob(f"*{SUFFIX}")):
            shutil.rmtree(folder, ignore_errors=True)  # while the lock is held: nobody takes it meanwhile
        os.close(fd)

    # -- taking over ---------------------------------------------------------------------------------------

    def _adopt(self) -> None:
        """Take over folders whose process has ended, the oldest first."""
        try:
            found = [Path(e.path) for e in os.scandir(self._shared) if e.is_dir(follow_symlinks=False)]
        except OSError:
            return
        taken: list[Segment] = []
        for folder in found:
            if folder == self._own or folder in self._locks:
                continue
            try:
                taken += self._take(folder)
            except OSError:
                continue
        taken.sort(key=lambda segment: (segment.path.stat().st_mtime_ns, segment.path.name))
        self._segments.extendleft(reversed(taken))
        while self._segments and self.bytes > self._max:
            self._drop(self._segments[0], SPOOL_FULL)

    def _take(self, folder: Path) -> list[Segment]:
        status = folder.stat()
        if hasattr(os, "getuid") and status.st_uid != os.getuid():
            return []
        if folder.name.startswith("."):
            if time.time() - status.st_mtime > _STALE:
                shutil.rmtree(folder, ignore_errors=True)
            return []
        fd = take_lock(folder / LOCK)
        if fd is None:
            return []
        self._locks[folder] = fd
        taken = []
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            segment = Segment.open(path)
            if segment.oldest() is not None:
                taken.append(segment)
            else:
                segment.remove()
        if not taken:
            self._release(folder)
        return taken


def _make_folder(folder: Path) -> int:
    """Make a folder that is locked from the moment others can see it; its lock. Raises OSError."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not folder.is_dir():
        new = folder.parent / f".{folder.name}"
        new.mkdir(mode=0o700)
        fd = take_lock(new / LOCK)
        new.rename(folder)
    else:
        fd = take_lock(folder / LOCK)
    if fd is None:
        raise OSError(errno.EBUSY, f"{folder.name} belongs to another process")
    return fd
