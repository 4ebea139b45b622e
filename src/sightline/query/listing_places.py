"""Where the words of a filter stand in the traces or spans of a page, for what their rows do not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sightline.query.filter.fields import find
from sightline.query.filter.predicates import AllOf, Among, Compared, Predicate, of_trace
from sightline.query.search import MOST, phrases_of, search
from sightline.query.selection import Selection, Target
from sightline.query.window import LATEST, WIDER, Window
from sightline.records.hits import Place
from sightline.store.store import Store


async def places(
    store: Store, selection: Selection, ids: Sequence[tuple[str, str]], starts: Sequence[int]
) -> dict[tuple[str, str], Place]:
    """For each trace (with '' for its span) or span that says what was asked: the first place that does.

    Empty when the filter asks for no text. Errors of the store pass through.
    """
    if not ids or not phrases_of(selection.predicate):
        return {}
    traces = selection.target is Target.TRACES
    hits = await search(store, _narrowed(selection, ids, starts), limit=MOST)
    found: dict[tuple[str, str], Place] = {}
    for hit in sorted(hits, key=lambda hit: hit.start_time):
        if hit.places:
            found.setdefault((hit.trace_id, "" if traces else hit.span_id), hit.places[0])
    return found


def _narrowed(selection: Selection, ids: Sequence[tuple[str, str]], starts: Sequence[int]) -> Selection:
    """The matching spans of the page's rows."""
    field = find("span.trace_id")
    if field is None:
        raise LookupError("the catalog has no field span.trace_id")
    predicate = selection.predicate
    parts = predicate.parts if isinstance(predicate, AllOf) else (predicate,)
    # What counts for the whole trace was asked already.
    kept: tuple[Predicate, ...] = tuple(part for part in parts if not of_trace(part))
    page = Compared(field, (Among(tuple(dict.fromkeys(trace for trace, _ in ids))),))
    until = min(LATEST, max(starts) + 1 + (WIDER if selection.target is Target.TRACES else 0))
    since = max(0, min(starts) - (WIDER if selection.target is Target.TRACES else 0))
    return replace(
        selection,
        window=Window(selection.window.project, since, until),
        target=Target.SPANS,
        predicate=AllOf((page, *kept)),
    )
