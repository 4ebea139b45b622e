"""One warning for each kind of trouble, then silence: a program's log is not the place for ours."""

from __future__ import annotations

import logging
import threading

LOGGER = logging.getLogger("sightline")
_MOST = 200
_said: set[str] = set()
_lock = threading.RLock()  # a finalizer may warn while this thread does


def warn_once(kind: str, message: str) -> bool:
    """Log `message` as a warning the first time that `kind` occurs in this process; whether it was logged.

    Never raises: a broken logging handler is the program's affair, not a reason to stop it.
    """
    with _lock:
        if kind in _said or len(_said) >= _MOST:
            return False
        _said.add(kind)
    try:
        LOGGER.warning(message)
    except Exception:  # a border: whatever the program's handlers raise
        return False
    return True


def forget_warnings() -> None:
    """Say everything anew, as at the start of a process (after a fork, and in tests)."""
    global _lock
    _lock = threading.RLock()
    _said.clear()
