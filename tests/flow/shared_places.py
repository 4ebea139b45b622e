"""Places that tests prepare once and keep beside this Python, whichever process needs them first."""

from __future__ import annotations

import fcntl
import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

KEPT = Path(sys.prefix) / "share"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder and be the only process in the block for it. Inside, look whether work is still to do."""
    folder.mkdir(parents=True, exist_ok=True)
    # Beside the folder, not in it: who prepares it may remove it first.
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest_of(files: Iterable[Path]) -> str:
    """A digest of files by path and content."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
