"""Memory: idle, at full load, and over minutes of steady load.

    python bench/memory.py [--minutes 10] [--rate 5000]

Idle is measured ten seconds after the start. Then steady load; the resident size is read every second, and
the slope is that of a line through the second half (megabytes a minute). Last, as many spans as fast as they
are accepted.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from load import Loader, load_file
from record import Record, quantile
from running import Server, fresh_server


def minutes_of_load(rate: int, minutes: float, each: int) -> list[Path]:
    """One file for each minute, distinct: bytes that are repeated would be recognised as a retry."""
    start = time.time_ns()
    return [
        load_file("genai", rate * 60, each, 100 + n, start=start + n * 60 * 10**9)[0]
        for n in range(max(1, round(minutes)))
    ]


def steady(server: Server, files: list[Path], rate: int, each: int) -> list[tuple[float, float]]:
    """Seconds and resident megabytes while the files are sent one after the other at a rate."""
    found: list[tuple[float, float]] = []
    began = time.perf_counter()
    loaders = [Loader(files[0], server.port, "http", 8, each / rate)]
    for number in range(len(files)):
        loaders[-1].go()
        current = loaders[-1]
        if number + 1 < len(files):  # it reads its file while this one sends
            loaders.append(Loader(files[number + 1], server.port, "http", 8, each / rate))
        while current.running():
            found.append((time.perf_counter() - began, server.memory()[0]))
            time.sleep(1.0)
        current.result()
    return found


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=5000, help="spans a second of the steady load")
    parser.add_argument("--spans", type=int, default=400_000, help="spans of the full load")
    parser.add_argument("--each", type=int, default=128, help="spans of each request")
    given = parser.parse_args()
    record = Record(
        "memory", f"genai, {given.minutes:g} minutes at {given.rate} spans/s, then {given.spans} at once"
    )
    full, facts = load_file("genai", given.spans, given.each)
    files = minutes_of_load(given.rate, given.minutes, given.each)
    with fresh_server() as server:
        time.sleep(10)
        idle = server.memory()[0]
        samples = steady(server, files, given.rate, given.each)
        peak_steady = server.memory()[1]
        stored = server.stored()
        loader = Loader(full, server.port, "http", 4)
        loader.go()
        result = loader.result()
        server.wait_stored(stored + facts["items"], 900)
        peak_full = server.memory()[1]
        time.sleep(10)
        after = server.memory()[0]
    for path in files:
        path.unlink()
        path.with_suffix(".info").unlink()
    half = [(t, m) for t, m in samples if t > samples[-1][0] / 2]
    slope = float(np.polyfit([t / 60 for t, _ in half], [m for _, m in half], 1)[0])
    record.figures = {
        "idle, MB": round(idle),
        "steady load p50, MB": round(quantile([m for _, m in samples], 0.5)),
        "steady load peak, MB": round(peak_steady),
        "slope of the second half, MB a minute": round(slope, 2),
        "each minute, MB": [
            round(quantile([m for t, m in samples if minute <= t / 60 < minute + 1], 0.5))
            for minute in range(max(1, round(given.minutes)))
        ],
        "full load peak, MB": round(peak_full),
        "ten seconds after, MB": round(after),
        "full load accepted, spans/s": round(facts["items"] / (result["ended"] - result["began"])),
    }
    record.write()


if __name__ == "__main__":
    main()
