"""How fast the journal makes requests durable, and what an append costs the event loop.

    python bench/journal_append.py [--seconds 3] [--size 185000] [--directory DIR]

For each concurrency, that many tasks append distinct payloads as fast as they are answered, while a thread
takes and finishes the segments. Prints requests and MB per second, the time until the answer, the time of one
append on the loop without its waiting, commits, and the highest memory. Mind the directory: measure the disk
in question.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import structlog
import uvloop

from sightline.journal.journal import Journal
from sightline.measures import COMMIT_SECONDS
from sightline.records.ingest import Signal, Submission
from sightline.settings import JournalSettings

SETTINGS = JournalSettings(keep_digested_bytes=512 * 2**20)


def commits() -> float:
    """Group commits so far."""
    return next(s.value for s in COMMIT_SECONDS.collect()[0].samples if s.name.endswith("_count"))


def drain(journal: Journal) -> None:
    """Take and finish, as a digest that costs nothing would."""
    while (segment := journal.take(0.5)) is not None:
        journal.finish(segment)


async def run(directory: Path, tasks: int, size: int, seconds: float) -> dict[str, float]:
    """One measurement."""
    journal = Journal(directory, SETTINGS)
    await journal.start()
    consumer = threading.Thread(target=drain, args=(journal,))
    consumer.start()
    filler = os.urandom(size)
    waits: list[float] = []
    before, started = commits(), time.perf_counter()
    deadline = started + seconds

    async def sender(task: int) -> None:
        number = 0
        while (now := time.perf_counter()) < deadline:
            payload = b"%08d%012d" % (task, number) + filler[20:]
            await journal.append(
                Submission("default", Signal.TRACES, payload, time.time_ns(), "otlp-http", 100)
            )
            waits.append(time.perf_counter() - now)
            number += 1

    await asyncio.gather(*(sender(task) for task in range(tasks)))
    took = time.perf_counter() - started
    done = commits() - before
    await journal.close()
    consumer.join()
    waits.sort()
    return {
        "concurrency": tasks,
        "requests_per_second": round(len(waits) / took),
        "mb_per_second": round(len(waits) * size / took / 1e6, 1),
        "answer_p50_ms": round(statistics.median(waits) * 1e3, 2),
        "answer_p99_ms": round(waits[int(len(waits) * 0.99)] * 1e3, 2),
        "requests_per_commit": round(len(waits) / done, 1),
    }


async def loop_cost(directory: Path, size: int) -> float:
    """Microseconds of the event loop for one append: the step up to its waiting, and the answering."""
    journal = Journal(directory, SETTINGS)
    await journal.start()
    consumer = threading.Thread(target=drain, args=(journal,))
    consumer.start()
    filler = os.urandom(size)
    spent = []
    answering = 0.0
    resolve = journal._resolve

    def timed(batch: list[object]) -> None:
        nonlocal answering
        began = time.perf_counter()
        resolve(batch)  # type: ignore[arg-type]
        answering += time.perf_counter() - began

    journal._resolve = timed  # type: ignore[method-assign,assignment]
    for number in range(500):
        item = Submission(
            "default", Signal.TRACES, b"%020d" % number + filler, time.time_ns(), "otlp-http", 1
        )
        step = journal.append(item)
        began = time.perf_counter()
        future = step.send(None)
        spent.append(time.perf_counter() - began)
        await asyncio.wait([future])
        step.close()
    await journal.close()
    consumer.join()
    return (statistics.median(spent) + answering / len(spent)) * 1e6


def main() -> None:
    """Measure at several concurrencies and print a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--size", type=int, default=185_000, help="bytes of a request; 100 spans of 1.85 KB")
    parser.add_argument("--directory", type=Path)
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    root = arguments.directory or Path(tempfile.mkdtemp(prefix="journal-append-"))
    rows = []
    for tasks in (1, 8, 32, 128):
        rows.append(uvloop.run(run(root / f"c{tasks}", tasks, arguments.size, arguments.seconds)))
        print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
        shutil.rmtree(root / f"c{tasks}")
    cost = uvloop.run(loop_cost(root / "loop", arguments.size))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"event loop per append {cost:.1f} µs  highest memory {peak:.0f} MB")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps({"machine": machine, "size": arguments.size, "rows": rows, "loop_us": round(cost, 1)}))
    if arguments.directory is None:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
