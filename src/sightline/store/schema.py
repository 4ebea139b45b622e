"""Numbered schema files, applied at start, forward only.

A file is `schema/NNNN_name.sql`; its first line says `-- target: local` (every server) or
`-- target: distributed` (only where a cluster is configured). Statements end with `;` at the end of a line.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from sightline.store.cluster import STEPS, check_cluster, for_cluster
from sightline.store.rows import SchemaMismatch, StoreError
from sightline.store.store import DATABASE, Connection

_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")
_TARGET = re.compile(r"^-- target: (local|distributed)$")
# What the steps themselves are written down in, in the form of a schema file.
_GROUND = (
    f"CREATE DATABASE IF NOT EXISTS {DATABASE} {{on_cluster}}",
    f"CREATE TABLE IF NOT EXISTS {STEPS} {{on_cluster}} (number UInt32, name String, checksum String,"
    " applied_at DateTime DEFAULT now()) ENGINE = {replicated}MergeTree ORDER BY number",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One schema file. `checksum` covers the text as shipped."""

    number: int
    name: str
    target: Literal["local", "distributed"]
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, first 16 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def statements(self, cluster: str = "") -> list[str]:
        """The statements, made for one server or a cluster. Raises `StoreError` for a bad name."""
        parts = re.split(r";\s*$", for_cluster(self.text, cluster), flags=re.MULTILINE)
        bare = (
            "\n".join(line for line in part.splitlines() if not line.startswith("--")).strip()
            for part in parts
        )
        return [part for part in bare if part]


def read_step(name: str, text: str) -> Step:
    """Parse one schema file; a wrong name or a missing target is a `StoreError`."""
    named, target = _NAME.match(name), _TARGET.match(text.split("\n", 1)[0])
    if not named:
        raise StoreError(f"schema file {name!r}: expected NNNN_name.sql")
    if not target:
        raise StoreError(
            f"schema file {name}: the first line must be '-- target: local' or '-- target: distributed'"
        )
    return Step(int(named[1]), named[2], "local" if target[1] == "local" else "distributed", text)


def steps() -> list[Step]:
    """All shipped steps in order, numbered from 1 without gaps."""
    folder = Path(str(files("sightline.store").joinpath("schema")))
    found = [read_step(path.name, path.read_text()) for path in sorted(folder.glob("*.sql"))]
    numbers = [step.number for step in found]
    if numbers != list(range(1, len(found) + 1)):
        raise StoreError(f"schema files are numbered {numbers}; expected 1 to {len(found)} without gaps")
    return found


def applied(connection: Connection) -> dict[int, str]:
    """Checksums of the steps that a store has, by number."""
    exists = connection.query(
        "SELECT count() FROM system.tables WHERE database = {d:String} AND name = 'schema_steps'",
        {"d": DATABASE},
    ).scalar()
    if not exists:
        return {}
    rows = connection.query(f"SELECT number, any(checksum) FROM {STEPS} GROUP BY number").rows
    return {int(number): str(checksum) for number, checksum in rows}


def migrate(connection: Connection, known: list[Step] | None = None, cluster: str = "") -> list[Step]:
    """Bring a store to the newest schema; returns the steps applied now.

    With `cluster` the tables are made on all its servers, replicated. Raises `SchemaMismatch` when the store
    has a step that this Sightline does not know, or knows differently, or was made with or without a cluster
    and this is the other; `StoreError` for a cluster it cannot be on.
    """
    known = steps() if known is None else known
    check_cluster(connection, cluster)
    have = applied(connection)
    by_number = {step.number: step for step in known}
    for number, checksum in sorted(have.items()):
        step = by_number.get(number)
        if step is None:
            raise SchemaMismatch(
                f"the store has schema step {number}, this Sightline knows steps up to"
                f" {max(by_number, default=0)}:"
                " it was written by a newer version. Start that version, or restore a backup made by this"
                " one."
            )
        if step.checksum != checksum:
            raise SchemaMismatch(
                f"schema step {number} ({step.name}) of the store has checksum {checksum}, this Sightline"
                " ships"
                f" {step.checksum}: the file was changed after release. Install the Sightline that made the"
                " store."
            )
    for statement in _GROUND:
        connection.command(for_cluster(statement, cluster))
    fresh = [step for step in known if step.number not in have]
    for step in fresh:
        if step.target == "local" or cluster:
            for statement in step.statements(cluster):
                connection.command(statement)
        connection.command(
            f"INSERT INTO {STEPS} (number, name, checksum) SELECT {{n:UInt32}}, {{m:String}}, {{c:String}}",
            {"n": step.number, "m": step.name, "c": step.checksum},
        )
    return fresh
