"""A program observed by one SDK, run by `sdk_peers.py` with the Python that has it. Standard library only.

    python bench/sdk_peer_program.py PEER URL tight|paced COUNT

One request is ten calls of functions, each with a question of 200 characters or a few documents as arguments
and results, as a small pipeline has them. Prints its figures as one line of JSON.
"""

from __future__ import annotations

import functools
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

Decorate = Callable[[Callable[..., Any]], Callable[..., Any]]
Setup = tuple[Decorate, Callable[[], object]]
SPANS = 10


def _nothing(url: str) -> Setup:
    return (lambda f: f), (lambda: None)


def _opentelemetry(url: str) -> Setup:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url}/v1/traces"), 65536))
    trace.set_tracer_provider(provider)
    tracer = trace.get_tracer("bench")

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def observed(*arguments: Any) -> Any:
            with tracer.start_as_current_span(function.__name__) as span:
                span.set_attribute("input.value", json.dumps(arguments))
                found = function(*arguments)
                span.set_attribute("output.value", json.dumps(found))
                return found

        return observed

    return decorate, provider.force_flush


def _sightline(url: str) -> Setup:
    import sightline

    sightline.init(endpoint=url, service="bench", instrument=False, spool_dir=os.environ["BENCH_SPOOL"])
    return sightline.trace, lambda: sightline.flush(60)


def _langfuse(url: str) -> Setup:
    from langfuse import Langfuse, observe

    client = Langfuse(public_key="pk-bench", secret_key="sk-bench", base_url=url)
    return observe(), client.flush


def _langsmith(url: str) -> Setup:
    os.environ |= {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": url, "LANGSMITH_API_KEY": "lsv2_bench"}
    from langsmith import Client, traceable

    client = Client()
    return traceable(client=client), client.flush


def _mlflow(url: str) -> Setup:
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{url}/v1/traces"
    os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    # Without one it looks for files of its server, which this package lacks, and traces nothing.
    os.environ["MLFLOW_TRACKING_URI"] = url
    import mlflow
    from mlflow.tracing.provider import provider as held

    def flush() -> object:
        held.get().force_flush()
        return None

    return mlflow.trace, flush


def _openinference(url: str) -> Setup:
    from phoenix.otel import register

    provider = register(endpoint=f"{url}/v1/traces", batch=True, verbose=False, protocol="http/protobuf")
    return provider.get_tracer("bench").chain, provider.force_flush


PEERS: dict[str, Callable[[str], Setup]] = {
    "no instrumentation": _nothing,
    "opentelemetry-sdk": _opentelemetry,
    "sightline": _sightline,
    "langfuse": _langfuse,
    "langsmith": _langsmith,
    "mlflow": _mlflow,
    "openinference": _openinference,
}


def pipeline(decorate: Decorate, pause: float) -> Callable[[str], str]:
    """A request of ten observed calls; each of nine takes `pause` seconds."""

    @decorate
    def retrieve(question: str, count: int) -> list[dict[str, Any]]:
        wait()
        return [{"id": f"doc-{n}", "score": 1 / (n + 1), "text": question} for n in range(count)]

    @decorate
    def look_up(name: str, number: int) -> dict[str, Any]:
        wait()
        return {"name": name, "number": number, "found": True}

    @decorate
    def call_model(prompt: str, temperature: float) -> str:
        wait()
        return prompt[:150]

    @decorate
    def answer(question: str) -> str:
        found = retrieve(question, 3)
        for n in range(4):
            look_up("orders", n)
        text = question
        for _ in range(4):
            text = call_model(found[0]["text"], 0.2)
        return text

    def wait() -> None:
        if pause:
            time.sleep(pause)

    return answer


def memory_mb() -> float:
    """The most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tight(answer: Callable[[str], str], flush: Callable[[], object], requests: int) -> dict[str, float]:
    """Requests as fast as they go, a flush after each hundred: the caller's time and the whole process's."""
    question = "What does the contract say about delivery? " * 5
    for n in range(200):
        answer(f"{n} {question}")
    flush()
    before = memory_mb()
    callers: list[float] = []
    cpu = time.process_time()
    for _ in range(requests // 100):
        began = time.perf_counter()
        for n in range(100):
            answer(f"{n} {question}")
        callers.append((time.perf_counter() - began) / 100 / SPANS * 1e6)
        flush()
    cpu = (time.process_time() - cpu) / requests / SPANS * 1e6
    callers.sort()
    return {
        "caller, µs a span": round(callers[len(callers) // 2], 1),
        "caller, µs a span, best": round(callers[0], 1),
        "processor with what runs beside, µs a span": round(cpu, 1),
        "memory before, MB": round(before, 1),
        "memory at most, MB": round(memory_mb(), 1),
    }


def paced(answer: Callable[[str], str], flush: Callable[[], object], requests: int) -> dict[str, float]:
    """100 requests a second, each of them 200 ms long: latency and processor."""
    question = "What does the contract say about delivery? " * 5
    took: list[float] = []

    def one(n: int) -> None:
        began = time.perf_counter()
        answer(f"{n} {question}")
        took.append(time.perf_counter() - began)

    cpu, start = time.process_time(), time.perf_counter()
    threads: list[threading.Thread] = []
    for n in range(requests):
        time.sleep(max(0.0, start + n / 100 - time.perf_counter()))
        threads.append(threading.Thread(target=one, args=(n,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - start
    flush()
    took.sort()
    return {
        "request, p50, ms": round(took[len(took) // 2] * 1e3, 2),
        "request, p99, ms": round(took[int(len(took) * 0.99)] * 1e3, 2),
        "processor, % of a core": round(100 * (time.process_time() - cpu) / lasted, 2),
        "processor, ms a request": round(1e3 * (time.process_time() - cpu) / requests, 2),
        "memory at most, MB": round(memory_mb(), 1),
    }


def main() -> None:
    """One measurement."""
    peer, url, mode, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    before = memory_mb()
    began = time.perf_counter()
    decorate, flush = PEERS[peer](url)
    ready = (time.perf_counter() - began) * 1e3
    found = {"set up with imports, ms": round(ready, 1), "set up, MB": round(memory_mb() - before, 1)}
    if mode == "tight":
        found |= tight(pipeline(decorate, 0), flush, count)
    elif mode == "paced":
        found |= paced(pipeline(decorate, 0.2 / 9), flush, count)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
