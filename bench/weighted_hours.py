"""The overview of millions of sampled spans, from hours added up by weight, beside the same from spans.

    python bench/weighted_hours.py --directory DIRECTORY [--days 7 30]

DIRECTORY is one of `make_directory.py`, a copy of its own: its spans get weights here (a fifth of the traces
1, the others 10), and keep them. CPU is that of this whole process, which is the engine too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from record import Record

from sightline.query.hour_keeper import HourKeeper
from sightline.query.overview import surveys
from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Connection, Store, embedded_url

DAY = 86_400 * 10**9
HOUR = 3_600 * 10**9
WEIGHTS = """
ALTER TABLE sightline.spans UPDATE
    sample_weight = if(cityHash64(trace_id) % 5 = 0, 1, 10),
    trace_weight = if(cityHash64(trace_id) % 5 = 0, 1, 10)
WHERE sample_weight IS NULL SETTINGS mutations_sync = 2
"""


def took(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of wall and of CPU, and the result."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - wall, time.process_time() - cpu, found


def best(work: Callable[[], Any], times: int) -> tuple[float, float]:
    """The least wall and CPU seconds of some runs."""
    runs = [took(work)[:2] for _ in range(times)]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def keep(store: Store, writer: Connection, now: int) -> tuple[float, float, int]:
    """Add up all that waits: wall, CPU and hours."""
    keeper = HourKeeper(store, lambda: now, lambda: True)

    def everything() -> int:
        done = 0
        while made := keeper.keep(writer):
            done += made
        return done

    return took(everything)


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--days", type=int, nargs="*", default=[7, 30])
    parser.add_argument("--from-spans", action="store_true", help="also read spans: slow")
    given = parser.parse_args()
    store = Store(embedded_url(given.directory), StoreSettings())
    with contextlib.closing(store), contextlib.closing(store.writer()) as writer:
        schema.migrate(writer)
        spans = int(writer.query("SELECT count() FROM sightline.spans").scalar() or 0)
        record = Record("weighted_hours", f"{spans:,} spans, a fifth of the traces of weight 1, others of 10")
        latest = int(
            writer.query("SELECT toUnixTimestamp64Nano(max(start_time)) FROM sightline.spans").scalar() or 0
        )
        project = str(writer.query("SELECT any(project) FROM sightline.spans").scalar())
        until = latest // HOUR * HOUR + HOUR
        noted = writer.query("SELECT max(changed_at) FROM sightline.changed_hours").scalar() or 0
        now = max(until, int(noted) * 1000) + 3 * HOUR

        def overview(days: int, up_to: int) -> Callable[[], Any]:
            window, at = Window(project, until - days * DAY, until), now
            return lambda: asyncio.run(surveys(store, window, None, at, exact_up_to=up_to))

        def from_hours(what: str, days: int) -> None:
            wall, cpu = best(overview(days, 1_000_000), 5)
            record.figures[f"{what}, {days} days, s"] = round(wall, 3)
            record.details[f"{what}, {days} days, CPU s"] = round(cpu, 3)

        weighted = int(
            writer.query("SELECT count() FROM sightline.spans WHERE sample_weight > 1").scalar() or 0
        )
        if not weighted:
            wall, cpu, hours = keep(store, writer, now)
            if hours:
                record.figures["adding up without weights, CPU s"] = round(cpu, 1)
                record.figures["adding up without weights, hours"] = hours
            for days in given.days:
                from_hours("without weights", days)
            wall, _, _ = took(lambda: writer.command(WEIGHTS))
            print(f"weights after {wall:.0f} s", flush=True)
            writer.command(
                "INSERT INTO sightline.changed_hours (project, hour, changed_at) SELECT DISTINCT project,"
                f" toInt32(intDiv(toUnixTimestamp64Nano(start_time), {HOUR})) AS hour,"
                f" {(now + HOUR) // 1000} FROM sightline.spans"
            )
        now += 4 * HOUR
        wall, cpu, hours = keep(store, writer, now)
        record.figures["adding up by weight, CPU s"] = round(cpu, 1)
        record.figures["adding up by weight, hours"] = hours
        for days in given.days:
            from_hours("by weight", days)
            if given.from_spans:
                wall, cpu, _ = took(overview(days, 10**9))
                record.details[f"by weight, {days} days, from spans, s"] = round(wall, 1)
                record.details[f"by weight, {days} days, from spans, CPU s"] = round(cpu, 1)
        sums = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'weighted_hours'"
        record.figures["table of weighted hours, MB"] = round(int(writer.query(sums).scalar() or 0) / 1e6, 1)
    record.write()


if __name__ == "__main__":
    main()
