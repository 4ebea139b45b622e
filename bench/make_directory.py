"""Makes a data directory with many spans, to measure starts and pages on.

    python bench/make_directory.py DIRECTORY [--spans 10000000] [--base 200000] [--days 14]

The first spans (`--base`) go through a real server and its digest. The rest are copies made in the engine by
INSERT SELECT: new trace and span ids, times spread over the days; texts are shared with the originals, so
`content` holds those of the base only. The engine's merges run as they do in service; nothing is optimised at
the end.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from load import Loader, load_file
from record import Record
from running import fresh_server

from sightline.settings import StoreSettings
from sightline.store.store import Store, embedded_url

COPY = """
INSERT INTO sightline.spans
SELECT * REPLACE (
    lower(hex(sipHash128(trace_id, {copy:UInt32}))) AS trace_id,
    lower(hex(sipHash64(span_id, {copy:UInt32}))) AS span_id,
    if(parent_span_id = '', '', lower(hex(sipHash64(parent_span_id, {copy:UInt32})))) AS parent_span_id,
    start_time + toIntervalNanosecond({shift:UInt64} + sipHash64(trace_id, {copy:UInt32}) % {width:UInt64})
        AS start_time,
    start_time AS received_at
)
FROM sightline.base
"""
# The copies go past the digest, which would have noted the hours it changed.
NOTE = """
INSERT INTO sightline.changed_hours (project, hour, changed_at)
SELECT project, toInt32(intDiv(toUnixTimestamp64Nano(start_time), 3600000000000)) AS hour,
    toUnixTimestamp64Micro(now64(6)) FROM sightline.spans GROUP BY project, hour
"""


def multiply(data: Path, spans: int, days: float) -> tuple[int, float]:
    """Copy the spans of a directory until it has so many; the number there is, and the seconds it took."""
    store = Store(embedded_url(data), StoreSettings())
    writer = store.writer(
        max_insert_threads=1, min_insert_block_size_rows=10_000_000, max_memory_usage=6 << 30
    )
    began = time.perf_counter()
    try:
        writer.command("CREATE TEMPORARY TABLE base ENGINE = Memory AS SELECT * FROM sightline.spans")
        base = int(writer.query("SELECT count() FROM base").rows[0][0])
        copies = max(0, -(-(spans - base) // base))
        width = int(days * 86_400e9 / max(copies, 1))
        for copy in range(copies):
            left = spans - base * (copy + 1)
            statement = COPY.replace("sightline.base", "base") + ("" if left >= base else f" LIMIT {left}")
            writer.command(statement, {"copy": copy, "shift": copy * width, "width": width})
            if copy % 10 == 9:
                print(f"{base * (copy + 2):,} spans after {time.perf_counter() - began:.0f} s", flush=True)
        writer.command(NOTE)
        rows = int(writer.query("SELECT count() FROM sightline.spans").rows[0][0])
    finally:
        writer.close()
        store.close()
    return rows, time.perf_counter() - began


def disk_bytes(directory: Path) -> int:
    """Bytes of all files below a directory."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def main() -> None:
    """Make the directory."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--base", type=int, default=200_000, help="spans that go through the digest")
    parser.add_argument("--days", type=float, default=14.0, help="the days before now that the spans lie in")
    given = parser.parse_args()
    directory = given.directory.absolute()
    if directory.exists() and any(directory.iterdir()):
        parser.error(f"{given.directory} is not empty")
    record = Record("make_directory", f"genai, {given.spans} spans over {given.days:g} days")
    # Whole hours, so that the file can be used again.
    start = int((time.time() - given.days * 86_400) // 3600 * 3600) * 10**9
    path, facts = load_file("genai", min(given.base, given.spans), start=start)
    with fresh_server(directory=directory) as server:
        loader = Loader(path, server.port, "http", 4)
        loader.go()
        loader.result()
        server.wait_stored(facts["items"], 600)
    rows, seconds = multiply(directory, given.spans, given.days)
    record.figures = {
        "spans": rows,
        "through the digest": facts["items"],
        "copied in the engine, s": round(seconds, 1),
        "bytes on disk, GB": round(disk_bytes(directory) / 1e9, 2),
    }
    record.write()


if __name__ == "__main__":
    main()
