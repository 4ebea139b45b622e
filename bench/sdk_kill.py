"""kill -9 of a program, twenty times, while a real server is there and while it is away: all arrives once.

    python bench/sdk_kill.py [--rounds 20]

Each round starts a program with `spool="always"` that ends spans as fast as it can, and says the id of a
root as soon as `flush()` says that it is safe. It is killed at a random moment; the server is killed or
started now and then. At the end a last program brings what is left, and every id is compared with the
server's rows.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from record import Record

from sightline.testing import ServerProcess, environment

PROGRAM = """
import sys
import sightline
from opentelemetry import trace
sightline.init(endpoint=sys.argv[1], service="killed", spool_dir=sys.argv[2], spool="always",
               flush_interval=0.02, instrument=False, quiet=True)
tracer = trace.get_tracer("x")
for n in range(int(sys.argv[3])):
    with tracer.start_as_current_span("outer") as outer:
        for _ in range(9):
            tracer.start_span("inner", attributes={"text": "x" * 200}).end()
    if n % 5 == 4:
        assert sightline.flush(30)
        sys.stdout.write(f"{outer.get_span_context().span_id:016x}\\n")
        sys.stdout.flush()
assert sightline.flush(60)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=12)
    given = parser.parse_args()
    dice, wait = random.Random(given.seed), threading.Event()
    record = Record(
        "sdk_kill", f"{given.rounds} programs killed with SIGKILL; server away in about half the rounds"
    )
    said: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        server, spool = ServerProcess(root / "data"), root / "spool"
        running, away, killed_after = False, 0, []
        try:
            for _ in range(given.rounds):
                if dice.random() < 0.5 and running:
                    server.kill()
                    running = False
                elif not running and dice.random() < 0.5:
                    server.start()
                    running = True
                away += not running
                with (root / "out").open("w") as out:
                    process = subprocess.Popen(_command(server, spool, 10**7), stdout=out, env=environment())
                    while (root / "out").stat().st_size < 17 * 3 and process.poll() is None:
                        wait.wait(0.02)
                    pause = dice.random() * 1.5
                    wait.wait(pause)
                    killed_after.append(round(pause, 2))
                    assert process.poll() is None, "the program ended by itself"
                    process.kill()
                    process.wait(30)
                said |= set((root / "out").read_text().split("\n")[:-1])
            left = sum(p.stat().st_size for p in spool.rglob("*.spool"))
            if not running:
                server.start()
            command = _command(server, spool, 5)
            last = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
            assert last.returncode == 0, last.stderr
            server.settled()
            (row,) = server.sql("SELECT count() AS n, uniqExact(trace_id, span_id) AS distinct FROM spans")
            arrived: set[str] = set()
            ordered = sorted(said)
            for begin in range(0, len(ordered), 1000):  # an answer has 10,000 rows at most
                ids = ", ".join(f"'{one}'" for one in ordered[begin : begin + 1000])
                arrived |= {
                    r["span_id"] for r in server.sql(f"SELECT span_id FROM spans WHERE span_id IN ({ids})")
                }
            record.figures |= {
                "programs killed": given.rounds,
                "of them with the server away": away,
                "roots said to be safe": len(said),
                "of them missing at the server": len(said - arrived),
                "spans stored": row["n"],
                "stored twice": row["n"] - row["distinct"],
            }
            record.details |= {
                "left on disk before the last program (bytes)": left,
                "left on disk after it (bytes)": sum(p.stat().st_size for p in spool.rglob("*.spool")),
            }
        finally:
            server.kill()
    record.write()
    sys.exit(bool(said - arrived) or row["n"] != row["distinct"])


def _command(server: ServerProcess, spool: Path, traces: int) -> list[str]:
    return [sys.executable, "-c", PROGRAM, server.url, os.fspath(spool), str(traces)]


if __name__ == "__main__":
    main()
