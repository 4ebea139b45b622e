"""No server at all: OTLP as JSON lines in a file that is set aside when it grows large.

`sightline import FILE` brings it to a server later.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from sightline.sdk.batching import Request
from sightline.sdk.counts import ACKNOWLEDGED, DISK, Account
from sightline.sdk.folder_lock import let_go, wait_for_lock
from sightline.sdk.otlp_json import json_line
from sightline.sdk.warnings_once import warn_once


class FileDelivery:
    """Takes requests like `Delivery` does, and appends each as one line; what is written is acknowledged.

    Several processes may write to one file: each line is one write under a lock on `<file>.lock`. The file
    that is full becomes `<file>.1`, that one `<file>.2`, up to `keep`.
    """

    def __init__(self, path: Path, max_bytes: int, keep: int, account: Account) -> None:
        self._path, self._max, self._keep, self._account = path, max_bytes, keep, account

    @property
    def spool_bytes(self) -> int:
        """There is no spool."""
        return 0

    def spooled(self, signal: str) -> int:
        """There is no spool."""
        return 0

    def deliver(self, request: Request, deadline: float | None = None) -> None:
        """Append it to the file, or count it as dropped."""
        try:
            self._append(json_line(request.signal, request.body))
        except Exception as error:  # a border: the disk, and whatever stands in the bytes
            self._account.drop(request.signal, DISK, request.items)
            said = getattr(error, "strerror", None) or error
            warn_once(
                "file",
                f"sightline: {self._path} cannot be written ({said}); what cannot be written is dropped and "
                "counted. Free some space, or name another file with SIGHTLINE_FILE.",
            )
            return
        if request.items:
            self._account.add(request.signal, ACKNOWLEDGED, request.items)

    def report(self, request: Request, final: bool, deadline: float | None = None) -> None:
        """Write the account at the end only: a file has no gaps to explain meanwhile."""
        if final:
            self.deliver(request, deadline)

    def tend(self, deadline: float | None = None, seconds: float = 2.0) -> bool:
        """Nothing waits."""
        return True

    def to_disk(self) -> bool:
        """Everything is there."""
        return True

    def pause(self) -> float | None:
        """Nothing waits."""
        return None

    def close(self) -> None:
        """No file stays open between lines."""

    def abandon(self) -> None:
        """No file stays open between lines."""

    def _append(self, line: bytes) -> None:
        """Write a line whole or not at all. Raises OSError."""
        if self._path.exists() and not self._path.is_file():  # /dev/stdout, a pipe
            self._stream(line)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = wait_for_lock(self._path.with_name(f"{self._path.name}.lock"))
        try:
            size = self._path.stat().st_size if self._path.exists() else 0
            if size and size + len(line) > self._max:
                self._rotate()
            fd = os.open(
                self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600
            )
            try:
                begin = os.fstat(fd).st_size
                try:
                    written = 0
                    while written < len(line):
                        written += os.write(fd, line[written:])
                except OSError:
                    os.ftruncate(fd, begin)  # half a line would spoil the next one
                    raise
            finally:
                os.close(fd)
        finally:
            let_go(lock)

    def _stream(self, line: bytes) -> None:
        """Write to what is no file, so it is neither locked nor set aside. A pipe without a reader raises."""
        fd = os.open(self._path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            os.set_blocking(fd, True)
            written = 0
            while written < len(line):
                written += os.write(fd, line[written:])
        finally:
            os.close(fd)

    def _rotate(self) -> None:
        names = [
            self._path,
            *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._keep + 1)),
        ]
        names[-1].unlink(missing_ok=True)
        for newer, older in reversed(list(pairwise(names))):
            if newer.exists():
                newer.replace(older)
