"""A consistent copy of the control database: SQLite's online backup, or its rows as JSON lines elsewhere."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sightline.control.database import open_engine, parse_url
from sightline.operations.manifest import BackupError

_READ: dict[str, Callable[[Any], Any]] = {
    "$time": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$bytes": base64.b64decode,
    "$decimal": Decimal,
    "$json": lambda same: same,
}


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL; None for another database."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database while others write to it. Pages of the write-ahead log are included."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source, timeout=15)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
    target.chmod(0o600)
    if damage != "ok":
        raise BackupError(f"The control database {source} is damaged: {damage}. Repair it before the backup.")


def export_records(url: str, target: Path) -> None:
    """Write every row of a control database as JSON lines, in one snapshot, referenced tables first."""
    engine = open_engine(parse_url(url))
    try:
        with engine.connect() as connection, target.open("x", encoding="utf-8") as out:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            for table in _tables(connection):
                for row in connection.execute(sa.select(table)).mappings():
                    values = {str(name): _to_json(value) for name, value in row.items()}
                    out.write(json.dumps({"table": table.name, "row": values}) + "\n")
    finally:
        engine.dispose()


def import_records(source: Path, url: str, version_table: str) -> None:
    """Put exported rows into a control database that is migrated but holds nothing of its own yet.

    Raises `BackupError` when it holds API keys already or has another schema version.
    """
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    engine = open_engine(parse_url(url))
    try:
        with engine.begin() as connection:
            tables = {table.name: table for table in _tables(connection)}
            _check_version(connection, tables, rows, version_table)
            for table in reversed(tables.values()):
                if table.name != version_table:
                    connection.execute(sa.delete(table))
            for entry in rows:
                if entry["table"] != version_table:
                    values = {name: _from_json(value) for name, value in entry["row"].items()}
                    connection.execute(sa.insert(tables[entry["table"]]).values(values))
            _advance_sequences(connection, tables)
    finally:
        engine.dispose()


def _check_version(
    connection: sa.Connection, tables: dict[str, sa.Table], rows: list[dict[str, Any]], version_table: str
) -> None:
    there: dict[str, Any] = {}
    if version_table in tables:
        found = connection.execute(sa.select(tables[version_table])).mappings().first()
        there = {str(name): _to_json(value) for name, value in found.items()} if found else {}
    ours: dict[str, Any] = next((entry["row"] for entry in rows if entry["table"] == version_table), {})
    if there != ours:
        raise BackupError(
            f"The control database has schema {there or 'none'}, but the backup {ours}. "
            "Start the Sightline that wrote the backup once with this database, stop it, and restore again."
        )
    keys = next((table for name, table in tables.items() if "key" in name and name != version_table), None)
    if keys is not None and connection.execute(sa.select(sa.func.count()).select_from(keys)).scalar():
        raise BackupError(
            f"The control database already holds {keys.name}; a restore would replace them. "
            "Give an empty database in control.url."
        )


def _advance_sequences(connection: sa.Connection, tables: dict[str, sa.Table]) -> None:
    """Postgres counts identities apart from the rows; go on after the largest restored one."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables.values():
        for column in table.primary_key.columns:
            name = connection.execute(
                sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
            ).scalar()
            largest = connection.execute(sa.select(sa.func.max(column))).scalar()
            if name and largest:
                connection.execute(sa.select(sa.func.setval(name, largest)))


def _tables(connection: sa.Connection) -> Iterator[sa.Table]:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    yield from metadata.sorted_tables


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dict | list):
        return {"$json": value}
    return value


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    return _READ[kind](inner)
