"""Where the time of the digest goes: every statement of the engine with its wall and CPU time a span.

    python bench/digest_statements.py [--workload genai] [--mb 32] [--segments 4] [--top 20]

Segments are made from the workload and digested one after the other in this process, without a server; the
first one warms the caches and is left out. `python` is the time outside of statements.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from load import load_file
from record import Record
from workloads import read

from sightline.catalog.conventions import conventions
from sightline.catalog.prices import PriceBook
from sightline.digest.policy import Policy
from sightline.digest.signals import SignalDigests
from sightline.journal.format import encode_header
from sightline.records.ingest import Signal, Submission
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Connection, Store

BYTES_OF_SPAN = {"genai": 1870, "mixed": 1300, "agent": 20_000, "chat": 4000}


def segments(workload: str, size: int, count: int, directory: Path, each: int) -> list[tuple[Path, int]]:
    """Segment files as the journal writes them, and how many records each holds."""
    wanted = size * count // BYTES_OF_SPAN[workload] * 3 // 2
    found: list[tuple[Path, int]] = []
    held, records = bytearray(), 0
    for number, payload in enumerate(read(load_file(workload, wanted, each)[0])):
        item = Submission("default", Signal.TRACES, payload, time.time_ns(), "otlp-http", each)
        held += encode_header(item, number.to_bytes(16, "big")) + payload
        records += 1
        if len(held) >= size:
            path = directory / f"{len(found)}.traces"
            path.write_bytes(held)
            found.append((path, records))
            held, records = bytearray(), 0
            if len(found) == count:
                break
    return found


class Watch:
    """Times every statement of every connection."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
        self.depth = 0

    def attach(self) -> None:
        """Put the watch around the connection's methods."""
        for name in ("query", "raw", "command", "insert", "insert_raw"):
            setattr(Connection, name, self._timed(getattr(Connection, name)))

    def _timed(self, method: Any) -> Any:
        def timed(connection: Any, sql: str, *arguments: Any, **named: Any) -> Any:
            began, cpu = time.perf_counter(), time.process_time()
            try:
                return method(connection, sql, *arguments, **named)
            finally:
                entry = self.spent[_short(sql)]
                entry[0] += time.perf_counter() - began
                entry[1] += time.process_time() - cpu
                entry[2] += 1

        return timed


def _short(sql: str) -> str:
    text = re.sub(r"\s+", " ", sql)
    match = re.match(r"(INSERT INTO \S+|CREATE TEMPORARY TABLE (?:IF NOT EXISTS )?\S+|\S+ TABLE \S+)", text)
    if match:
        return match[1]
    source = re.search(r" FROM ([\w.]+)(?!.* FROM )", text)
    return text[:60] + (f" … FROM {source[1]}" if source else "")


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workload", default="genai", choices=BYTES_OF_SPAN)
    parser.add_argument("--mb", type=float, default=32.0)
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--each", type=int, default=128)
    parser.add_argument("--top", type=int, default=20)
    given = parser.parse_args()
    suffix = "" if given.workload == "genai" else f"-{given.workload}"
    record = Record(
        f"digest_statements{suffix}", f"{given.workload}, {given.segments} segments of {given.mb:g} MiB"
    )
    root = Path(tempfile.mkdtemp(prefix="sightline-digest-"))
    try:
        files = segments(given.workload, int(given.mb * 2**20), given.segments + 1, root, given.each)
        store = Store(f"chdb://{root / 'store'}", StoreSettings())
        writer = store.writer()
        migrate(writer)
        writer.close()
        book, policy = PriceBook(own=[]), Policy(30, 30)
        digests = SignalDigests(store, conventions(), lambda: book, lambda _: policy, time.time_ns)()
        digest = digests[Signal.TRACES]
        digest.digest(*files[0], "warm")
        watch = Watch()
        watch.attach()
        began, cpu, spans = time.perf_counter(), time.process_time(), 0
        for number, (path, records) in enumerate(files[1:]):
            spans += digest.digest(path, records, f"token-{number}")
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        store.close()
    finally:
        shutil.rmtree(root, ignore_errors=True)
    statements = sum(entry[0] for entry in watch.spent.values())
    record.figures = {
        "digest, spans/s": round(spans / took),
        "spans of a segment": spans // len(files[1:]),
        "wall, µs a span": round(took / spans * 1e6, 2),
        "CPU, µs a span": round(cpu / spans * 1e6, 2),
        "python, µs a span": round((took - statements) / spans * 1e6, 2),
    }
    ordered = sorted(watch.spent.items(), key=lambda item: -item[1][0])[: given.top]
    for label, (wall, used, calls) in ordered:
        each = f"{wall / calls * 1e3:.1f} ms each of {calls}"
        record.details[label] = (
            f"{wall / spans * 1e6:.2f} µs wall, {used / spans * 1e6:.2f} µs CPU a span, {each}"
        )
    record.write()


if __name__ == "__main__":
    main()
