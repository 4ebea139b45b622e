"""Every operation of the API, declared once: routes, checks and the OpenAPI document come from here."""

from __future__ import annotations

from sightline.api import administration, condition, questions, scrape, shapes
from sightline.api.operations import Operation, Parameter
from sightline.records.access import Scope

_PROJECT = Parameter("project", "Which project, where no key says it; default: default.", shapes.PROJECT_NAME)
_CURSOR = Parameter("cursor", "`next` of the page before.", shapes.TEXT)
_TRACE_ID = Parameter("trace_id", "Hexadecimal.", shapes.TEXT, "path")
_ENTRY = Parameter("entry_id", "Id of the entry.", shapes.TEXT, "path")


def _limit(default: int, most: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter("limit", "Most items on a page.", schema)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/sql",
        questions.sql,
        "Run one SELECT",
        Scope.READ,
        shapes.SQL_ANSWER,
        "Read-only ClickHouse SQL on the tables spans, traces, logs, metrics and content of one project.",
        body=shapes.SQL_BODY,
        parameters=(_PROJECT,),
        failures=(429,),
    ),
    Operation(
        "GET",
        "/traces",
        questions.list_traces,
        "Latest traces",
        Scope.READ,
        shapes.TRACES,
        parameters=(
            _PROJECT,
            _limit(questions.TRACES_PER_PAGE, questions.MOST_TRACES),
            _CURSOR,
            Parameter("since", "Only traces that started after this time.", shapes.TIME),
            Parameter("environment", "Only traces of this environment.", shapes.TEXT),
        ),
    ),
    Operation(
        "GET",
        "/traces/{trace_id}",
        questions.one_trace,
        "One trace, its spans in tree order",
        Scope.READ,
        shapes.TRACE,
        parameters=(
            _TRACE_ID,
            _PROJECT,
            _limit(questions.SPANS_PER_PAGE, questions.MOST_SPANS),
            _CURSOR,
            Parameter("details", "Attributes, events, links and content references too.", shapes.FLAG),
        ),
    ),
    Operation("GET", "/projects", administration.list_projects, "Projects", Scope.READ, shapes.PROJECTS),
    Operation(
        "POST",
        "/projects",
        administration.create_project,
        "Make a project",
        Scope.ADMIN,
        shapes.PROJECT,
        body=shapes.PROJECT_BODY,
        status=201,
        failures=(409,),
    ),
    Operation(
        "GET",
        "/keys",
        administration.list_keys,
        "Keys of the project",
        Scope.ADMIN,
        shapes.KEYS,
        parameters=(_PROJECT,),
    ),
    Operation(
        "POST",
        "/keys",
        administration.create_key,
        "Make a key, shown this once",
        Scope.ADMIN,
        shapes.NEW_KEY,
        body=shapes.KEY_BODY,
        parameters=(_PROJECT,),
        status=201,
    ),
    Operation(
        "DELETE",
        "/keys/{key_id}",
        administration.revoke_key,
        "End a key",
        Scope.ADMIN,
        shapes.KEY,
        parameters=(Parameter("key_id", "The key's public id.", shapes.TEXT, "path"), _PROJECT),
    ),
    Operation(
        "GET",
        "/prices",
        administration.list_prices,
        "Own prices",
        Scope.READ,
        shapes.PRICES,
        parameters=(_PROJECT, Parameter("history", "Superseded and withdrawn ones too.", shapes.FLAG)),
    ),
    Operation(
        "PUT",
        "/prices",
        administration.add_prices,
        "Append own prices",
        Scope.ADMIN,
        shapes.PRICES,
        "An entry counts from `valid_from` on; of entries for the same model and date the last one counts.",
        body=shapes.PRICES_BODY,
        parameters=(_PROJECT,),
    ),
    Operation(
        "DELETE",
        "/prices/{version}",
        administration.withdraw_price,
        "Withdraw a price",
        Scope.ADMIN,
        shapes.PRICE,
        parameters=(Parameter("version", "The price's version.", shapes.WHOLE, "path"), _PROJECT),
    ),
    Operation(
        "GET",
        "/quarantine",
        administration.list_quarantine,
        "What could not be digested",
        Scope.READ,
        shapes.QUARANTINE,
        parameters=(_PROJECT,),
    ),
    Operation(
        "POST",
        "/quarantine/{entry_id}/requeue",
        administration.requeue,
        "Digest an entry again",
        Scope.ADMIN,
        shapes.DECIDED,
        parameters=(_ENTRY, _PROJECT),
        failures=(409,),
    ),
    Operation(
        "POST",
        "/quarantine/{entry_id}/discard",
        administration.discard,
        "Remove an entry",
        Scope.ADMIN,
        shapes.DECIDED,
        parameters=(_ENTRY, _PROJECT),
        failures=(409,),
    ),
    Operation(
        "POST",
        "/backup",
        administration.backup,
        "Write a backup on the server",
        Scope.ADMIN,
        shapes.ANYTHING,
        body=shapes.BACKUP_BODY,
        failures=(409,),
    ),
    Operation(
        "GET",
        "/scrape",
        scrape.scrape,
        "Counters for a project's own Prometheus",
        Scope.READ,
        shapes.TEXT,
        "OpenMetrics text, or Prometheus' own when asked for; counts what was stored since the last scrape.",
        parameters=(_PROJECT,),
        media_type="application/openmetrics-text",
    ),
    Operation(
        "GET",
        "/scrape/settings",
        scrape.scrape_settings,
        "What the scrape counts and by which labels",
        Scope.READ,
        shapes.SCRAPE_SETTINGS,
        parameters=(_PROJECT,),
    ),
    Operation(
        "PUT",
        "/scrape/settings",
        scrape.change_scrape_settings,
        "Choose what the scrape counts and by which labels",
        Scope.ADMIN,
        shapes.SCRAPE_SETTINGS,
        "Counting begins anew when something changes.",
        body=shapes.SCRAPE_BODY,
        parameters=(_PROJECT,),
    ),
    Operation("GET", "/health", condition.health, "How the server is", Scope.READ, shapes.HEALTH),
)
