"""What a reader has chosen: a filter, a project, a time, and whether spans or traces are listed.

The parts that every question over spans has in common, so that a list, its count, its charts and its facets
speak of the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sightline.query.filter.compiler import Sql, Statement
from sightline.query.filter.meaning import mean
from sightline.query.filter.nodes import And, Condition, Everything, Name, Node, Operator, Value, joined
from sightline.query.filter.parser import parse
from sightline.query.filter.predicates import Found, Predicate, with_found
from sightline.query.filter.spelling import spell
from sightline.query.filter.wholes import about_sessions, about_traces
from sightline.query.phrases import Phrase
from sightline.query.window import Window
from sightline.store.store import Store


class Target(StrEnum):
    """What one row of a list is."""

    SPANS = "spans"
    TRACES = "traces"


@dataclass(frozen=True, slots=True)
class Selection:
    """Spans or traces of a window that match. `text` is the filter's canonical text, as it was understood.

    `environment` narrows beside the filter, as a page's switch does, and is not part of its text; '' is all.
    `texts` is what is known of the texts with its phrases (`said.looked_up`). `weighted`: its rows count as
    many times as they stand for (`weights.weighed`).
    """

    window: Window
    target: Target
    text: str
    node: Node
    predicate: Predicate
    environment: str = ""
    texts: tuple[tuple[Phrase, Found], ...] = ()
    weighted: bool = False


def select(
    text: str, window: Window, now: int, target: Target = Target.SPANS, environment: str = ""
) -> Selection:
    """Read a filter for a window; `now` (ns) is what relative times count from. Raises FilterError."""
    node = parse(text)
    if target is Target.TRACES:
        node = about_traces(node)
    return Selection(window, target, spell(node), node, _meant(node, now, environment), environment)


def select_sessions(text: str, window: Window, now: int, environment: str = "") -> Selection:
    """Read a filter as a list of sessions means it: the spans that make their sessions match.

    Raises FilterError.
    """
    node = about_sessions(parse(text))
    return Selection(window, Target.SPANS, spell(node), node, _meant(node, now, environment), environment)


def refined(selection: Selection, node: Node, now: int) -> Selection:
    """The selection of another filter in the same place. Raises FilterError."""
    predicate = _meant(node, now, selection.environment)
    fresh = replace(selection, node=node, text=spell(node), predicate=predicate)
    return knowing(fresh, dict(selection.texts)) if selection.texts else fresh


def knowing(selection: Selection, texts: Mapping[Phrase, Found]) -> Selection:
    """The selection with what is known of the texts with its phrases."""
    told = with_found(selection.predicate, lambda part: texts.get(part.phrase, part.found))
    return replace(selection, predicate=told, texts=tuple(texts.items()))


def _meant(node: Node, now: int, environment: str) -> Predicate:
    if not environment:
        return mean(node, now)
    # Side by side: what is said of a whole trace and what picks out spans are told apart by part.
    inside = Condition(Name("env"), Operator.IS, (Value((environment,), True),))
    return mean(joined(And, [inside] if isinstance(node, Everything) else [node, inside]), now)


def rows(selection: Selection, sql: Sql) -> str:
    """FROM and PREWHERE of the rows that are listed: spans, or the heads of traces."""
    if selection.target is Target.TRACES:
        return sql.traces(selection.predicate)
    return sql.spans(selection.predicate)


def counting(selection: Selection) -> Statement:
    """The statement that counts the listed spans or traces."""
    sql = Sql(selection.window)
    return sql.statement(f"SELECT count() AS found\n{rows(selection, sql)}")


async def count(store: Store, selection: Selection) -> int:
    """How many spans or traces match. Errors of the store pass through."""
    statement = counting(selection)
    answer = await store.fetch(statement.text, statement.parameters, purpose="count")
    return int(answer.scalar() or 0)


def known_at(sql: Sql, as_of: int) -> str:
    """The condition that a span was digested up to a moment, in microseconds."""
    return f"s.digested_at <= fromUnixTimestamp64Micro({sql.parameters.value('Int64', as_of)}, 'UTC')"
