"""The loop between journal and store: what is at fault waits, or is set aside; nothing good is lost."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from digest.engine import Engine, close
from digest.otlp import span, traces
from sightline.catalog.conventions import conventions
from sightline.digest.digester import Digester, SignalDigest
from sightline.digest.signals import SignalDigests, write_probe
from sightline.journal.journal import Journal
from sightline.journal.segment import Segment
from sightline.records.ingest import Signal, Submission
from sightline.settings import JournalSettings
from sightline.store.rows import StoreError

PATIENCE = 30.0


class Watched:
    """A journal whose answers can be waited for."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.finished: queue.Queue[Segment] = queue.Queue()
        self.quarantined: queue.Queue[str] = queue.Queue()
        self.released: queue.Queue[Segment] = queue.Queue()

    def take(self, timeout: float) -> Segment | None:
        return self.journal.take(timeout)

    def finish(self, segment: Segment) -> None:
        self.journal.finish(segment)
        self.finished.put(segment)

    def split(self, segment: Segment) -> list[Segment]:
        return self.journal.split(segment)

    def quarantine(self, segment: Segment, reason: str) -> None:
        self.journal.quarantine(segment, reason)
        self.quarantined.put(reason)

    def release(self, segment: Segment) -> None:
        self.journal.release(segment)
        self.released.put(segment)


class Stumbling:
    """A digest before which something happens."""

    def __init__(self, inner: SignalDigest, before: Callable[[], None]) -> None:
        self.inner, self.before = inner, before

    def digest(self, path: Path, records: int, token: str) -> int:
        self.before()
        return self.inner.digest(path, records, token)


@contextmanager
def running(
    engine: Engine, folder: Path, payloads: list[bytes], project: str, before: Callable[[], None] = lambda: None,  # noqa: E501
    probe: Callable[[], None] | None = None, stored: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[Watched, Digester]]:  # fmt: skip
    """A real journal that holds the payloads, and a loop that digests them."""
    make = SignalDigests(
        engine.store, conventions(), lambda: engine.prices, lambda _: engine.policy, engine.clock
    )
    journal = Journal(folder, JournalSettings(segment_age=0.05), engine.clock)

    async def fill() -> None:
        await journal.start()
        submissions = [
            Submission(project, Signal.TRACES, p, engine.clock(), "otlp-http", 1) for p in payloads
        ]
        await asyncio.gather(*(journal.append(s) for s in submissions))

    with asyncio.Runner() as runner:
        runner.run(fill())
        watched = Watched(journal)
        made: list[dict[Signal, SignalDigest]] = []

        def digests() -> dict[Signal, Any]:
            made.append(make())
            return {k: Stumbling(v, before) for k, v in made[-1].items()}

        check = probe or write_probe(engine.store)
        digester = Digester(watched, digests, engine.clock, check, stored=stored)  # type: ignore[arg-type]
        digester.start()
        try:
            yield watched, digester
        finally:
            assert digester.stop(PATIENCE)
            close(made[-1])
            runner.run(journal.close())
            engine.restart()


def good(number: int) -> bytes:
    return traces([span(number, 1, attributes={"n": number})]).SerializeToString()


def bad(number: int) -> bytes:
    """A request that the engine cannot read: text that is no UTF-8 as a key."""
    raw = traces([span(number, 1, attributes={"M" * 20: "x"})]).SerializeToString()
    return raw.replace(b"M" * 20, b"\xff\xfe" + b"M" * 18)


def numbers(engine: Engine, project: str) -> list[int]:
    """Which of the good requests are stored."""
    rows = engine.rows("SELECT trace_id FROM sightline.spans WHERE project = {p:String}", p=project)
    return sorted(int(row["trace_id"], 16) for row in rows)


def test_only_the_record_that_cannot_be_read_is_set_aside(engine: Engine, tmp_path: Path) -> None:
    project = engine.fresh()
    payloads = [bad(n) if n in (3, 6) else good(n) for n in range(1, 9)]
    with running(engine, tmp_path, payloads, project) as (journal, digester):
        reasons = [journal.quarantined.get(timeout=PATIENCE) for _ in range(2)]
        stored: set[int] = set()
        while len(stored) < 6:
            journal.finished.get(timeout=PATIENCE)
            stored = set(numbers(engine, project))
        assert all("utf-8" in reason for reason in reasons)
        assert digester.failure is None
    assert numbers(engine, project) == [1, 2, 4, 5, 7, 8]
    assert journal.released.empty()


def test_what_is_stored_is_told_with_a_time_before_its_rows(engine: Engine, tmp_path: Path) -> None:
    project = engine.fresh()
    told: queue.Queue[int] = queue.Queue()
    with running(engine, tmp_path, [good(1)], project, stored=told.put):
        began = told.get(timeout=PATIENCE)
        rows = engine.rows(
            "SELECT toUnixTimestamp64Micro(digested_at) AS at FROM sightline.spans WHERE project ="
            " {p:String}",
            p=project,
        )
    assert began // 1000 <= rows[0]["at"]


@pytest.mark.parametrize(
    "error", [StoreError("disk full", 243), StoreError("read-only", 242), OSError(28, "no space")]
)
def test_a_store_that_fails_is_waited_for(engine: Engine, tmp_path: Path, error: Exception) -> None:
    project = engine.fresh()
    failures = iter([error, error])

    def stumble() -> None:
        if found := next(failures, None):
            raise found

    with running(engine, tmp_path, [good(1), good(2)], project, stumble) as (journal, digester):
        journal.released.get(timeout=PATIENCE)
        assert digester.failure is not None
        journal.released.get(timeout=PATIENCE)
        journal.finished.get(timeout=PATIENCE)
        assert digester.failure is None
    assert numbers(engine, project) == [1, 2]
    assert journal.quarantined.empty()


def test_good_data_is_not_blamed_while_the_store_is_ill(engine: Engine, tmp_path: Path) -> None:
    project = engine.fresh()
    errors: Iterator[Any] = iter([RuntimeError("what is this?")] * 3)
    ill = iter([True, True, True])

    def stumble() -> None:
        if found := next(errors, None):
            raise found

    def probe() -> None:
        if next(ill, False):
            raise StoreError("not now", 0)

    with running(engine, tmp_path, [good(1)], project, stumble, probe) as (journal, _):
        for _ in range(3):
            journal.released.get(timeout=PATIENCE)
        journal.finished.get(timeout=PATIENCE)
    assert numbers(engine, project) == [1]
    assert journal.quarantined.empty()


def test_a_failure_after_the_rows_were_written_doubles_nothing(engine: Engine, tmp_path: Path) -> None:
    project = engine.fresh()
    calls = iter([1])

    class Fails:
        """The rows are written, then the process would be gone."""

        def __init__(self, inner: SignalDigest) -> None:
            self.inner = inner

        def digest(self, path: Path, records: int, token: str) -> int:
            stored = self.inner.digest(path, records, token)
            if next(calls, None):
                raise StoreError("network", 210)
            return stored

    path = engine.segment(Signal.TRACES, [good(1), good(2)], project)
    make = SignalDigests(
        engine.store, conventions(), lambda: engine.prices, lambda _: engine.policy, engine.clock
    )
    with pytest.raises(StoreError):
        Fails(make()[Signal.TRACES]).digest(path, 2, path.stem)
    again = make()
    again[Signal.TRACES].digest(path, 2, path.stem)
    close(again)
    assert numbers(engine, project) == [1, 2]
    engine.restart()


def test_the_probe_writes_and_leaves_nothing(engine: Engine) -> None:
    write_probe(engine.store)()
    engine.reader.command(
        "OPTIMIZE TABLE sightline.content FINAL SETTINGS optimize_skip_merged_partitions = 0"
    )
    assert engine.scalar("SELECT count() FROM sightline.content WHERE project = ''") == 0
