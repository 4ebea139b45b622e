"""The journal's calls to the file system, in one place so that tests can make them fail."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sightline.journal.format import Buffer

_VECTOR = 512
"""Buffers in one writev; the system's limit is 1024."""


class Disk:
    """What the journal asks of a file system. Every method raises OSError."""

    def make_folder(self, path: Path, mode: int = 0o777) -> None:
        """A folder with those above it, their names durable: without that a power cut can take all that was
        synced inside. The name is synced again where the folder is there, since who made it may have died
        before."""
        made = not path.is_dir()
        if made:
            if not path.parent.is_dir():
                self.make_folder(path.parent)
            path.mkdir(mode=mode, exist_ok=True)
        try:
            self.sync_folder(path.parent)
        except OSError:  # somebody else's folder may be closed to us, and then it is not ours to keep
            if made:
                raise

    def create(self, path: Path) -> int:
        """A new file for appending, its name durable. Refuses an existing one."""
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            self.sync_folder(path.parent)
        except OSError:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        return fd

    def append(self, fd: int, buffers: Sequence[Buffer]) -> None:
        """Write all buffers at the end, without joining them."""
        for first in range(0, len(buffers), _VECTOR):
            vector = buffers[first : first + _VECTOR]
            total = sum(map(len, vector))
            written = os.writev(fd, vector)
            if written < total:
                _finish(fd, vector, written)

    def sync(self, fd: int) -> None:
        """Make the file's content and length durable."""
        os.fdatasync(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut the file to `size` bytes and go on writing there."""
        os.ftruncate(fd, size)
        os.lseek(fd, size, os.SEEK_SET)

    def cut(self, path: Path, size: int) -> None:
        """Cut a closed file to `size` bytes, durably."""
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, size)
            self.sync(fd)
        finally:
            os.close(fd)

    def close(self, fd: int) -> None:
        """Give the descriptor back."""
        os.close(fd)

    def move(self, source: Path, target: Path) -> None:
        """Rename at once and durably; calling again after an error goes on where it failed."""
        try:
            source.rename(target)
        except FileNotFoundError:
            if not target.exists():
                raise
        self.sync_folder(target.parent)
        if source.parent != target.parent:
            self.sync_folder(source.parent)

    def remove(self, path: Path) -> None:
        """Remove a file; one that is already gone is no error."""
        path.unlink(missing_ok=True)

    def store(self, path: Path, buffers: Sequence[Buffer]) -> None:
        """A whole new file, durable with its name, or none; an existing one is replaced."""
        part = path.with_name(path.name + ".part")
        fd = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            self.append(fd, buffers)
            self.sync(fd)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        self.move(part, path)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def free(self, folder: Path) -> int:
        """Bytes this process may still write on the folder's file system."""
        stat = os.statvfs(folder)
        return stat.f_bavail * stat.f_frsize


def _finish(fd: int, vector: Sequence[Buffer], written: int) -> None:
    """Go on after a short write, which says on the next call why it was short (a full disk, mostly)."""
    for buffer in vector:
        if written >= len(buffer):
            written -= len(buffer)
            continue
        rest = memoryview(buffer)[written:]
        written = 0
        while rest:
            rest = rest[os.write(fd, rest) :]
