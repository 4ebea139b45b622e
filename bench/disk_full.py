"""A full disk while receiving: refusals with 429 or 503, nothing acknowledged is lost, and it goes on.

    sudo python bench/disk_full.py [--size 700M] [--rounds 2] [--store]

The data directory lies on a small tmpfs (root mounts it) with a ballast file. Senders go on until the server
refuses; then they keep trying for a while, and the ballast is deleted. The server must accept again without a
restart, and every acknowledged span must be there once. With `--store` only the store's part is full: the
journal keeps taking, `/readyz` says what is wrong, and the digest catches up when there is space again.
"""

from __future__ import annotations

import argparse
import collections
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from google.rpc.status_pb2 import Status

from sightline.operations.client import Answer, UnreachableError
from sightline.testing import ServerProcess, span, traces_request, wait_until

SPANS = 50


@contextmanager
def small_disk(where: Path, size: str, options: str = "") -> Iterator[Path]:
    """A tmpfs of `size` at `where`, gone at the end. Raises CalledProcessError without the right to mount."""
    where.mkdir(parents=True, exist_ok=True)
    wanted = ",".join(filter(None, (f"size={size}", options)))
    command = ["mount", "-t", "tmpfs", "-o", wanted, "sightline-small", str(where)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=False)


@dataclass
class Tally:
    """What was acknowledged and refused, and what became of it."""

    acknowledged: set[str] = field(default_factory=set)
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    cut_off: int = 0
    reasons: set[str] = field(default_factory=set)
    not_ready: set[str] = field(default_factory=set)
    missing: int = 0
    doubled: int = 0
    recovered_after: list[float] = field(default_factory=list)
    quarantined: int = 0

    @property
    def sound(self) -> bool:
        """Only refusals that may be tried again, nothing lost, nothing doubled, nothing set aside."""
        answers = set(self.statuses) <= {200, 429, 503}
        return answers and not (self.cut_off or self.missing or self.doubled or self.quarantined)

    def __str__(self) -> str:
        after = ", ".join(f"{seconds:.1f} s" for seconds in self.recovered_after)
        return (
            f"{len(self.acknowledged)} spans acknowledged, {self.missing} missing, {self.doubled} doubled, "
            f"{self.quarantined} in quarantine; answers {dict(self.statuses)}, {self.cut_off} cut off;"
            " accepted"
            f" again {after} after there was space; said: {sorted(self.reasons)};"
            f" not ready: {sorted(self.not_ready)}"
        )


class Sender(threading.Thread):
    """Sends spans whose content does not compress, until `over`."""

    def __init__(self, server: ServerProcess, tally: Tally, lock: threading.Lock, seed: int) -> None:
        super().__init__(daemon=True)
        self._server, self._tally, self._lock, self._dice = server, tally, lock, random.Random(seed)
        self.over = threading.Event()

    def run(self) -> None:
        """One request after the other; a refused one is left, and a little later another is tried."""
        while not self.over.is_set():
            spans = [
                span(self._dice.randbytes(16).hex(), attributes={
                    "gen_ai.input.messages": self._dice.randbytes(4000).hex(), "session.id": "s",
                })
                for _ in range(SPANS)
            ]  # fmt: skip
            try:
                answer = self._server.post("/v1/traces", traces_request(spans).SerializeToString())
            except UnreachableError:
                self._tally.cut_off += 1
                return
            with self._lock:
                self._tally.statuses[answer.status] += 1
                if answer.status == 200:
                    self._tally.acknowledged |= {s.trace_id.hex() for s in spans}
            if answer.status != 200:
                self._tally.reasons.add(
                    re.sub(r"\d+", "N", said(answer).replace(str(self._server.data), "DATA"))
                )
                self.over.wait(0.05)


def fill_up(server: ServerProcess, ballast: Path, tally: Tally, rounds: int = 1, say: bool = False) -> None:
    """Let senders fill the disk, `rounds` times; then count what is there."""
    size = ballast.stat().st_size
    lock = threading.Lock()
    senders = [Sender(server, tally, lock, seed) for seed in range(2)]
    for sender in senders:
        sender.start()
    try:
        for number in range(rounds):
            before = refusals(tally)
            wait_until(lambda before=before: refusals(tally) > before, "a refusal", 120)
            # It must stay like that, not flap, while senders insist.
            wait_until(lambda before=before: refusals(tally) > before + 20, "more refusals", 60)
            tally.not_ready |= reasons_of(server)
            if say:
                print(f"full, round {number + 1}: {len(tally.acknowledged)} acknowledged", flush=True)
            accepted, freed = tally.statuses[200], time.monotonic()
            ballast.unlink()
            wait_until(
                lambda accepted=accepted: tally.statuses[200] > accepted + 5, "new spans to be taken", 60
            )
            tally.recovered_after.append(time.monotonic() - freed)
            if number + 1 < rounds:
                fill(ballast, size)
    finally:
        for sender in senders:
            sender.over.set()
        for sender in senders:
            sender.join(60)
    server.settled(120)
    count(server, tally)


def said(answer: Answer) -> str:
    """The message of a refusal."""
    return str(Status.FromString(answer.body).message)


def refusals(tally: Tally) -> int:
    """Requests that were not accepted."""
    return sum(n for status, n in tally.statuses.items() if status != 200)


def reasons_of(server: ServerProcess) -> set[str]:
    """What `/readyz` says is wrong."""
    content = server.get("/readyz").json() or {}
    return {f"{name}: {why}" for name, why in content.get("reasons", {}).items()}


def fill(ballast: Path, size: int) -> None:
    """A file of `size` bytes, or as much as there is room for."""
    with ballast.open("wb") as file:
        try:
            for _ in range(size // 2**20):
                file.write(bytes(2**20))
        except OSError:
            return


def count(server: ServerProcess, tally: Tally) -> None:
    """Compare what is stored with what was acknowledged."""
    tally.quarantined = int(server.measures().get("sightline_quarantine_records", 0))
    stored: collections.Counter[str] = collections.Counter()
    for digits in range(256):
        query = f"SELECT trace_id FROM spans WHERE startsWith(trace_id, '{digits:02x}')"
        stored.update(row["trace_id"] for row in server.sql(query))
    tally.missing = len(tally.acknowledged - set(stored))
    tally.doubled = sum(1 for n in stored.values() if n > 1)


def run(
    directory: Path, size: str, rounds: int, only_store: bool, say: bool = False, least: str = "32MiB"
) -> Tally:
    """One run in `directory`; returns what was seen."""
    tally = Tally()
    flags = (
        "--journal-min-free-disk",
        least,
        "--journal-keep-digested-bytes",
        "16MiB",
        "--log-level",
        "warning",
    )
    with small_disk(directory / "disk", size) as disk:
        ballast = disk / "ballast"
        fill(ballast, 200 * 2**20)
        store = ("--store-url", f"chdb://{disk / 'store'}") if only_store else ()
        data = directory / "data" if only_store else disk / "data"
        with ServerProcess(data, *flags, *store) as server:
            if only_store:
                fill_store(server, disk, tally)
            else:
                fill_up(server, ballast, tally, rounds, say)
    return tally


def fill_store(server: ServerProcess, disk: Path, tally: Tally) -> None:
    """Only the store has no room: the journal goes on taking, and the digest catches up afterwards."""
    lock = threading.Lock()
    rest = disk / "rest"
    fill(rest, 2**40)
    sender = Sender(server, tally, lock, 1)
    sender.start()
    try:
        wait_until(lambda: reasons_of(server), "/readyz to say that the store has no room", 60)
        accepted = tally.statuses[200]
        wait_until(lambda: tally.statuses[200] > accepted + 20, "the journal to go on taking", 60)
        tally.not_ready |= reasons_of(server)
    finally:
        sender.over.set()
        sender.join(60)
    freed = time.monotonic()
    rest.unlink()
    (disk / "ballast").unlink()
    server.settled(120)
    wait_until(lambda: not reasons_of(server), "/readyz to be well again", 30)
    tally.recovered_after.append(time.monotonic() - freed)
    count(server, tally)


def main() -> int:
    """Run from the command line; exit code 1 when a span is missing or doubled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="700M", help="of the small disk")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--store", action="store_true", help="only the store's part is full")
    parser.add_argument("--least", default="32MiB", help="journal.min_free_disk; 0 lets writes fail")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sightline-full-") as directory:
        tally = run(Path(directory), chosen.size, chosen.rounds, chosen.store, True, chosen.least)
    print(tally)
    return 0 if tally.sound else 1


if __name__ == "__main__":
    sys.exit(main())
