"""The manifest of a backup: what it holds, from which versions, and the checksum of every file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

FORMAT = 1
NAME = "manifest.json"
CHUNK = 1 << 20


class BackupError(Exception):
    """A backup that cannot be made, read or restored; one sentence and what to do."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file: its path below the backup's folder (with `/`), its length and SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredPart:
    """One data part of the engine, as `system.parts` names it."""

    table: str
    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup. `created_at` is ISO 8601 in UTC; `control` is `sqlite` or `records`."""

    format: int
    created_at: str
    sightline: str
    engine: str
    control: str
    parts: tuple[StoredPart, ...]
    files: tuple[StoredFile, ...]

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table, parts summed; updates that wait in patches are no rows of their own."""
        found: dict[str, int] = {}
        for part in self.parts:
            found[part.table] = found.get(part.table, 0) + (
                0 if part.name.startswith("patch-") else part.rows
            )
        return found

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)


def write(manifest: Manifest, folder: Path) -> None:
    """Write the manifest, durably and as the last step: a backup without one is not finished."""
    body = {**dataclasses.asdict(manifest), "rows": manifest.rows, "bytes": manifest.bytes}
    text = json.dumps(body, indent=1).encode()
    body_digest = hashlib.sha256(text).hexdigest()
    part = folder / f".{NAME}.part"
    with part.open("wb") as out:
        out.write(text + f"\n{body_digest}\n".encode())
        out.flush()
        os.fsync(out.fileno())
    part.rename(folder / NAME)
    sync_folder(folder)


def read(folder: Path) -> Manifest:
    """Read a manifest. Raises `BackupError` when there is none, or it is damaged or from a newer format."""
    path = folder / NAME
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise BackupError(
            f"{folder} holds no {NAME}, so it is no backup, or one that was never finished. Choose another."
        ) from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    body, _, digest = text.rstrip(b"\n").rpartition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise BackupError(f"{path} is damaged: its own checksum does not match. Use another backup.")
    raw = json.loads(body)
    if raw["format"] != FORMAT:
        raise BackupError(
            f"{path} has format {raw['format']}, but this Sightline reads format {FORMAT}. "
            f"Restore it with Sightline {raw.get('sightline', '')} or later."
        )
    return _manifest(raw)


def _manifest(raw: dict[str, Any]) -> Manifest:
    values = {field.name: raw[field.name] for field in dataclasses.fields(Manifest)}
    values["parts"] = tuple(StoredPart(**entry) for entry in raw["parts"])
    values["files"] = tuple(StoredFile(**entry) for entry in raw["files"])
    return Manifest(**values)


def verify(manifest: Manifest, folder: Path, seen: Callable[[int], None] = lambda _: None) -> None:
    """Read every file and compare length and checksum. `seen` receives the bytes of each file done.

    Raises `BackupError` naming the first file that is missing or differs.
    """
    for file in manifest.files:
        path = inside(folder, file.path)
        try:
            with path.open("rb") as data:
                size, digest = checksum(data)
        except OSError as error:
            raise BackupError(
                f"The backup {folder} is damaged: {file.path} cannot be read ({error.strerror}). "
                "Use another backup."
            ) from error
        if (size, digest) != (file.bytes, file.sha256):
            raise BackupError(
                f"The backup {folder} is damaged: {file.path} is not what was written (checksum differs). "
                "Use another backup."
            )
        seen(size)


def inside(folder: Path, name: str) -> Path:
    """A path below `folder`. Raises `BackupError` for a name that would lead out of it."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise BackupError(f"The backup {folder} names a file outside of itself ({name!r}). Do not trust it.")
    return folder.joinpath(*parts)


def checksum(data: BinaryIO) -> tuple[int, str]:
    """Length and SHA-256 of the rest of an open file."""
    digest, size = hashlib.sha256(), 0
    while chunk := data.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def copy_file(source: Path, target: Path, limit: int | None = None) -> tuple[int, str]:
    """Copy a file durably, at most its first `limit` bytes; return length and SHA-256 of what was copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), limit if limit is not None else 1 << 62
    size = 0
    with source.open("rb") as data, target.open("xb") as out:
        while left > 0 and (chunk := data.read(min(CHUNK, left))):
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            left -= len(chunk)
        out.flush()
        os.fsync(out.fileno())
    return size, digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
