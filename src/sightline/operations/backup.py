"""A backup of a running Sightline: store, journal, control, own catalogs and settings, in one moment.

Digestion is held for that moment only (hard links and SQLite's online backup: milliseconds); copying and
checksums come after it, from the links.
"""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import json
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sightline import __version__
from sightline.operations import manifest
from sightline.operations.control_copy import copy_sqlite, export_records, sqlite_path
from sightline.operations.engine_parts import Engine, engine_folder, engine_version, hold_still
from sightline.operations.manifest import BackupError, Manifest, StoredFile
from sightline.settings import Settings

STORE, JOURNAL, CONTROL, RECORDS, CATALOG = "store", "journal", "control.db", "control.jsonl", "catalog"
_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]*@")


@dataclass(frozen=True, slots=True)
class Sources:
    """What is backed up. `hold()` is a context in which no segment is being digested."""

    data: Path
    store: Engine
    journal: Path
    control_url: str
    settings: Settings
    hold: Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class _Held:
    """A file to copy: where it lies now, where it goes, and how much of it counts."""

    source: Path
    path: str
    bytes: int


def backup(target: Path, sources: Sources, now: datetime | None = None) -> Manifest:
    """Write a backup into `target`, which must be new or empty and outside the data directory. Blocking.

    Raises `BackupError`; an unfinished backup has no manifest and is refused by `restore`.
    """
    _check_target(target, sources)
    now = now or datetime.now(UTC)
    with _alone(sources.data) as links:
        with sources.hold():
            parts = hold_still(sources.store, links / STORE)
            _hold_journal(sources.journal, links / JOURNAL)
            open_sizes = {path: path.stat().st_size for path in (links / JOURNAL / "open").glob("*")}
            control = _hold_control(sources.control_url, links)
            _hold_catalog(sources, links / CATALOG)
        (links / "settings.json").write_text(json.dumps(_public(sources.settings), indent=1))
        held = [
            _Held(path, path.relative_to(links).as_posix(), open_sizes.get(path, path.stat().st_size))
            for path in sorted(links.rglob("*"))
            if path.is_file()
        ]
        _check_space(target, sum(file.bytes for file in held))
        files = tuple(_copied(file, target) for file in held)
    version = engine_version(sources.store)
    made = Manifest(manifest.FORMAT, now.isoformat(), __version__, version, control, parts, files)
    manifest.write(made, target)
    return made


def summary(made: Manifest) -> dict[str, Any]:
    """What `POST /api/v1/backup` answers and the commands print: time, bytes, files, rows of each table."""
    return {
        "created_at": made.created_at,
        "bytes": made.bytes,
        "files": len(made.files),
        "rows": made.rows,
    }


def backup_service(
    sources: Sources, refusal: Callable[[str], Exception]
) -> Callable[[str], Awaitable[dict[str, Any]]]:
    """What the API calls: writes a backup into a directory on this machine, in a thread, and tells about it.

    `refusal` makes the API's own exception out of why it cannot be.
    """

    async def service(directory: str) -> dict[str, Any]:
        target = Path(directory)
        if not target.is_absolute() or "\0" in directory:
            raise refusal(
                f"The backup directory is {directory!r}, but must be an absolute path on the server."
            )
        try:
            return summary(await asyncio.to_thread(backup, target, sources))
        except BackupError as error:
            raise refusal(str(error)) from error

    return service


def _check_target(target: Path, sources: Sources) -> None:
    folder, data = target.resolve(), sources.data.resolve()
    if folder.is_relative_to(data):
        raise BackupError(
            f"The backup folder {target} lies inside the data directory {sources.data}. Choose one outside, "
            "best on another disk."
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise BackupError(f"The backup folder {target} is not empty. Choose a new one for each backup.")
        probe = target / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BackupError(f"The backup folder {target} cannot be written: {error.strerror}.") from error
    engine = engine_folder(sources.store)
    if not (engine / "store").is_dir():
        raise BackupError(
            "The store is a ClickHouse server, whose files are not here. Back it up there with "
            "BACKUP DATABASE sightline TO …, and the control database with its own tools."
        )


def _check_space(target: Path, needed: int) -> None:
    free = shutil.disk_usage(target).free
    if free < needed:
        raise BackupError(
            f"The backup needs {needed >> 20} MiB, but {target} has only {free >> 20} MiB free. "
            "Choose another disk."
        )


@contextmanager
def _alone(data: Path) -> Iterator[Path]:
    """A folder for the links, on the data directory's file system; one backup at a time."""
    links = data / ".backup"
    with (data / ".backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupError(
                "Another backup of this data directory is under way. Wait for its end."
            ) from None
        shutil.rmtree(links, ignore_errors=True)  # of a backup that was killed
        links.mkdir(mode=0o700)
        try:
            yield links
        finally:
            shutil.rmtree(links, ignore_errors=True)


def _hold_journal(journal: Path, links: Path) -> None:
    """Everything not digested. `open` before `ready`: segments move that way and must not slip through.

    A file that is still being appended is a valid journal at any length; its tail is cut at recovery.
    """
    links.mkdir(parents=True)
    for path in sorted(journal.iterdir()):
        if path.is_file() and path.name != "lock":
            shutil.copyfile(path, links / path.name)
    for folder in ("open", "ready", "quarantine", "index"):
        (links / folder).mkdir()
        for path in sorted(p for p in (journal / folder).rglob("*") if p.is_file()):
            copy = links / folder / path.relative_to(journal / folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                copy.hardlink_to(path)
            except FileNotFoundError:
                continue  # closed in this moment: it is in `ready`
            except OSError:
                shutil.copyfile(path, copy)
    for path in (links / "ready").iterdir():
        (links / "open" / path.name).unlink(missing_ok=True)


def _hold_control(url: str, links: Path) -> str:
    file = sqlite_path(url)
    if file is None:
        export_records(url, links / RECORDS)
        return "records"
    copy_sqlite(file, links / CONTROL)
    return "sqlite"


def _hold_catalog(sources: Sources, links: Path) -> None:
    own = sources.settings.catalog_dir
    folder = Path(own) if own else sources.data / CATALOG
    if folder.is_dir():
        shutil.copytree(folder, links)


def _copied(file: _Held, target: Path) -> StoredFile:
    try:
        size, digest = manifest.copy_file(file.source, target / file.path, file.bytes)
    except OSError as error:
        raise BackupError(
            f"Writing {target / file.path} failed: {error.strerror}. The backup is void."
        ) from error
    return StoredFile(file.path, size, digest)


def _public(settings: Settings) -> dict[str, object]:
    """The settings without passwords and secrets, for people: a restore does not read them."""
    auth = dataclasses.replace(settings.auth, oidc_client_secret="")
    text = json.dumps(dataclasses.asdict(dataclasses.replace(settings, auth=auth)), default=str)
    found: dict[str, object] = json.loads(_PASSWORD.sub(r"\1@", text))
    return found
