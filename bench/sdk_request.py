"""What instrumentation adds to requests of 200 ms at 100 a second, ten spans each: latency and CPU.

    python bench/sdk_request.py [--seconds 20]

An asyncio program in a process of its own answers requests that wait 200 ms in nine steps and make some text:
without spans, with OpenTelemetry's SDK, its batch processor and exporter, and with Sightline. CPU is that of
the whole process, so with the worker. The variants take turns, three rounds; medians count.

Arrivals and the lengths of steps are random with one seed for all: timers wake at whole milliseconds, and
steps of one length at equal distances fell into step with them: 40 µs more of work looked like 2 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

from record import Record, quantile
from sdk_caller import ATTRIBUTES
from sdk_sink import sink

VARIANTS = ("none", "otel", "sightline")
RATE, WAIT, STEPS = 100, 0.2, 10
SEED = 7


def _tracer(variant: str, url: str) -> Any:
    from opentelemetry import trace

    if variant == "none":
        return None
    if variant == "otel":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider()
        provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces"), schedule_delay_millis=1000)
        )
        trace.set_tracer_provider(provider)
    else:
        import sightline

        sightline.init(endpoint=url, service="bench", spool="off", instrument=False, quiet=True)
    return trace.get_tracer("bench")


async def serve(variant: str, url: str, seconds: float) -> dict[str, float]:
    """Median and 99th percentile of latency in ms, and CPU in ms a request."""
    tracer = _tracer(variant, url)
    took: list[float] = []

    chance = random.Random(SEED)

    async def request(waits: list[float]) -> None:
        began = time.perf_counter()
        with tracer.start_as_current_span("request") if tracer else nullcontext():
            for wait in waits:
                with tracer.start_as_current_span("step", attributes=ATTRIBUTES) if tracer else nullcontext():
                    await asyncio.sleep(wait)
                    json.dumps(list(range(200)))
        took.append(time.perf_counter() - began)

    async def drive(count: int) -> None:
        loop = asyncio.get_running_loop()
        due, tasks = loop.time(), []
        for _ in range(count):
            due += chance.expovariate(RATE)
            cuts = sorted(chance.random() for _ in range(STEPS - 2))
            waits = [(end - start) * WAIT for start, end in pairwise([0.0, *cuts, 1.0])]
            await asyncio.sleep(max(0.0, due - loop.time()))
            tasks.append(asyncio.create_task(request(waits)))
        await asyncio.gather(*tasks)

    await drive(RATE)  # warms up: imports, connections
    took.clear()
    began = time.process_time()
    await drive(int(RATE * seconds))
    cpu = time.process_time() - began
    each = {"p50": quantile(took, 0.5), "p99": quantile(took, 0.99), "mean": sum(took) / len(took)}
    return {name: value * 1e3 for name, value in (each | {"cpu": cpu / len(took)}).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(asyncio.run(serve(given.one[0], given.one[1], given.seconds))))
        return
    record = Record(
        "sdk_request",
        f"{RATE} requests/s of {WAIT * 1000:g} ms with {STEPS} spans, {given.seconds:g} s a run",
    )
    runs: dict[str, list[dict[str, float]]] = {variant: [] for variant in VARIANTS}
    with sink() as url:
        for _ in range(given.rounds):
            for variant in VARIANTS:
                command = [sys.executable, __file__, "--one", variant, url, "--seconds", str(given.seconds)]
                runs[variant].append(
                    json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
                )
    median = {
        v: {k: sorted(r[k] for r in found)[len(found) // 2] for k in found[0]} for v, found in runs.items()
    }
    for variant in VARIANTS[1:]:
        for name, unit in (("p50", "ms"), ("mean", "ms"), ("cpu", "ms")):
            more = median[variant][name] - median["none"][name]
            record.figures[f"{variant}: {name} added ({unit})"] = round(more, 2)
            record.figures[f"{variant}: {name} added (% of a request's 200 ms)"] = round(
                more / (WAIT * 1000) * 100, 2
            )
    for variant in VARIANTS:
        record.details[variant] = {k: round(x, 2) for k, x in median[variant].items()}
    record.write()


if __name__ == "__main__":
    main()
