"""How long after the answer a span can be queried, at a steady rate.

    python bench/visible.py [--rate 5000] [--seconds 60]

The load sends at the rate from another process. Beside it a probe request with a trace id of its own is sent
every half second, and its trace is asked for over the API until it is there: from the acknowledgement to the
first answer that shows it. The server's own measure (oldest request of each segment) stands beside it.
"""

from __future__ import annotations

import argparse
import random
import threading
import time

from load import Loader, http_sender, load_file
from record import Record, quantile
from running import Server, fresh_server
from workloads import genai

PROBE_EVERY, ASK_EVERY = 0.5, 0.02


def probe(server: Server, number: int, found: list[float], lost: list[int], begin: float) -> None:
    """Send one trace, and ask until it is there, at most 30 s."""
    load = next(genai(1, 4, seed=1_000_000 + number, start=time.time_ns()))
    trace = random.Random(f"genai:{1_000_000 + number}").randbytes(16).hex()
    time.sleep(max(0.0, begin - time.perf_counter()))
    http_sender(server.port, "application/x-protobuf")(load.payload)
    answered = time.perf_counter()
    while time.perf_counter() - answered < 30:
        if server.request("GET", f"/api/v1/traces/{trace}?details=false")[0] == 200:
            found.append(time.perf_counter() - answered)
            return
        time.sleep(ASK_EVERY)
    lost.append(number)


def histogram(metrics: dict[str, float]) -> str:
    """The server's own measure as shares under its bounds."""
    name = "sightline_visible_after_seconds"
    total = metrics.get(f"{name}_count", 0.0)
    shares = []
    for bound in ("0.5", "0.75", "1.0", "1.5", "2.0", "3.0"):
        count = metrics.get(f'{name}_bucket{{le="{bound}"}}', 0.0)
        shares.append(f"{count / max(total, 1) * 100:.1f} % under {bound} s")
    return f"{total:.0f} segments: " + ", ".join(shares)


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rate", type=int, default=5000, help="spans a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--each", type=int, default=128, help="spans of each request")
    given = parser.parse_args()
    record = Record("visible", f"genai at {given.rate} spans/s for {given.seconds} s, {given.each} a request")
    path, facts = load_file("genai", given.rate * given.seconds, given.each)
    found: list[float] = []
    lost: list[int] = []
    with fresh_server() as server:
        loader = Loader(path, server.port, "http", 8, given.each / given.rate)
        began = time.perf_counter()
        loader.go()
        number, threads = 0, []
        while loader.running() and time.perf_counter() - began < given.seconds + 30:
            begin = time.perf_counter() + PROBE_EVERY
            threads.append(threading.Thread(target=probe, args=(server, number, found, lost, begin)))
            threads[-1].start()
            number += 1
            time.sleep(PROBE_EVERY)
        result = loader.result()
        for thread in threads:
            thread.join()
        server.wait_stored(facts["items"] + 4 * number, 60)
        metrics, memory = server.metrics(), server.memory()
    record.figures = {
        "acknowledged to visible p50, s": round(quantile(found, 0.5), 3),
        "acknowledged to visible p99, s": round(quantile(found, 0.99), 3),
        "acknowledged to visible max, s": round(max(found, default=0.0), 3),
        "probes": len(found),
        "probes not seen in 30 s": len(lost),
        "sent, spans/s": round(facts["items"] / (result["ended"] - result["began"])),
        "answer p99, ms": round(result["p99"] * 1e3, 1),
        "the server's own measure": histogram(metrics),
        "peak memory, MB": round(memory[1]),
    }
    record.write()


if __name__ == "__main__":
    main()
