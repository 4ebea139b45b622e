"""Code of others (detectors, functions) with a time limit, in a thread that can be left behind."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from sightline.sdk.own_threads import make_no_spans, rested, started

_MOST_LEFT_BEHIND = 3


class Withheld(Exception):
    """Something could not be redacted; the text says why."""


class Guard:
    """Runs calls one after another in a thread of its own, each for at most `seconds`.

    A call that takes longer is left behind with its thread; after three of them nothing is called any more.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Any] | None = None
        self._thread: threading.Thread | None = None
        self._resting = False
        self._left_behind = 0

    def run(self, call: Callable[[], Any]) -> Any:
        """What `call` returns. Raises Withheld when it raises or takes too long."""
        with self._lock:
            if self._left_behind >= _MOST_LEFT_BEHIND:
                raise Withheld("it took too long three times and is not called any more")
            jobs = self._jobs or self._started()
            answer: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
            jobs.put((call, answer))
            try:
                done, result = answer.get(timeout=self._seconds)
            except queue.Empty:
                self._left_behind += 1
                jobs.put(None)
                self._jobs = None
                raise Withheld(f"it took longer than {self._seconds:g} s") from None
        if not done:
            raise Withheld(f"it raised {type(result).__name__}") from result
        return result

    def start(self) -> None:
        """Have the thread, which can't be started any more while the program ends. Never waits or raises."""
        if self._jobs is None and self._lock.acquire(blocking=False):
            try:
                self._started()
            except Withheld:
                pass  # said when something is to be redacted
            finally:
                self._lock.release()

    def _started(self) -> queue.SimpleQueue[Any]:
        """The jobs of a new thread."""
        jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        try:
            self._thread = started(_work, "sightline-redaction", partial(jobs.put, None), jobs)
        except RuntimeError:
            raise Withheld("no thread for it can be started, since the program ends") from None
        self._jobs = jobs
        return jobs

    def before_fork(self) -> None:
        """Have no thread, unless it is at work, which is not waited for (see `worker.Worker.rest`)."""
        if self._lock.acquire(blocking=False):
            try:
                if self._jobs is not None and self._thread is not None:
                    self._jobs.put(None)
                    self._jobs, self._resting = None, True
                    rested(self._thread)
            finally:
                self._lock.release()

    def after_fork(self, child: bool) -> None:
        """In the parent the thread is wanted again; in the child it is gone."""
        resting, self._resting = self._resting, False
        if child:
            self._jobs, self._lock = None, threading.Lock()
        elif resting:
            self.start()


def _work(jobs: queue.SimpleQueue[Any]) -> None:
    make_no_spans()
    while (job := jobs.get()) is not None:
        call, answer = job
        try:
            answer.put((True, call()))
        except BaseException as error:
            answer.put((False, error))
