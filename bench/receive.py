"""Received over HTTP to queryable, beside the bare engine in the same run.

    python bench/receive.py [--workload genai|mixed|agent|chat] [--protocol http|grpc|json] [--spans 200000]

A fresh server gets requests encoded beforehand, from another process over a few connections, as fast as it
answers. The clock runs from the first request until /metrics says that every span is stored; then the table
is counted: none lost, none double. Each run has a fresh directory; the best counts, as for the bare engine,
and all are listed.
"""

from __future__ import annotations

import argparse
from typing import Any

from bare_engine import bare_engine
from load import Loader, load_file
from record import Record
from running import digest_passes, fresh_server


def receive(
    workload: str,
    spans: int,
    each: int,
    protocol: str,
    connections: int,
    seed: int = 7,
    flags: tuple[str, ...] = (),
) -> dict[str, Any]:
    """One run on a fresh server. Raises RuntimeError when spans are missing or there twice."""
    path, facts = load_file(workload, spans, each, seed, protocol)
    sent = facts["items"]
    with fresh_server(*flags) as server:
        loader = Loader(path, server.grpc_port if protocol == "grpc" else server.port, protocol, connections)
        cpu = server.cpu()
        loader.go()
        result = loader.result()
        stored_at, stored = server.wait_stored(sent, 600)
        cpu = server.cpu() - cpu
        rows = server.sql("SELECT count() AS n, uniqExact(trace_id, span_id) AS d FROM spans")[0]
        if not (stored == int(rows["n"]) == int(rows["d"]) == sent):
            raise RuntimeError(f"{sent} spans sent, {stored} stored, table: {rows}")
        return {
            "rate": sent / (stored_at - result["began"]),
            "accepted": sent / (result["ended"] - result["began"]),
            "spans": sent,
            "mb": facts["bytes"] / 1e6,
            "p50": result["p50"],
            "p99": result["p99"],
            "waits": result["waits"],
            "peak": server.memory()[1],
            "cpu_us": cpu / sent * 1e6,
            "sender_cpu_us": result["cpu"] / sent * 1e6,
            "passes": {k: round(v / sent * 1e6, 2) for k, v in digest_passes(server.metrics()).items()},
        }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workload", default="genai", choices=("genai", "mixed", "agent", "chat"))
    parser.add_argument("--protocol", default="http", choices=("http", "grpc", "json"))
    parser.add_argument("--spans", type=int, default=200_000)
    parser.add_argument("--each", type=int, default=128, help="spans of each request")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--segment", default="", help="the journal's segment size, to compare; empty: the default"
    )
    parser.add_argument("--no-bare", action="store_true", help="leave the bare engine out")
    given = parser.parse_args()
    parts = ["receive", *([given.workload] if given.workload != "genai" else [])]
    parts += [given.protocol] if given.protocol != "http" else []
    parts += [f"segment-{given.segment}"] if given.segment else []
    record = Record(
        "-".join(parts),
        f"{given.workload}, {given.spans} spans, {given.each} a request, {given.protocol},"
        f" {given.connections} connections",
    )
    bare = None if given.no_bare else bare_engine(given.workload, given.spans, given.each, runs=given.runs)
    flags = ("--journal-segment-bytes", given.segment) if given.segment else ()
    runs = [
        receive(given.workload, given.spans, given.each, given.protocol, given.connections, flags=flags)
        for _ in range(given.runs)
    ]
    best = max(runs, key=lambda run: float(run["rate"]))
    record.figures = {
        "received to queryable, spans/s": round(best["rate"]),
        "received to queryable, MB/s": round(best["rate"] * best["mb"] / best["spans"], 1),
        "every run, spans/s": [round(run["rate"]) for run in runs],
    }
    if bare:
        record.figures |= {
            "bare engine, spans/s": bare["rate"],
            "ratio to the bare engine": round(best["rate"] / bare["rate"], 3),
            "bare engine, every run": bare["rates"],
            "bare engine CPU, µs a span": bare["cpu_us"],
            "ratio of CPU to the bare engine": round(bare["cpu_us"] / min(run["cpu_us"] for run in runs), 3),
        }
    record.figures |= {
        "accepted, spans/s": round(best["accepted"]),
        "answer p50, ms": round(best["p50"] * 1e3, 1),
        "answer p99, ms": round(best["p99"] * 1e3, 1),
        "asked to wait (429 or 503)": best["waits"],
        "lost or double": 0,
        "peak memory, MB": round(max(run["peak"] for run in runs)),
        "server CPU, µs a span": round(best["cpu_us"], 1),
        "sender CPU, µs a span": round(best["sender_cpu_us"], 1),
        "digest passes, µs a span": best["passes"],
    }
    record.write()


if __name__ == "__main__":
    main()
