"""kill -9 under load: every acknowledged record is there exactly once.

    python bench/journal_kill.py [--rounds 20] [--directory DIR]

Each round starts a process that appends from 32 tasks at once, and sometimes sends a record a second time.
It writes one line for each acknowledgement into a pipe, and is killed with SIGKILL at a random moment. Its
consumer thread takes, splits and finishes segments all the while. Then the journal is opened once more, and
every record is counted in every folder.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import structlog

from sightline.journal.journal import Journal
from sightline.journal.salvage import inspect
from sightline.journal.segment import segment_files
from sightline.records.ingest import Signal, Submission
from sightline.settings import JournalSettings

SETTINGS = JournalSettings(segment_bytes=200_000, segment_age=0.05, min_free_disk=0)


def submission(name: str) -> Submission:
    """A record whose payload tells its name and is of any size up to 20 KB."""
    size = random.Random(name).randrange(20_000)  # the same for a retry
    return Submission(
        "default", Signal.TRACES, f"{name}|".encode() + b"x" * size, time.time_ns(), "otlp-http", 1
    )


def consume(journal: Journal) -> None:
    """Take segments as the digest does: finish most, split some, quarantine single ones now and then."""
    while True:
        segment = journal.take(1.0)
        if segment is None:
            continue
        chance = random.random()
        if chance < 0.3:
            for part in journal.split(segment):
                journal.finish(part) if random.random() < 0.5 else journal.release(part)
        elif chance < 0.4 and segment.records == 1:
            journal.quarantine(segment, "for the test")
        elif chance < 0.6:
            journal.release(segment)
        else:
            journal.finish(segment)


async def append_forever(directory: Path, round_: int) -> None:
    """Append from many tasks, and print the name of each acknowledged record."""
    journal = Journal(directory, SETTINGS)
    await journal.start()
    threading.Thread(target=consume, args=(journal,), daemon=True).start()

    async def sender(task: int) -> None:
        number = 0
        while True:
            name = f"{round_}-{task}-{number}"
            again = [journal.append(submission(name))] if number % 7 == 0 else []
            await asyncio.gather(journal.append(submission(name)), *again)
            os.write(1, f"{name}\n".encode())  # one write of a short line is whole or not at all
            number += 1

    await asyncio.gather(*(sender(task) for task in range(32)))


def one_round(directory: Path, round_: int) -> set[str]:
    """Start, kill at a random moment, and return what was acknowledged."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--child", str(round_), "--directory", str(directory)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    os.set_blocking(process.stdout.fileno(), False)
    data = bytearray()
    deadline = None
    while deadline is None or time.monotonic() < deadline:
        select.select([process.stdout], [], [], 0.01)
        data += process.stdout.read(1 << 20) or b""
        if data and deadline is None:
            deadline = time.monotonic() + random.uniform(0.0, 1.0)
        if process.poll() is not None:
            sys.exit(f"round {round_}: the writing process ended by itself with {process.returncode}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.set_blocking(process.stdout.fileno(), True)
    data += process.stdout.read()
    process.stdout.close()
    return set(data.decode().split("\n")[:-1])


async def recovered(directory: Path) -> collections.Counter[str]:
    """How often each record is in the journal after its recovery."""
    journal = Journal(directory, SETTINGS)
    await journal.start()
    torn = journal.stats().torn_bytes
    await journal.close()
    if torn:
        print(f"  {torn} unacknowledged bytes cut off")
    found: collections.Counter[str] = collections.Counter()
    for folder in ("ready", "digested", "quarantine"):
        for _id, _signal, path in segment_files(directory / folder):
            inspection = inspect(path, 0)
            if not inspection.sound:
                sys.exit(f"{path} is damaged")
            for record in inspection.records:
                payload = bytes(inspection.view[record.payload : record.end])
                found[payload.split(b"|")[0].decode()] += 1
    return found


def main() -> None:
    """Run the rounds and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--child", type=int)
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if arguments.child is not None:
        asyncio.run(append_forever(arguments.directory, arguments.child))
    directory = arguments.directory or Path(tempfile.mkdtemp(prefix="journal-kill-"))
    acknowledged: set[str] = set()
    for round_ in range(arguments.rounds):
        new = one_round(directory, round_)
        acknowledged |= new
        found = asyncio.run(recovered(directory))
        missing = sorted(acknowledged - found.keys())
        doubled = sorted(name for name, count in found.items() if count > 1)
        print(
            f"round {round_}: {signal.SIGKILL.name} after {len(new)} acknowledgements; "
            f"{len(found)} records there, {len(found.keys() - acknowledged)} of them unacknowledged, "
            f"{len(missing)} missing, {len(doubled)} doubled",
            flush=True,
        )
        if missing or doubled:
            sys.exit(f"missing {missing[:5]}, doubled {doubled[:5]}; the journal is in {directory}")
    if arguments.directory is None:
        shutil.rmtree(directory)
    print(
        f"{arguments.rounds} rounds, {len(acknowledged)} acknowledged: "
        "every acknowledged record is there exactly once"
    )


if __name__ == "__main__":
    main()
