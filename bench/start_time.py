"""From starting the server on a filled directory until /readyz answers 200.

    python bench/start_time.py DIRECTORY [--runs 5]

The directory is one of `make_directory.py`, or any other; it is kept. The last figure is the same on an empty
one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from record import Record
from running import fresh_server


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    times, answers, spans, memory = [], [], 0, 0.0
    record = Record("start_time", "")
    for _ in range(given.runs):
        with fresh_server(directory=given.directory.absolute()) as server:
            times.append(server.ready_seconds)
            began = time.perf_counter()
            server.request("GET", "/api/v1/traces?limit=50")
            answers.append(time.perf_counter() - began)
            spans = int(server.sql("SELECT count() AS n FROM spans")[0]["n"])
            memory = max(memory, server.memory()[1])
    with fresh_server() as server:
        empty = server.ready_seconds
    record.workload = f"a directory with {spans} spans"
    record.figures = {
        "start to ready, median, s": round(statistics.median(times), 2),
        "start to ready, worst, s": round(max(times), 2),
        "every start, s": [round(t, 2) for t in times],
        "first page of traces after it, worst, ms": round(max(answers) * 1e3),
        "spans": spans,
        "peak memory, MB": round(memory),
        "start on an empty directory, s": round(empty, 2),
    }
    record.write()


if __name__ == "__main__":
    main()
