"""An hour's worth of calls, accelerated: memory stays flat.

    python bench/sdk_hour.py [--traces 36000] [--sampling 1.0]

36,000 traces of ten spans are ten a second for an hour. They are made as fast as the queue takes them, with
content as of chats, to a sink; one span of each trace never ends. Resident memory is read twenty times; the
first fifth is warming up.
"""

from __future__ import annotations

import argparse
import gc
import time
from pathlib import Path

from record import Record
from sdk_caller import ATTRIBUTES
from sdk_sink import sink

import sightline


def resident() -> float:
    """MiB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=36_000)
    parser.add_argument("--sampling", type=float, default=1.0)
    given = parser.parse_args()
    record = Record(
        "sdk_hour", f"{given.traces} traces of ten spans with content, sampling {given.sampling:g}"
    )
    with sink() as url:
        sightline.init(
            endpoint=url, service="hour", spool="off", instrument=False, quiet=True, sampling=given.sampling
        )
        from opentelemetry import trace

        tracer = trace.get_tracer("bench")
        seen: list[float] = []
        began = time.perf_counter()
        for _ in range(20):
            for number in range(given.traces // 20):
                with sightline.context(user=f"u-{number}"), tracer.start_as_current_span("request"):
                    for _ in range(8):
                        tracer.start_span("chat", attributes=ATTRIBUTES).end()
                    tracer.start_span("forgotten")
                if number % 200 == 199:
                    sightline.flush(30)
            sightline.flush(30)
            gc.collect()
            seen.append(round(resident(), 1))
        took = time.perf_counter() - began
        counts = sightline.counts().spans
        sightline.shutdown()
    steady = seen[4:]
    middle = (len(steady) - 1) / 2
    slope = sum((i - middle) * m for i, m in enumerate(steady)) / sum(
        (i - middle) ** 2 for i in range(len(steady))
    )
    record.figures |= {
        "spans made": counts.ended,
        "spans lost": counts.lost,
        "memory after warming up (MiB)": steady[0],
        "memory at the end (MiB)": steady[-1],
        "growth over the steady part, by its slope (MiB)": round(slope * (len(steady) - 1), 2),
    }
    record.details |= {"memory at each twentieth (MiB)": seen, "seconds": round(took, 1)}
    record.write()


if __name__ == "__main__":
    main()
