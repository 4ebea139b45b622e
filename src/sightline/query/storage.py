"""Questions about the store itself: its tables and merges, what each project keeps, what has no price."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sightline.query.statements import statement
from sightline.query.window import Window
from sightline.records.storage import (
    ProjectStorage,
    RunningMerge,
    SchemaStep,
    StoredTable,
    StoreState,
    UnpricedModel,
)
from sightline.store.rows import Limits, StoreError
from sightline.store.store import DATABASE, Store

MOST_UNPRICED = 200
_BOUNDS = Limits(seconds=5.0, memory=512 << 20)


async def tables(store: Store) -> tuple[StoredTable, ...]:
    """The tables, the largest first. Errors of the store pass through."""
    rows = (
        await store.fetch(
            statement("store_tables"), {"database": DATABASE}, limits=_BOUNDS, purpose="storage"
        )
    ).rows
    return tuple(StoredTable(str(name), *map(int, numbers)) for name, *numbers in rows)


async def state(store: Store) -> StoreState:
    """What the store holds and does now. Errors of the store pass through."""
    found, merges, steps = await asyncio.gather(
        tables(store),
        store.fetch(statement("store_merges"), {"database": DATABASE}, limits=_BOUNDS, purpose="storage"),
        store.fetch(statement("store_steps"), limits=_BOUNDS, purpose="storage"),
    )
    return StoreState(
        version=str(steps.rows[0][3]) if steps.rows else "",
        tables=found,
        merges=tuple(RunningMerge(str(t), int(n), float(p), float(s)) for t, n, p, s in merges.rows),
        steps=tuple(SchemaStep(int(n), str(name), int(at) * 10**9) for n, name, at, _ in steps.rows),
    )


async def project_storage(store: Store, projects: Sequence[str]) -> tuple[ProjectStorage, ...]:
    """What is stored of each of these projects, in their order. Errors of the store pass through."""
    answer = await store.fetch(
        statement("project_storage"), {"projects": list(projects)}, limits=_BOUNDS, purpose="storage"
    )
    stored: dict[tuple[str, str], int] = {}
    oldest: dict[str, int] = {}
    for source, project, rows, began in answer.rows:
        stored[str(project), str(source)] = int(rows)
        if source == "spans":
            oldest[str(project)] = int(began)
    try:
        sizes = {table.name: (table.bytes, table.rows) for table in await tables(store)}
    except StoreError:  # a server may keep its system tables to itself
        sizes = {}
    return tuple(_of_project(name, stored, oldest.get(name), sizes) for name in projects)


def _of_project(
    name: str,
    stored: dict[tuple[str, str], int],
    oldest: int | None,
    sizes: dict[str, tuple[int, int]],
) -> ProjectStorage:
    shares = [
        size * stored.get((name, table), 0) / rows
        for table, (size, rows) in sizes.items()
        if rows and (name, table) in stored
    ]
    spans, logs, points = (stored.get((name, table), 0) for table in ("spans", "logs", "metrics"))
    return ProjectStorage(name, spans, logs, points, oldest, round(sum(shares)) if sizes else None)


async def unpriced(store: Store, window: Window) -> tuple[UnpricedModel, ...]:
    """Models with calls of unknown cost, the most calls first. Errors of the store pass through."""
    answer = await store.fetch(
        statement("unpriced"),
        {"project": window.project, "since": window.since, "until": window.until, "most": MOST_UNPRICED},
        limits=_BOUNDS,
        purpose="storage",
    )
    return tuple(UnpricedModel(str(p), str(m), *map(int, numbers)) for p, m, *numbers in answer.rows)


async def reported_loss(store: Store, projects: Sequence[str], since: int) -> tuple[int, int]:
    """Spans whose senders dropped attributes, and how many, of these projects since a moment (ns)."""
    answer = await store.fetch(
        statement("reported_loss"),
        {"projects": list(projects), "since": since},
        limits=_BOUNDS,
        purpose="storage",
    )
    return int(answer.rows[0][0]), int(answer.rows[0][1])
