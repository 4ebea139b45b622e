"""What reading and checking a user's SQL costs, before it runs: `python bench/sql_check.py [--rounds 200]`.

Prints the middle and the 95th percentile of each query's check on an empty store in a directory of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from sightline.query.sql_endpoint import SqlEndpoint
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Store, embedded_url

QUERIES = {
    "count": "select count() from spans",
    "dashboard": "select request_model, count(), sum(input_tokens), quantile(0.95)(duration_ns) from spans"
    " where start_time > now() - interval 1 day group by 1 order by 2 desc limit 20",
    "join": "with t as (select trace_id, sum(cost_usd) as c from spans group by trace_id) select s.user_id,"
    " sum(t.c) from spans as s join t using (trace_id) where s.is_root group by 1 order by 2 desc limit 10",
    "every column": "select * from spans order by start_time desc limit 50",
    "traces": "select * from traces limit 10",
    "refused": "select * from file('x')",
}


def measure(endpoint: SqlEndpoint, store: Store, query: str, rounds: int) -> list[float]:
    """Milliseconds of each round, sorted."""
    connection = store.writer()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        try:
            endpoint.plan(connection, "default", query, {})
        except Exception as error:
            if "not available" not in str(error):
                raise
        taken.append((time.perf_counter() - started) * 1000)
    connection.close()
    return sorted(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        store = Store(embedded_url(Path(directory)), StoreSettings())
        writer = store.writer()
        migrate(writer)
        writer.close()
        endpoint = SqlEndpoint(store, StoreSettings())
        endpoint.open()
        for name, query in QUERIES.items():
            taken = measure(endpoint, store, query, rounds)
            print(f"{name:14} p50 {taken[rounds // 2]:6.2f} ms   p95 {taken[int(rounds * 0.95)]:6.2f} ms")
        endpoint.close()
        store.close()


if __name__ == "__main__":
    main()
