"""A fork waits while the worker imports: a lock of Python's import system that is held in the parent's worker
would be held for ever in the child, and the child's own worker would wait for it.
"""

from __future__ import annotations

import os
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


def _before() -> None:
    global _held
    _held = _lock.acquire(timeout=_LONGEST)


def _in_parent() -> None:
    if _held:
        _lock.release()


def _in_child() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
