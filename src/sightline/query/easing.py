"""When nothing matches: without which of its conditions a filter would find the most."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.query.filter.edits import all_of, parts_of
from sightline.query.filter.spelling import spell
from sightline.query.selection import Selection, counting, refined
from sightline.store.rows import Limits, QueryTimeout, QueryTooLarge
from sightline.store.store import Store

# Conditions that are tried, and what each may take: someone waits for an empty list.
MOST = 8
BOUNDS = Limits(seconds=2.0, memory=512 << 20)


@dataclass(frozen=True, slots=True)
class Easing:
    """A condition as it is written, the filter without it, and how many spans or traces that finds."""

    condition: str
    filter: str
    count: int


async def easing(store: Store, selection: Selection, now: int) -> Easing | None:
    """The condition whose removal helps most; None when no single one does. Errors of the store pass through,
    except that what takes too long is left out."""
    parts = parts_of(selection.node)
    best: Easing | None = None
    for n, part in enumerate(parts[:MOST]):
        rest = refined(selection, all_of([*parts[:n], *parts[n + 1 :]]), now)
        statement = counting(rest)
        try:
            answer = await store.fetch(statement.text, statement.parameters, limits=BOUNDS, purpose="count")
        except (QueryTimeout, QueryTooLarge):
            continue
        found = int(answer.scalar() or 0)
        if found and (best is None or found > best.count):
            best = Easing(spell(part), rest.text, found)
    return best
