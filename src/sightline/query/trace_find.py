"""What is looked for in one trace: a text anywhere in its spans, or a filter."""

from __future__ import annotations

import asyncio

from sightline.query.filter.compiler import Sql
from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import And, Node, Text
from sightline.query.filter.parser import parse
from sightline.query.selection import Selection, select
from sightline.query.statements import statement
from sightline.query.traces import MAX_SPANS
from sightline.query.window import LATEST, Window
from sightline.records.trace import Trace
from sightline.store.store import Store


async def find(store: Store, trace: Trace, text: str, now: int) -> frozenset[str]:
    """Ids of the spans of a trace that match. A filter means what it means in a list; any other text is
    looked for in contents, names, messages and attributes. Errors of the store pass through."""
    chosen, plain = chosen_in(trace, text, now)
    asked = [_matching(store, chosen)]
    if plain:
        asked.append(_having(store, trace, plain))
    return frozenset().union(*await asyncio.gather(*asked))


def chosen_in(trace: Trace, text: str, now: int) -> tuple[Selection, str]:
    """The selection of one trace's spans, and the text to look for beside it: '' when it is a filter."""
    window = Window(
        trace.project, max(0, trace.start_time), min(max(trace.end_time, trace.start_time) + 1, LATEST)
    )
    try:
        node = parse(text)
        plain = _words(node, text)
        return select(f"trace_id:{trace.trace_id} ({text})", window, now), plain
    except FilterError:
        # No filter, or one with an error: then it is the text itself that is looked for.
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        try:
            return select(f"trace_id:{trace.trace_id} {quoted}", window, now), text
        except FilterError:
            # No words, or too many for a phrase: no contents are asked, names and attributes are.
            return select(f'trace_id:{trace.trace_id} span_id:""', window, now), text


def _words(node: Node, text: str) -> str:
    """The text itself when a filter consists of nothing but words, without the quotes around all of it."""
    if isinstance(node, Text):
        return "".join(node.segments)
    words = isinstance(node, And) and all(isinstance(part, Text) for part in node.parts)
    return text if words else ""


async def _matching(store: Store, chosen: Selection) -> set[str]:
    sql = Sql(chosen.window)
    asked = sql.statement(
        f"SELECT s.span_id AS span_id\n{sql.spans(chosen.predicate)}\n"
        f"LIMIT {sql.parameters.value('UInt32', MAX_SPANS)}"
    )
    answer = await store.fetch(asked.text, asked.parameters, purpose="search")
    return {str(row[0]) for row in answer.rows}


async def _having(store: Store, trace: Trace, text: str) -> set[str]:
    parameters = {"project": trace.project, "trace_id": trace.trace_id, "text": text, "limit": MAX_SPANS}
    answer = await store.fetch(statement("trace_find"), parameters, purpose="search")
    return {str(row[0]) for row in answer.rows}
