"""What a span costs the program's own thread: OpenTelemetry's SDK alone, and with Sightline on it.

    python bench/sdk_caller.py [--spans 40000] [--record]

Each variant runs in a process of its own, several times, the fastest counts. `CPU` is that of the calling
threads alone; `wall` also has what the worker takes of the interpreter meanwhile. Traces have ten spans.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time

from record import Record
from sdk_sink import sink

ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.usage.input_tokens": 1234,
    "gen_ai.usage.output_tokens": 321,
    "gen_ai.request.temperature": 0.2,
    "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"'
    + "word " * 40
    + '"}]}]',
    "user.id": "user-42",
}
VARIANTS = ("otel", "sightline", "sampled", "file")


def measure(variant: str, url: str, spans: int, attributes: bool, threads: int) -> dict[str, float]:
    """Microseconds of CPU and wall for a span, in this process."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    import sightline

    if variant == "otel":
        trace.set_tracer_provider(TracerProvider())
    else:
        more = {"sampled": {"sampling": 0.1}, "file": {"file": "/tmp/sightline-bench.jsonl"}}.get(variant, {})
        sightline.init(endpoint=url, service="bench", spool="off", instrument=False, queue_max_spans=10**6,
                       queue_max_bytes=2**30, quiet=True, **more)  # fmt: skip
    tracer = trace.get_tracer("bench")
    given = ATTRIBUTES if attributes else {}
    cpu = [0.0] * threads

    def work(index: int, traces: int) -> None:
        began = time.thread_time()
        for _ in range(traces):
            with tracer.start_as_current_span("root"):
                for _ in range(9):
                    tracer.start_span("child", attributes=given).end()
        cpu[index] = time.thread_time() - began

    work(0, 20)
    each = spans // 10 // threads
    began = time.perf_counter()
    crew = [threading.Thread(target=work, args=(i, each)) for i in range(threads)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    wall = time.perf_counter() - began
    made = each * 10 * threads
    return {"cpu": sum(cpu) / made * 1e6, "wall": wall / made * 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--one", nargs=5)
    given = parser.parse_args()
    if given.one:
        variant, url, spans, attributes, threads = given.one
        print(json.dumps(measure(variant, url, int(spans), attributes == "1", int(threads))))
        return
    record = Record(
        "sdk_caller", f"{given.spans} spans in traces of ten, fastest of {given.rounds} processes"
    )
    with sink() as url:
        for attributes in (False, True):
            for threads in (1, 8):
                for variant in VARIANTS:
                    found = [
                        _child(variant, url, given.spans, attributes, threads) for _ in range(given.rounds)
                    ]
                    label = f"{variant}, {8 if attributes else 0} attributes, {threads} threads"
                    record.figures[f"{label}: CPU (µs/span)"] = round(min(f["cpu"] for f in found), 1)
                    record.details[f"{label}: wall (µs/span)"] = round(min(f["wall"] for f in found), 1)
                    print(label, record.figures[f"{label}: CPU (µs/span)"], flush=True)
    if given.record:
        record.write()


def _child(variant: str, url: str, spans: int, attributes: bool, threads: int) -> dict[str, float]:
    command = [
        sys.executable,
        __file__,
        "--one",
        variant,
        url,
        str(spans),
        str(int(attributes)),
        str(threads),
    ]
    found: dict[str, float] = json.loads(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
    )
    return found


if __name__ == "__main__":
    main()
