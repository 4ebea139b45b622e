"""What a query answers, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one query. `seconds` of wall time, `memory` in bytes, `rows` in the answer (0: no bound)."""

    seconds: float = 30.0
    memory: int = 1 << 30
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer: column names, ClickHouse type names, and rows as tuples in column order."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def scalar(self) -> Any:
        """The first value of the first row; `None` when there is no row."""
        return self.rows[0][0] if self.rows else None


class StoreError(Exception):
    """The store refused or failed. `code` is ClickHouse's error code, 0 when unknown."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class QueryTimeout(StoreError):
    """The query ran into its time limit or was cancelled."""


class QueryTooLarge(StoreError):
    """The query ran into its memory or row limit."""


class SchemaMismatch(StoreError):
    """The data directory was written by a newer Sightline, or its schema steps were changed."""
