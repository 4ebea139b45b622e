"""Holding the digest still for a backup."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from pathlib import Path

from sightline.digest.digester import Digester
from sightline.records.ingest import Signal

PATIENCE = 20.0


@dataclass(frozen=True)
class Segment:
    id: str
    signal: Signal = Signal.TRACES
    path: Path = Path("segment")
    records: int = 1
    items: int = 1
    first_received: int = 0


class Source:
    """Hands out what is put into it and remembers what was finished."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[Segment] = queue.Queue()
        self.finished: queue.Queue[str] = queue.Queue()
        self.taken = threading.Event()

    def take(self, timeout: float) -> Segment | None:
        try:
            segment = self.waiting.get(timeout=timeout)
        except queue.Empty:
            return None
        self.taken.set()
        return segment

    def finish(self, segment: Segment) -> None:
        self.finished.put(segment.id)

    def split(self, segment: Segment) -> list[Segment]:
        return []

    def quarantine(self, segment: Segment, reason: str) -> None:
        raise AssertionError(reason)

    def release(self, segment: Segment) -> None:
        raise AssertionError("released")


class Slow:
    """Digests when it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let = threading.Event()

    def digest(self, path: Path, records: int, token: str) -> int:
        self.begun.set()
        assert self.let.wait(PATIENCE)
        return records


def test_hold_waits_for_the_segment_under_way_and_keeps_the_next_one_waiting() -> None:
    source, slow = Source(), Slow()
    digester = Digester(source, lambda: {Signal.TRACES: slow}, lambda: 0)  # type: ignore[arg-type,return-value]
    digester.start()
    try:
        source.waiting.put(Segment("first"))
        assert slow.begun.wait(PATIENCE)
        held, go_on = threading.Event(), threading.Event()

        def holder() -> None:
            with digester.hold():
                held.set()
                assert go_on.wait(PATIENCE)

        thread = threading.Thread(target=holder)
        thread.start()
        assert not held.is_set(), "a segment is under way"
        source.taken.clear()
        slow.let.set()
        assert source.finished.get(timeout=PATIENCE) == "first"
        assert held.wait(PATIENCE)
        source.waiting.put(Segment("second"))
        assert source.taken.wait(PATIENCE)
        assert source.finished.empty(), "taken, but not digested while it is held"
        go_on.set()
        assert source.finished.get(timeout=PATIENCE) == "second"
        thread.join(PATIENCE)
    finally:
        assert digester.stop(PATIENCE)


class Paced:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: queue.Queue[str] = queue.Queue()

    def busy(self) -> None:
        self.told.put("busy")

    def idle(self) -> None:
        self.told.put("idle")

    def close(self) -> None:
        self.told.put("close")


def test_the_loop_says_whether_segments_wait() -> None:
    source, slow, pace = Source(), Slow(), Paced()
    for number in range(3):
        source.waiting.put(Segment(str(number)))
    slow.let.set()
    digester = Digester(source, lambda: {Signal.TRACES: slow}, lambda: 0, pace=pace)  # type: ignore[arg-type,return-value]
    digester.start()
    for _ in range(3):
        source.finished.get(timeout=PATIENCE)
    # The first was there at once, so nothing is known; the two behind it waited; then nothing does.
    assert [pace.told.get(timeout=PATIENCE) for _ in range(3)] == ["busy", "busy", "idle"]
    assert digester.stop()
    told = "idle"
    while told == "idle":
        told = pace.told.get(timeout=PATIENCE)
    assert told == "close"
