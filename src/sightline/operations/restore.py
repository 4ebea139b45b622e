"""Restoring a backup into an empty data directory, checked before and after."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import chdb

from sightline.operations import manifest
from sightline.operations.backup import RECORDS
from sightline.operations.control_copy import import_records, sqlite_path
from sightline.operations.engine_parts import Engine, missing_parts
from sightline.operations.manifest import BackupError, Manifest
from sightline.settings import StoreSettings
from sightline.store.store import Store

STAGING = ".restoring"
_NOT_DATA = {RECORDS, "settings.json"}
Opener = Callable[[Path], AbstractContextManager[Engine]]
"""Opens the embedded engine in a folder; closes it at the end of the context."""


@contextmanager
def embedded_engine(folder: Path) -> Iterator[Store]:
    """The embedded engine in `folder`; a process can open one folder only."""
    store = Store(f"chdb://{folder.absolute()}", StoreSettings(readers=1))
    try:
        yield store
    finally:
        store.close()


def restore(
    source: Path,
    data: Path,
    open_store: Opener = embedded_engine,
    control_url: str = "",
    running: str = chdb.engine_version,
    version_table: str = "control_version",
    seen: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Restore `source` into `data`, which must be new or empty. Blocking; the server must not run.

    All checksums are verified before anything is written; afterwards the engine is opened once and must have
    loaded every part. `running` is this engine's version. `control_url` is needed when control was not in
    SQLite: an empty, migrated database.
    `seen` receives bytes done, twice the backup's size in all. Raises `BackupError`.
    """
    stored = manifest.read(source)
    _check_target(data)
    if stored.control == "records" and (not control_url or sqlite_path(control_url)):
        raise BackupError(
            "The backup's control database was Postgres. Give an empty one in control.url to restore it into."
        )
    if _release(running) < _release(stored.engine):
        raise BackupError(
            f"The backup was made with engine {stored.engine}, newer than this one ({running}). "
            "Update Sightline."
        )
    manifest.verify(stored, source, seen)
    _place(stored, source, data, seen)
    with open_store(data / "store") as engine:
        _check_engine(stored, engine)
    if stored.control == "records":
        import_records(source / RECORDS, control_url, version_table)
    return stored


def _check_target(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        found = sorted(path.name for path in data.iterdir() if path.name != "lost+found")
    except OSError as error:
        raise BackupError(f"The data directory {data} cannot be used: {error.strerror}.") from error
    if found == [STAGING]:
        # What an interrupted restore left; nothing else is here, so it is safe to begin again.
        shutil.rmtree(data / STAGING)
    elif found:
        raise BackupError(
            f"The data directory {data} is not empty (it has {found[0]}). A restore never overwrites: "
            "move it away, or choose another with --data."
        )


def _place(stored: Manifest, source: Path, data: Path, seen: Callable[[int], None]) -> None:
    """Copy into a folder beside its final place, then move: an interrupted restore is no data directory."""
    staging = data / STAGING
    staging.mkdir(mode=0o700)
    try:
        for file in stored.files:
            if file.path in _NOT_DATA:
                continue
            target = manifest.inside(staging, file.path)
            copied = manifest.copy_file(manifest.inside(source, file.path), target)
            if copied != (file.bytes, file.sha256):
                raise BackupError(f"The backup {source} changed while it was read: {file.path}. Start again.")
            seen(file.bytes)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise BackupError(f"Writing into {data} failed: {error.strerror}. Nothing was restored.") from error
    for entry in sorted(staging.iterdir()):
        if entry.name == "control.db":
            entry.chmod(0o600)
        entry.rename(data / entry.name)
    staging.rmdir()
    manifest.sync_folder(data)


def _check_engine(stored: Manifest, engine: Engine) -> None:
    missing = missing_parts(engine, stored.parts)
    if missing:
        first = missing[0]
        raise BackupError(
            f"The engine did not load {len(missing)} of {len(stored.parts)} parts, first {first.name} of "
            f"{first.table}. Do not use this data directory; see the log, and try another backup."
        )


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:2])
