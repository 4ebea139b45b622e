"""Received to queryable beside readers, as a share of the same without them.

    python bench/beside_readers.py [--spans 200000] [--rate 36]

Both in this run, on a fresh server each: first without readers, then with 36 typical queries a second (latest
traces, a trace by id, p95 by model, cost by user). Answer times count from when a query was due.
"""

from __future__ import annotations

import argparse

from load import Loader, load_file
from readers import Readers
from record import Record, quantile
from running import fresh_server


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--spans", type=int, default=200_000)
    parser.add_argument("--each", type=int, default=128, help="spans of each request")
    parser.add_argument("--rate", type=float, default=36.0, help="queries a second")
    given = parser.parse_args()
    record = Record("beside_readers", f"genai, {given.spans} spans, {given.rate:g} queries a second")
    path, facts = load_file("genai", given.spans, given.each)
    before, sent = load_file("genai", 20_000, given.each, seed=99)[0], facts["items"]
    rates: list[float] = []
    for with_readers in (False, True):
        with fresh_server() as server:
            first = Loader(before, server.port, "http", 4)  # something to ask for
            first.go()
            first.result()
            known = load_file("genai", 20_000, given.each, seed=99)[1]["items"]
            server.wait_stored(known, 120)
            loader = Loader(path, server.port, "http", 4)
            readers = Readers(server.port, given.rate) if with_readers else None
            loader.go()
            result = loader.result()
            ended, _ = server.wait_stored(sent + known, 600)
            seconds = readers.stop() if readers else 0.0
            rows = int(server.sql("SELECT count() AS n FROM spans")[0]["n"])
            if rows != sent + known:
                raise RuntimeError(f"{sent + known} spans sent, {rows} in the table")
            rates.append(sent / (ended - result["began"]))
            peak = server.memory()[1]
    assert readers is not None
    every = [seconds for answers in readers.took.values() for seconds in answers]
    record.figures = {
        "received to queryable beside readers, spans/s": round(rates[1]),
        "without readers, spans/s": round(rates[0]),
        "ratio to without readers": round(rates[1] / rates[0], 3),
        "queries answered a second": round(len(every) / seconds, 1),
        "queries p50, ms": round(quantile(every, 0.5) * 1e3, 1),
        "queries p95, ms": round(quantile(every, 0.95) * 1e3, 1),
        "queries failed": len(readers.errors),
        "peak memory, MB": round(peak),
    }
    for name, answers in readers.took.items():
        record.details[f"{name}: p50, p95, ms"] = [
            round(quantile(answers, share) * 1e3, 1) for share in (0.5, 0.95)
        ]
    if readers.errors:
        record.figures["first failure"] = readers.errors[0]
    record.write()


if __name__ == "__main__":
    main()
