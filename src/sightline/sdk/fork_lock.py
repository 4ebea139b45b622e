"""A fork waits while the worker imports: a lock of Python's import system that is held in the parent's worker
would be held for ever in the child, and the child's own worker would wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 5.0
_lock = threading.Lock()
_held = False


@contextmanager
def importing() -> Iterator[None]:
    """While modules are imported on the worker's thread."""
    with _lock:
        yield


def before() -> None:
    """Before a fork, in the parent."""
    global _held
    _held = _lock.acquire(timeout=_LONGEST)


def in_parent() -> None:
    """After it, in the parent."""
    if _held:
        _lock.release()


def in_child() -> None:
    """After it, in the child."""
    global _lock
    _lock = threading.Lock()
