"""Values of fields with counts beside a list of log records, each without the list's conditions on its field.

Facets with the same conditions are counted in one pass. In a window of more records than `MOST_ROWS` the
latest are counted, and the answer says from when on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sightline.query.filter.compiler import Statement, indented
from sightline.query.filter.predicates import Always
from sightline.query.filter.spelling import spell
from sightline.query.logs import CLASS, NAMES
from sightline.query.row_selection import RowSelection, holds, without
from sightline.records.facets import Facet, Facets, FacetValue
from sightline.store.store import Store

MOST_ROWS = 10_000_000
# What can be counted by: name → text of a row `s`, '' where it is not set. Severities are their class.
COUNTED: dict[str, str] = {
    "severity": f"toString({CLASS})",
    "service": "ifNull(s.service, '')",
    "event": "s.event_name",
    "scope": "s.scope",
    "env": "ifNull(s.environment, '')",
}


async def log_facets(
    store: Store, selection: RowSelection, names: Sequence[str] = tuple(COUNTED), *, limit: int = 10
) -> Facets:
    """The most frequent values of some fields; errors of the store pass through."""
    selection = await _latest(store, selection)
    groups: dict[str, list[str]] = {}
    for name in names:
        rest = spell(without(selection.vocabulary, selection.node, name))
        groups.setdefault(rest, []).append(name)
    found = await asyncio.gather(*(_counted(store, selection, some, limit) for some in groups.values()))
    by_name = {facet.name: facet for facets in found for facet in facets}
    return Facets(tuple(by_name[name] for name in names), selection.window.since)


async def _latest(store: Store, selection: RowSelection) -> RowSelection:
    """The selection in the latest part of its window with at most `MOST_ROWS` records of any kind."""
    sql = selection.sql()
    counted = sql.statement(f"SELECT count()\n{sql.rows(Always())}")
    there = int((await store.fetch(counted.text, counted.parameters, purpose="facets")).scalar() or 0)
    if there <= MOST_ROWS:
        return selection
    sql = selection.sql()
    oldest = sql.statement(
        f"SELECT toUnixTimestamp64Nano(s.time)\n{sql.rows(Always())}\nORDER BY s.time DESC\n"
        f"LIMIT 1 OFFSET {sql.parameters.value('UInt64', MOST_ROWS - 1)}"
    )
    answer = await store.fetch(oldest.text, oldest.parameters, purpose="facets")
    return selection.within(int(answer.scalar()), selection.window.until)


async def _counted(store: Store, selection: RowSelection, names: Sequence[str], limit: int) -> list[Facet]:
    rest = selection.refined(without(selection.vocabulary, selection.node, names[0]))
    asked = counting(rest, names, limit)
    rows = (await store.fetch(asked.text, asked.parameters, purpose="facets")).dicts()
    facets = []
    for at, name in enumerate(names):
        # `grouping` has a bit for each column, the first one highest, and 0 for what is grouped by.
        mark = (1 << len(names)) - 1 - (1 << (len(names) - 1 - at))
        mine = [row for row in rows if row["mark"] == mark]
        values = tuple(_value(name, str(row[f"d{at}"]), int(row["found"])) for row in mine)
        facets.append(Facet(name, values, int(mine[0]["different"]) if mine else 0))
    return facets


def _value(name: str, text: str, count: int) -> FacetValue:
    if name == "severity":
        text = NAMES[int(text)]
    return FacetValue(text, count, spell(holds(name, text)))


def counting(selection: RowSelection, names: Sequence[str], limit: int) -> Statement:
    """The statement that counts values: `d0`, `d1`, … of each facet, told apart by `mark`."""
    sql = selection.sql()
    columns = [f"d{at}" for at in range(len(names))]
    chosen = [f"{COUNTED[name]} AS {column}" for name, column in zip(names, columns, strict=True)]
    chosen += [
        f"grouping({', '.join(columns)}) AS mark",
        "count() AS found",
        "count() OVER (PARTITION BY mark) AS different",
    ]
    lines = indented(",\n".join(chosen))
    sets = "), (".join(columns)
    return sql.statement(
        f"SELECT\n{lines}\n{sql.rows(selection.predicate)}\nGROUP BY GROUPING SETS (({sets}))\n"
        f"ORDER BY mark, found DESC, {', '.join(columns)}\n"
        f"LIMIT {sql.parameters.value('UInt32', limit)} BY mark"
    )
