"""Exports from a directory of many spans: how long, how large, and how much memory the server takes.

    python bench/export.py DIRECTORY [--spans 1000000] [--formats parquet,csv,jsonl,otlp]

DIRECTORY is made by `make_directory.py` (`--spans 1000000`). Each export is read as HTTP by a client that
throws it away; the server's memory is looked at all the while.
"""

from __future__ import annotations

import argparse
import threading
import time
from pathlib import Path
from typing import Any

from record import Record
from running import Server, process_memory

from sightline.client import Client

ALL = {"since": "2000-01-01", "until": "+1d"}


def exported(server: Server, url: str, form: str, content: bool) -> dict[str, Any]:
    """One export: figures of it."""
    over, seen = threading.Event(), [server.memory()[0]]

    def look() -> None:
        while not over.wait(0.25):
            seen.append(process_memory(server.pid)[0])

    watcher = threading.Thread(target=look)
    watcher.start()
    began, cpu, size, first = time.perf_counter(), server.cpu(), 0, 0.0
    try:
        with Client(url, seconds=600) as client:
            count, pieces = client.exported(format=form, content=content, **ALL)
            for piece in pieces:
                first = first or time.perf_counter() - began
                size += len(piece)
    finally:
        over.set()
        watcher.join()
    seconds = time.perf_counter() - began
    half = len(seen) // 2
    return {
        "format": form,
        "content": content,
        "spans": count,
        "seconds": round(seconds, 1),
        "first byte, s": round(first, 2),
        "spans/s": round(count / seconds),
        "MB as sent, unpacked": round(size / 1e6, 1),
        "server's processor, s": round(server.cpu() - cpu, 1),
        "memory before, MB": round(seen[0]),
        "most in the first half, MB": round(max(seen[: half + 1])),
        "most in the second half, MB": round(max(seen[half:])),
    }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--formats", default="parquet,csv,jsonl,otlp")
    parser.add_argument("--contents", default="false,true", help="without, with, or both")
    arguments = parser.parse_args()
    record = Record("export", f"{arguments.formats}, one after another")
    server = Server(arguments.directory)
    try:
        runs = []
        for content in arguments.contents.split(","):
            for form in arguments.formats.split(","):
                runs.append(exported(server, f"http://127.0.0.1:{server.port}", form, content == "true"))
                print(runs[-1], flush=True)
        record.figures["exports"] = runs
    finally:
        server.stop()
    print(record.write())


if __name__ == "__main__":
    main()
