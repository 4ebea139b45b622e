"""One chDB process for the tests of backup and restore: the engine allows one directory per process.

`python engine_process.py VERB {json}` prints one line of JSON: {"ok": …} or {"error": "…"}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sightline.operations.backup import Sources, backup
from sightline.operations.manifest import BackupError
from sightline.operations.restore import restore
from sightline.settings import Settings, StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Store, embedded_url

CHECKS = (
    "SELECT count(), countIf(s = 'patched') FROM sightline.probe",
    "SELECT sum(n) FROM sightline.probe_sums",
    "SELECT count(), sum(a) FROM sightline.probe_dedup",
    "SELECT j.k.:Int64 FROM sightline.probe WHERE a = 7",
    "SELECT count() FROM sightline.schema_steps",
)


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    store = Store(f"chdb://{folder.absolute()}", StoreSettings())
    try:
        yield store
    finally:
        store.close()


def fill(store: Store) -> None:
    """The real schema, and a table with all that is hard to copy: patches, JSON, views, deduplication."""
    writer = store.writer()
    migrate(writer)
    for sql in (
        "CREATE TABLE sightline.probe (a UInt64, s String, p String, j JSON) ENGINE = MergeTree"
        " PARTITION BY p ORDER BY a SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1",
        "CREATE MATERIALIZED VIEW sightline.probe_sums ENGINE = SummingMergeTree ORDER BY p"
        " AS SELECT p, count() AS n FROM sightline.probe GROUP BY p",
        "INSERT INTO sightline.probe SELECT number, 'x', toString(number % 3), '{\"k\":' || number || '}'"
        " FROM numbers(3000)",
        "UPDATE sightline.probe SET s = 'patched' WHERE a < 100",
        "DELETE FROM sightline.probe WHERE a >= 2900",
        "CREATE TABLE sightline.probe_dedup (a UInt64) ENGINE = MergeTree ORDER BY a"
        " SETTINGS non_replicated_deduplication_window = 100",
    ):
        writer.command(sql)
    insert_segment(store)
    writer.close()


def insert_segment(store: Store) -> None:
    store.command(
        "INSERT INTO sightline.probe_dedup SETTINGS insert_deduplication_token = 'segment-1'"
        " SELECT number FROM numbers(10)"
    )


def answers(store: Store) -> list[Any]:
    return [[list(row) for row in store.query(sql).rows] for sql in CHECKS]


def make(data: str, target: str, control: str) -> dict[str, Any]:
    with opened(Path(data) / "store") as store:
        fill(store)
        sources = Sources(Path(data), store, Path(data) / "journal", control, Settings(), nullcontext)
        made = backup(Path(target), sources)
        # What comes after the backup must not be in it.
        store.command("INSERT INTO sightline.probe SELECT number, 'late', '9', '{}' FROM numbers(5)")
        before = answers(store)
    return {"rows": made.rows, "answers": before, "parts": [part.name for part in made.parts]}


def bring_back(source: str, data: str) -> dict[str, Any]:
    stores: list[Store] = []

    @contextmanager
    def kept(folder: Path) -> Iterator[Store]:
        with opened(folder) as store:
            stores.append(store)
            yield store
            found.append(answers(store))
            insert_segment(store)  # the same segment again, as after a crash
            found.append(answers(store)[2])
            store.command("OPTIMIZE TABLE sightline.probe FINAL")
            found.append(answers(store)[0])

    found: list[Any] = []
    stored = restore(Path(source), Path(data), kept)
    return {"rows": stored.rows, "answers": found[0], "again": found[1], "merged": found[2]}


def main() -> None:
    verb, arguments = sys.argv[1], json.loads(sys.argv[2])
    try:
        print(json.dumps({"ok": {"make": make, "restore": bring_back}[verb](**arguments)}))
    except BackupError as error:
        print(json.dumps({"error": str(error)}))


assert embedded_url(Path("/x")).endswith("/x/store")
if __name__ == "__main__":
    main()
