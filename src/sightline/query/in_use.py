"""Which fields and attributes spans have, from a look at the latest ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.query.filter import paths
from sightline.query.filter.comparisons import known
from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.filter.fields import Field, fields
from sightline.query.filter.spelling import spell_name
from sightline.query.selection import Selection
from sightline.records.facets import InUse, Used
from sightline.store.rows import Limits
from sightline.store.store import Store

LATEST = 20_000


async def attributes_in_use(
    store: Store, selection: Selection, limits: Limits | None = None
) -> tuple[Used, ...]:
    """Only the attributes: what is offered while someone types. Errors of the store pass through."""
    statement = using(selection, ())
    answer = await store.fetch(statement.text, statement.parameters, limits=limits, purpose="facets")
    return _attributes(answer.dicts()[0])


async def in_use(store: Store, selection: Selection, limits: Limits | None = None) -> InUse:
    """Which fields and attributes the latest spans of a list have. Errors of the store pass through."""
    statement = using(selection, _columns())
    row = (await store.fetch(statement.text, statement.parameters, limits=limits, purpose="facets")).dicts()[
        0
    ]
    counted = [Used(f.names[0], int(row[f"f{n}"])) for n, f in enumerate(_columns()) if row[f"f{n}"]]
    return InUse(int(row["spans"]), tuple(sorted(counted, key=_order)), _attributes(row))


def _order(used: Used) -> tuple[int, str]:
    return -used.count, used.name


def _attributes(row: dict[str, Any]) -> tuple[Used, ...]:
    found = [Used(name, count) for head in paths.COLUMNS for name, count in _named(head, row[head[:-1]])]
    return tuple(sorted(found, key=_order))


def _columns() -> tuple[Field, ...]:
    return tuple(f for f in fields() if f.sql)


def _named(head: str, pairs: dict[str, int]) -> list[tuple[str, int]]:
    """Attributes as filters name them; those that cannot be named are left out."""
    return [(spell_name(head + key), int(count)) for key, count in pairs.items() if not paths.fault(key)]


def using(selection: Selection, columns: Sequence[Field]) -> Statement:
    """The statement that looks at the latest spans of a list: their attributes, and some fields."""
    sql = Sql(selection.window)
    latest = sql.parameters.value("UInt32", LATEST)
    needed = [f"{known(f)} AS f{n}" for n, f in enumerate(columns)]
    needed += [f"JSONAllPaths(s.{column}) AS {head[:-1]}" for head, column in paths.COLUMNS.items()]
    looked = ",\n".join(needed)
    spans = (
        f"SELECT\n{indented(looked)}\n{sql.spans(selection.predicate)}\n"
        f"ORDER BY s.start_time DESC\nLIMIT {latest}"
    )
    counted = [f"countIf(f{n}) AS f{n}" for n in range(len(columns))]
    for head in paths.COLUMNS:
        keys = f"t.{head[:-1]}"
        ones = f"arrayWithConstant(length({keys}), toUInt64(1))"
        counted.append(f"sumMap(mapFromArrays({keys}, {ones})) AS {head[:-1]}")
    chosen = ",\n".join(["count() AS spans", *counted])
    return sql.statement(f"SELECT\n{indented(chosen)}\nFROM (\n{indented(spans)}\n) AS t")
