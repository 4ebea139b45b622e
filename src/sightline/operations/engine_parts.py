"""The embedded engine's data parts, held still by hard links.

The engine never changes a part's files; it writes new parts and removes old ones. So a link to each file of
the active parts is a picture of the table. The engine's own BACKUP and FREEZE are no use here: FREEZE leaves
out patch parts (updates that wait to be merged), and BACKUP the deduplication log, without which a segment
that is both in the journal and in the store would be inserted twice after a restore.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from sightline.operations.manifest import BackupError, StoredPart
from sightline.store.rows import Rows
from sightline.store.store import DATABASE

ATTEMPTS = 5


class Engine(Protocol):
    """What is needed of `Store`."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Run a SELECT and read its whole answer."""


def engine_version(engine: Engine) -> str:
    """ClickHouse's version, such as `26.9.2.1`."""
    return str(engine.query("SELECT version()").rows[0][0])


def engine_folder(engine: Engine) -> Path:
    """The folder of the embedded engine."""
    return Path(engine.query("SELECT path FROM system.disks WHERE name = 'default'").rows[0][0])


def hold_still(engine: Engine, target: Path) -> tuple[StoredPart, ...]:
    """Link the database's active parts and copy its definitions into `target`, laid out as in the engine.

    Nothing may be inserted meanwhile; merges may go on: a part that one removes between listing and linking
    means another attempt. `target` is on the engine's file system and must not exist.
    """
    source = engine_folder(engine)
    for _ in range(ATTEMPTS):
        try:
            return _attempt(engine, source, target)
        except FileNotFoundError:
            shutil.rmtree(target, ignore_errors=True)
    raise BackupError(
        f"The store's parts changed {ATTEMPTS} times while they were being linked. Try again in a minute."
    )


def _attempt(engine: Engine, source: Path, target: Path) -> tuple[StoredPart, ...]:
    names = {"d": DATABASE}
    target.mkdir(parents=True)
    parts: list[StoredPart] = []
    for table, name, rows, path in engine.query(
        "SELECT table, name, rows, path FROM system.parts WHERE active AND database = {d:String}", names
    ).rows:
        folder = Path(path)
        shutil.copytree(folder, target / folder.relative_to(source), copy_function=_link)
        parts.append(StoredPart(table, name, rows))
    parts.sort(key=lambda part: (part.table, part.name))
    for data_paths, definition in engine.query(
        "SELECT data_paths, metadata_path FROM system.tables WHERE database = {d:String}", names
    ).rows:
        _copy(source / definition, target / definition)
        for folder in map(Path, data_paths):
            _copy_beside_parts(folder, target / folder.relative_to(source))
    _copy(source / "metadata" / f"{DATABASE}.sql", target / "metadata" / f"{DATABASE}.sql")
    return tuple(parts)


def _copy_beside_parts(folder: Path, target: Path) -> None:
    """What stands beside the parts: format version, mutations under way, the deduplication log."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.is_file():
            _copy(entry, target / entry.name)
        elif entry.name == "deduplication_logs":
            shutil.copytree(entry, target / entry.name, dirs_exist_ok=True)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


def missing_parts(engine: Engine, expected: tuple[StoredPart, ...]) -> list[StoredPart]:
    """Those of `expected` that the engine did not load with the same number of rows.

    Parts that were merged already still count: the engine lists them as not active for some minutes.
    """
    found = {
        (table, name): rows
        for table, name, rows in engine.query(
            "SELECT table, name, rows FROM system.parts WHERE database = {d:String}", {"d": DATABASE}
        ).rows
    }
    return [part for part in expected if found.get((part.table, part.name)) != part.rows]
