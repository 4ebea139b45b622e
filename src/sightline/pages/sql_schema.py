"""The tables of the SQL page with what their columns mean, and queries to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.catalog.conventions import conventions
from sightline.query.filter.fields import fields
from sightline.query.sql_relations import Relation

TABLES: Mapping[str, str] = {
    "spans": "one row for each span",
    "traces": "one row for each trace: name, duration, sums, who and where",
    "logs": "one row for each log record; trace_id and span_id link it to its span",
    "metrics": "one row for each data point",
    "content": "texts once under their hash; spans.content.hash says who has them",
    "scores": "one row for each score; target says whether of a span, a trace or a session",
}
EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "Tokens and cost by model",
        "select response_model, count() as calls, sum(input_tokens) as tokens_in,\n"
        "  sum(output_tokens) as tokens_out, round(sum(cost_usd), 4) as usd\n"
        "from spans\nwhere usage_source = 'own' and start_time > now() - interval 1 day\n"
        "group by response_model\norder by calls desc",
    ),
    (
        "Requests an hour",
        "select toStartOfHour(start_time) as hour, count() as requests,\n"
        "  countIf(errors > 0) as failed\n"
        "from traces\nwhere start_time > now() - interval 1 day\n"
        "group by hour\norder by hour",
    ),
    (
        "p95 by service and hour",
        "select toStartOfHour(start_time) as hour, ifNull(service, '') as name,\n"
        "  quantile(0.95)(duration_ns) / 1e6 as p95_ms\n"
        "from traces\nwhere start_time > now() - interval 1 day\n"
        "group by hour, name\norder by hour",
    ),
    (
        "The slowest spans",
        "select trace_id, span_id, name, kind, start_time, duration_ns / 1e9 as seconds\n"
        "from spans\nwhere start_time > now() - interval 1 day\n"
        "order by duration_ns desc\nlimit 20",
    ),
    (
        "What failed, with its message",
        "select error_type, any(status_message) as message, count() as spans, uniq(user_id) as users\n"
        "from spans\nwhere status = 'error' and start_time > now() - interval 1 day\n"
        "group by error_type\norder by spans desc",
    ),
    (
        "An attribute of your own",
        "select attributes.`http.route`::String as route, count() as spans\n"
        "from spans\nwhere start_time > now() - interval 1 day\n"
        "group by route\norder by spans desc\nlimit 20",
    ),
    (
        "What was asked and answered",
        "select trace_id, substring(input_messages, 1, 200) as asked,\n"
        "  substring(output_messages, 1, 200) as answered\n"
        "from spans\nwhere kind = 'llm' and start_time > now() - interval 1 hour\n"
        "order by start_time desc\nlimit 20",
    ),
)


@dataclass(frozen=True, slots=True)
class SchemaColumn:
    """A column: name, type, and what it means as far as that is written down."""

    name: str
    type: str
    says: str


@dataclass(frozen=True, slots=True)
class SchemaTable:
    """A table of the browser."""

    name: str
    says: str
    columns: tuple[SchemaColumn, ...]


def tables(relations: Mapping[str, Relation]) -> tuple[SchemaTable, ...]:
    """What can be asked, in the order people need it."""
    order = [name for name in TABLES if name in relations]
    return tuple(_table(relations[name]) for name in [*order, *sorted(set(relations) - set(order))])


def _table(relation: Relation) -> SchemaTable:
    meanings = _meanings() if relation.name in ("spans", "traces") else {}
    return SchemaTable(
        relation.name,
        TABLES.get(relation.name, ""),
        tuple(SchemaColumn(c.name, c.type, meanings.get(c.name, "")) for c in relation.columns),
    )


def _meanings() -> dict[str, str]:
    """What each column of a span is: the filter's words, the field it holds, the catalog's note."""
    found = {f.sql.removeprefix("s."): f.says for f in fields() if f.sql.startswith("s.") and f.says}
    for one in conventions().fields:
        said = ", ".join(part for part in (found.get(one.column, ""), one.note) if part)
        found[one.column] = f"{one.name}{': ' if said else ''}{said}"
    return found
