"""How long after the answer a span can be queried, at a steady rate.

    python bench/visible.py [--rate 5000] [--seconds 60]

The load sends at the rate from another process. Beside it a probe request with a trace id of its own is
sent every half second; ten times a second one question over the API asks for all that are not seen yet.
Measured is from the acknowledgement to the first answer that shows it. The server's own measure (oldest
request of each segment) stands beside it.
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

PROBE_EVERY, ASK_EVERY, PATIENCE = 0.5, 0.1, 30.0


class Probes:
    """Sends a trace of its own every half second; one question asks for all that are not seen yet."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._stop = threading.Event()
        self._waiting: dict[str, float] = {}
        self.sent = 0
        self.seen: list[float] = []
        self._threads = [threading.Thread(target=run) for run in (self._send, self._ask)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        send = http_sender(self._server.port, "application/x-protobuf")
        while not self._stop.is_set():
            seed = 1_000_000 + self.sent
            load = next(genai(1, 4, seed, start=time.time_ns()))
            send(load.payload)
            # The trace's id is the first thing the workload draws from its seed.
            self._waiting[random.Random(f"genai:{seed}").randbytes(16).hex()] = time.perf_counter()
            self.sent += 1
            self._stop.wait(PROBE_EVERY)

    def _ask(self) -> None:
        while not self._stop.is_set() or self._waiting:
            waiting = dict(self._waiting)
            if waiting:
                ids = ", ".join(f"'{trace}'" for trace in waiting)
                rows = self._server.sql(f"SELECT DISTINCT trace_id FROM spans WHERE trace_id IN ({ids})")
                now = time.perf_counter()
                for row in rows:
                    self.seen.append(now - self._waiting.pop(row["trace_id"]))
                if self._stop.is_set() and now > max(waiting.values()) + PATIENCE:
                    return
            time.sleep(ASK_EVERY)

    def stop(self) -> None:
        """Send no more, and wait until all are seen or the patience is over."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


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
    with fresh_server() as server:
        loader = Loader(path, server.port, "http", 8, given.each / given.rate)
        probes = Probes(server)
        loader.go()
        result = loader.result()
        probes.stop()
        server.wait_stored(facts["items"] + 4 * probes.sent, 60)
        metrics, memory = server.metrics(), server.memory()
    record.figures = {
        "acknowledged to visible p50, s": round(quantile(probes.seen, 0.5), 3),
        "acknowledged to visible p99, s": round(quantile(probes.seen, 0.99), 3),
        "acknowledged to visible max, s": round(max(probes.seen, default=0.0), 3),
        "probes": probes.sent,
        "probes never seen": probes.sent - len(probes.seen),
        "sent, spans/s": round(facts["items"] / (result["ended"] - result["began"])),
        "answer p99, ms": round(result["p99"] * 1e3, 1),
        "the server's own measure": histogram(metrics),
        "peak memory, MB": round(memory[1]),
    }
    record.write()


if __name__ == "__main__":
    main()
