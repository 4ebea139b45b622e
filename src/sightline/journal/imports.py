"""Requests of `sightline import`, remembered for good, so that a file that comes twice is stored once.

The journal recognises a retry for minutes. A file may be imported again after months, and its log records and
points have no ids by which copies could be told: so the request itself is remembered, by its digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from sightline.records.ingest import IMPORT, Receipt, Submission

log = structlog.get_logger(__name__)

MOST = 5_000_000
"""Requests remembered, about 60 bytes each; beyond it the oldest are forgotten."""
_PRUNE_EACH = 1000


class Imports:
    """Stands before a journal: what was imported before is answered as a duplicate, all else goes on.

    `path`: the file it remembers in, made with the first import. When that cannot be read or written,
    requests are taken as if they were new, and the log says so.
    """

    def __init__(
        self, append: Callable[[Submission], Awaitable[Receipt]], path: Path, most: int = MOST
    ) -> None:
        self._append, self._path, self._most = append, path, most
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._added = 0

    async def append(self, submission: Submission) -> Receipt:
        """Make a submission durable unless it is an import that was before. Raises what the journal does."""
        if submission.source != IMPORT:
            return await self._append(submission)
        digest = _digest(submission)
        if await asyncio.to_thread(self._known, digest):
            return Receipt(duplicate=True)
        receipt = await self._append(submission)
        # In this order a crash in between may store a request twice, and never lose one.
        await asyncio.to_thread(self._remember, digest, submission.received_at)
        return receipt

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _known(self, digest: bytes) -> bool:
        try:
            with self._lock:
                asked = self._open().execute("SELECT 1 FROM imports WHERE digest = ?", (digest,))
                return asked.fetchone() is not None
        except (sqlite3.Error, OSError) as error:
            log.warning("imports_unreadable", path=str(self._path), error=str(error))
            return False

    def _remember(self, digest: bytes, at: int) -> None:
        try:
            with self._lock, self._open() as database:
                database.execute("INSERT OR IGNORE INTO imports (digest, at) VALUES (?, ?)", (digest, at))
                self._added += 1
                if self._added % _PRUNE_EACH == 0:
                    self._prune(database)
        except (sqlite3.Error, OSError) as error:
            log.warning("imports_not_remembered", path=str(self._path), error=str(error))

    def _prune(self, database: sqlite3.Connection) -> None:
        (count,) = database.execute("SELECT count(*) FROM imports").fetchone()
        if count > self._most:
            database.execute(
                "DELETE FROM imports WHERE digest IN (SELECT digest FROM imports ORDER BY at LIMIT ?)",
                (count - self._most,),
            )

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = sqlite3.connect(self._path, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS imports"
                " (digest BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID"
            )
        return self._database


def _digest(submission: Submission) -> bytes:
    head = f"{submission.project}\0{submission.signal.value}\0".encode()
    return hashlib.blake2b(head + submission.payload, digest_size=16).digest()
