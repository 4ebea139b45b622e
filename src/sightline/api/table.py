"""Every operation of the API, declared once: routes, checks and the OpenAPI document come from here."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.api import (
    condition,
    export,
    figures,
    logs,
    metrics,
    prices,
    projects,
    quarantine,
    score_definitions,
    scores,
    scrape,
    senders,
    sessions,
    sql,
    texts,
    traces,
    views,
    vocabulary,
)
from sightline.api.operations import Operation

# A topic a line, in the order in which people meet them: the browsable page and the document have the same.
TOPICS: Mapping[str, tuple[Operation, ...]] = {
    "Traces": traces.OPERATIONS,
    "Sessions and users": sessions.OPERATIONS,
    "Scores": (*scores.OPERATIONS, *score_definitions.OPERATIONS),
    "Figures": figures.OPERATIONS,
    "Fields and values": vocabulary.OPERATIONS,
    "Logs": logs.OPERATIONS,
    "Metrics": metrics.OPERATIONS,
    "Texts": texts.OPERATIONS,
    "SQL": sql.OPERATIONS,
    "Saved views": views.OPERATIONS,
    "Export": export.OPERATIONS,
    "Projects and keys": projects.OPERATIONS,
    "Prices": prices.OPERATIONS,
    "Quarantine": quarantine.OPERATIONS,
    "Scrape": scrape.OPERATIONS,
    "Senders": senders.OPERATIONS,
    "Server": condition.OPERATIONS,
}
OPERATIONS: tuple[Operation, ...] = tuple(operation for topic in TOPICS.values() for operation in topic)
