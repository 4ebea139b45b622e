"""The shipped Grafana dashboards: their queries, with what Grafana and its plugins put in for the macros."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana"


@dataclass(frozen=True)
class Target:
    """One query of a panel."""

    title: str
    query: str
    table: bool
    kind: str


def dashboard(name: str) -> dict[str, Any]:
    """A dashboard as it is shipped."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def targets(name: str) -> Iterator[Target]:
    """Every query of a dashboard's panels."""
    for panel in dashboard(name)["panels"]:
        for target in panel["targets"]:
            query = target.get("rawSql") or target["expr"]
            yield Target(panel["title"], query, target.get("format") == 1, panel["type"])


def clickhouse(query: str, begin: int, end: int, seconds: int, environment: tuple[str, ...]) -> str:
    """SQL as the data source sends it: its own macros, and the variable with values or with `All` (none)."""

    def conditional(found: re.Match[str]) -> str:
        return found[1] if environment else "1=1"

    # The plugin's pages replace this one before variables, and its server the others after them.
    query = re.sub(r"\$__conditionalAll\((.*?\$\{\w+:singlequote\}\)), \$\w+\)", conditional, query)
    query = query.replace("${environment:singlequote}", ",".join(f"'{value}'" for value in environment))
    query = re.sub(
        r"\$__timeFilter\((\w+)\)", rf"\1 >= toDateTime({begin}) AND \1 <= toDateTime({end})", query
    )
    query = re.sub(
        r"\$__timeInterval\((\w+)\)", rf"toStartOfInterval(toDateTime(\1), INTERVAL {seconds} second)", query
    )
    assert "$" not in query, f"a macro is left: {query}"
    return query


def promql(query: str, interval: str, span: str) -> str:
    """PromQL as Grafana sends it."""
    for name, value in (("$__rate_interval", interval), ("$__range", span), ("$project", ".*")):
        query = query.replace(name, value)
    assert "$" not in query, f"a variable is left: {query}"
    return query
