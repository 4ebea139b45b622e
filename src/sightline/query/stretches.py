"""Parts of a window that a list reads one after the other, newest first, until its page is full.

Newest first the engine begins to read in every part of the table that the window touches, which takes longer
than all else where there are many; and what looks into other spans would do so for the whole window first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from sightline.query.filter.compiler import Sql, Statement
from sightline.query.filter.nodes import Whole
from sightline.query.filter.predicates import (
    Always,
    Counted,
    Logged,
    Measured,
    Predicate,
    Says,
    Standing,
    within,
)
from sightline.query.selection import Selection, Target
from sightline.query.statements import statement
from sightline.query.window import WIDER, Window
from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError
from sightline.store.store import Store

# About how many spans the first stretch has; each following reaches back to eight times as many.
FIRST = 50_000
# What is left is read at once where it has fewer than so many times what was read.
_LITTLE = 2
_LAST = 4
# How long (ns) a trace may have gone on before a stretch, so that all of its spans are looked at there.
_LONG = 7 * 86_400 * 10**9
_ELSEWHERE = Counted | Measured | Standing | Logged


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the time asked about, and where other spans of its traces are looked for.

    `last`: nothing is left behind it.
    """

    window: Window
    reach: Window
    last: bool = True


async def stretches(store: Store, selection: Selection, rest: Window) -> AsyncIterator[Stretch]:
    """What is left of a selection's window as parts, newest first.

    Errors of the store pass through.
    """
    wide, looks = selection.window.wider(), list(within(selection.predicate))
    borders = await _borders(store, rest) if _divided(selection.target, looks) else []
    if any(isinstance(p, Says) for p in looks):
        # A text is looked up in the contents again for each stretch.
        borders = borders[:1]
    around = selection.target is Target.SPANS and any(isinstance(p, _ELSEWHERE) for p in looks)
    until = rest.until
    for since in borders:
        # Spans of a trace start with its head or later; their clocks may differ by as much as is looked for
        # elsewhere.
        begins = max(wide.since, since - WIDER)
        if around:
            begins = await _earliest(store, wide, begins, since)
        yield Stretch(replace(rest, since=since, until=until), replace(wide, since=begins), False)
        until = since
    yield Stretch(replace(rest, until=until), wide)


def _divided(target: Target, looks: list[Predicate]) -> bool:
    # What is said of a session may be about spans long before.
    if any(isinstance(p, Counted) and p.whole is Whole.SESSION for p in looks):
        return False
    if any(isinstance(p, Measured) and p.measure.whole is Whole.SESSION for p in looks):
        return False
    # To find the texts takes far longer than to read the spans that have them.
    return target is Target.TRACES or not any(isinstance(p, Says) for p in looks)


async def _borders(store: Store, rest: Window) -> list[int]:
    """Where stretches begin, the latest first; none: all at once."""
    rows = (await _marks(store, rest, FIRST))[:_LAST]
    if rows and rows[-1][2] < _LITTLE * rows[-1][1]:
        rows.pop()
    borders = [since for since, _, _ in rows if rest.since < since < rest.until]
    return sorted(set(borders), reverse=True)


async def latest(store: Store, window: Window, spans: int) -> Window | None:
    """The latest part of a window with so many spans, give or take a granule of each part of the table.

    None where that cannot be told, or only far too roughly. Errors of the store pass through.
    """
    rows = await _marks(store, window, spans)
    if not rows or rows[0][1] > _LITTLE * spans or not window.since < rows[0][0] < window.until:
        return None
    return replace(window, since=rows[0][0])


async def _marks(store: Store, window: Window, first: int) -> list[tuple[int, int, int]]:
    """Since when a window has so many spans and eight, 64, … times as many; how many it has, and up to how
    many before the next."""
    parameters = {"project": window.project, "since": window.since, "until": window.until, "first": first}
    try:
        answer = await store.fetch(statement("stretches"), parameters, purpose="stretches")
    except (QueryTimeout, QueryTooLarge):
        raise
    except StoreError:
        # Not every server lets everyone read the index of a table.
        return []
    return [(int(since), int(least), int(most)) for since, least, most in answer.rows]


async def _earliest(store: Store, wide: Window, begins: int, since: int) -> int:
    """When the first of the traces began of which spans may start after `since`."""
    if begins <= wide.since:
        return begins
    asked = running(wide, begins, since)
    answer = (await store.fetch(asked.text, asked.parameters, purpose="stretches")).rows
    count, first = answer[0]
    return max(wide.since, min(begins, int(first) - WIDER)) if count else begins


def running(wide: Window, begins: int, since: int) -> Statement:
    """The statement for how many traces that began before `begins` still went on at `since`, and when the
    first of them began."""
    sql = Sql(replace(wide, since=max(0, begins - _LONG), until=begins))
    moment = sql.parameters.value("Int64", since)
    started = "toUnixTimestamp64Nano(s.start_time)"
    longer = sql.parameters.value("UInt64", since - begins)
    source = sql.spans(
        Always(),
        f"s.trace_duration_ns >= {longer}",
        "s.trace_head",
        f"{started} + toInt64(s.trace_duration_ns) >= {moment}",
    )
    return sql.statement(f"SELECT count() AS found, min({started}) AS first\n{source}")
