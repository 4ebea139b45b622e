"""A lock that its process holds until it ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def take_lock(path: Path) -> int | None:
    """An open descriptor that holds the lock; None when another holds it. Raises OSError.

    Closing it lets go. A child of a fork shares it and must close its copy.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        here = path.stat()
    except (BlockingIOError, PermissionError, FileNotFoundError):
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
    if not os.path.samestat(here, os.fstat(fd)):  # it was removed and made anew while we waited
        os.close(fd)
        return None
    return fd


def wait_for_lock(path: Path) -> int:
    """An open descriptor that holds the lock, when nobody else does any more. Raises OSError."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError:
        os.close(fd)
        raise
    return fd


def let_go(fd: int) -> None:
    """Let go of a lock for everybody, also for a child that was forked meanwhile and has a copy.

    Closing is not enough: the child's copy would hold the lock, against the child itself, too.
    """
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        os.close(fd)
