"""Where spans stand in their trace, as SQL: below, above, directly below and directly above others.

A trace is walked from its top down (or from below up) in one fold over those spans that have children, in the
order of their depth; so it takes one pass whatever the depth, and chains that lead back to themselves end.
Steps in the engine's recursive queries were measured too: each reads all spans of the time again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from sightline.query.filter.nodes import Relation

_FOLD = (
    "arrayFold((marked, x) -> if(x.4 OR has(marked, {look}), arrayPushBack(marked, {mark}), marked),"
    " {order}, []::Array(String))"
)


def _inside(text: str) -> str:
    return textwrap.indent(text, "    ")


def related(relation: Relation, matches: str, spans: Callable[..., str]) -> str:
    """The condition on a span `s` that it stands in a relation to one for which `matches` is true.

    `spans` gives FROM and PREWHERE over the spans near the time asked about, with further conditions.
    """
    # At depth 0 a span stands at the top of what is known: also one whose parent leads back to itself.
    below = "s.depth > 0"
    if relation is Relation.CHILD:
        found = f"SELECT s.trace_id, s.span_id\n{spans(matches)}"
        return f"({below} AND (s.trace_id, s.parent_span_id) IN (\n{_inside(found)}\n))"
    if relation is Relation.PARENT:
        found = f"SELECT s.trace_id, s.parent_span_id\n{spans(below, matches)}"
        return f"(s.trace_id, s.span_id) IN (\n{_inside(found)}\n)"
    traces = f"s.trace_id IN (\n{_inside(f'SELECT s.trace_id{chr(10)}{spans(matches)}')}\n)"
    inner = _inside(f"SELECT s.trace_id, s.parent_span_id\n{spans(below, traces)}")
    inner = f"(s.trace_id, s.span_id) IN (\n{inner}\n)"
    if relation is Relation.UNDER:
        # Marked are spans that match or stand below a marked one; who has a marked parent stands under it.
        fold = _FOLD.format(look="x.3", mark="x.2", order="arraySort(x -> x.1, walk)")
        walked = _inside(_walk(fold, spans(traces, inner), matches))
        return f"({below} AND (s.trace_id, s.parent_span_id) IN (\n{walked}\n))"
    # Marked are the parents of spans that match or are marked.
    fold = _FOLD.format(look="x.2", mark="x.3", order="arrayReverseSort(x -> x.1, walk)")
    chosen = f"({matches} OR {inner})"
    return f"(s.trace_id, s.span_id) IN (\n{_inside(_walk(fold, spans(below, traces, chosen), matches))}\n)"


def _walk(fold: str, spans: str, matches: str) -> str:
    """Trace and span id of everything that the fold marks."""
    step = f"((s.depth, s.start_time), s.span_id, s.parent_span_id, ifNull({matches}, false))"
    walks = f"SELECT s.trace_id AS trace_id, groupArray({step}) AS walk\n{spans}\nGROUP BY s.trace_id"
    return f"SELECT t.trace_id, arrayJoin({fold})\nFROM (\n{_inside(walks)}\n) AS t"
