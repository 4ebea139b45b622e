"""One process at a time owns a journal's directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path


class JournalLockedError(RuntimeError):
    """Another process has this journal open."""


class DirectoryLock:
    """An advisory lock that ends with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock. Raises JournalLockedError when another process has it, OSError if it cannot be."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(fd, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise JournalLockedError(
                f"The journal in {self._path.parent} is open in another process (pid {owner}). "
                "Stop that one, or give this one a data directory of its own (--data)."
            ) from None
        self._fd = fd
        with contextlib.suppress(OSError):  # the pid is for people; a full disk must not stop a start
            os.ftruncate(fd, 0)
            os.write(fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the lock back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
