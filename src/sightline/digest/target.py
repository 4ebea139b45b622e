"""Where rows go: the embedded engine that also decodes, or a ClickHouse server that only receives blocks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sightline.digest.steps import quoted
from sightline.store.store import Connection, clause

# What casting JSON text to the JSON type must not do: guess dates, or fail on `a` beside `a.b`.
JSON_SETTINGS: dict[str, Any] = {
    "input_format_try_infer_dates": 0,
    "input_format_try_infer_datetimes": 0,
    "type_json_skip_duplicated_paths": 1,
    "max_insert_threads": 1,
    "query_plan_enable_optimizations": 0,
    # One block, so one part for each partition: an insert is whole or not there.
    "min_insert_block_size_rows": 10_000_000,
    "min_insert_block_size_bytes": 2 << 30,
    "max_partitions_per_insert_block": 10_000,
}


class Target:
    """Inserts what the digest makes. `local` is the connection whose scratch tables the SELECTs read."""

    def __init__(self, local: Connection, connection: Connection) -> None:
        self._local = local
        self.connection = connection
        self.embedded = local is connection
        self._types: dict[str, dict[str, str]] = {}
        self._logs: dict[str, Path] = {}

    def insert_select(
        self,
        table: str,
        columns: Sequence[str],
        select: str,
        token: str,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert the rows of a SELECT over local scratch tables; repeating it with the same token adds
        nothing. `more`: further settings."""
        settings = JSON_SETTINGS | {"insert_deduplication_token": token, **(more or {})}
        if self.embedded:
            names = ", ".join(columns)
            self.connection.command(f"INSERT INTO {table} ({names}){clause(settings)} {select}")
            self._sync_tokens(table)
            return
        named = ", ".join(f"`{n}`" for n in columns)
        block = self._local.raw(f"SELECT * FROM ({select}) AS r ({named})", settings=settings, fmt="Native")
        if block:
            # Text becomes JSON in the SELECT, which obeys the settings; the reader of blocks does not. The
            # server gathers the blocks to one, as the embedded engine does.
            into = ", ".join(f"`{n}`" for n in columns)
            structure = quoted(self._structure(table, columns))
            self.connection.insert_through(
                f"INSERT INTO {table} ({into}) SELECT * FROM input({structure})",
                block,
                settings=settings,
            )

    def _sync_tokens(self, table: str) -> None:
        """Make the token of an insert as durable as its part: the engine does not sync the log it keeps them
        in, and after a power cut the segment would be stored a second time."""
        if table not in self._logs:
            found = self.connection.query(
                "SELECT data_paths[1] FROM system.tables WHERE concat(database, '.', name) = {t:String}",
                {"t": table},
            )
            self._logs[table] = Path(str(found.scalar())) / "deduplication_logs"
        folder = self._logs[table]
        # The engine begins a new file now and then: the newest holds the token, the one before perhaps.
        newest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)[-2:]
        for path in (*newest, folder):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _structure(self, table: str, columns: Sequence[str]) -> str:
        """The columns as they are sent: those of the table, JSON as its text."""
        if table not in self._types:
            found = self.connection.query(
                "SELECT name, if(startsWith(type, 'JSON'), 'String', type) FROM system.columns"
                " WHERE concat(database, '.', table) = {t:String}",
                {"t": table},
            )
            self._types[table] = {str(name): str(type_) for name, type_ in found.rows}
        return ", ".join(f"`{name}` {self._types[table][name]}" for name in columns)
