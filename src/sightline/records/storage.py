"""What the store holds and does now, and what of it belongs to which project."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredTable:
    """One table: rows, bytes on disk, parts. `patches` are late changes that no merge has worked in yet."""

    name: str
    rows: int
    bytes: int
    parts: int
    patches: int


@dataclass(frozen=True, slots=True)
class RunningMerge:
    """One merge under way: `progress` from 0 to 1, `seconds` since it began."""

    table: str
    parts: int
    progress: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One step of the schema that the store has; `applied` in nanoseconds since the epoch."""

    number: int
    name: str
    applied: int


@dataclass(frozen=True, slots=True)
class StoreState:
    """The engine's version, its tables, merges and schema steps."""

    version: str
    tables: tuple[StoredTable, ...]
    merges: tuple[RunningMerge, ...]
    steps: tuple[SchemaStep, ...]


@dataclass(frozen=True, slots=True)
class ProjectStorage:
    """What is stored of one project. `oldest` is the start of its oldest span (ns), None without any.

    `bytes` is an estimate: its share of the rows of each table. None: the engine did not tell the sizes.
    """

    project: str
    spans: int
    logs: int
    points: int
    oldest: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class UnpricedModel:
    """Calls of a model whose cost is unknown. `tokens` are those that were told, `untold` the calls without
    any; `last` is the start of the latest (ns). An empty name: nobody sent one."""

    provider: str
    model: str
    calls: int
    tokens: int
    untold: int
    last: int
