"""What clients of the ClickHouse protocol say beyond our SQL, put into our SQL.

They ask for the server's tables, settings and version before they ask for anything else, name tables with
their database, and end with FORMAT. Each of these is written anew in the engine's canonical text, where
tokens cannot be mistaken. Nothing here decides what may run: the result is checked like any other query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sightline.query.sql_errors import SqlError, nearest
from sightline.query.sql_relations import Column, Relation, quoted
from sightline.store.store import Connection

DATABASE = "default"
"""The name of the one database: what every client asks for unless it is told otherwise."""
# The revision of the protocol that we speak: what Go's driver is told.
_REVISION = 54460
_PREFIX = "sightline_system_"
_SYSTEM = ("databases", "tables", "columns", "settings")
_COMMENTS = {
    "spans": "one row for each span",
    "traces": "one row for each trace, summed from its spans",
    "logs": "one row for each log record",
    "metrics": "one row for each data point",
    "content": "prompts, answers and documents, once for each hash",
    "scores": "one row for each score",
}
# Settings that requests may choose (0) or that are told only (1); `sql_settings` reads the first.
_SETTINGS = (
    ("readonly", "1", 1),
    ("session_timezone", "UTC", 0),
    ("enable_http_compression", "0", 0),
    ("limit", "0", 0),
    ("join_use_nulls", "0", 0),
    ("date_time_output_format", "simple", 0),
)
_TOKEN = re.compile(
    r"(?P<text>'(?:[^'\\]|\\.|'')*')"
    r"|(?P<name>`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.)*\"|[^\W\d]\w*)",
    re.DOTALL,
)
_FORMAT = re.compile(r"\s+FORMAT\s+([A-Za-z]\w*)$")
_NAME = r"[`\"]?(\w+)[`\"]?"
_ENDING = r"\s*(?:FORMAT\s+(\w+))?\s*;?\s*"
_STATEMENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\s*{pattern}{_ENDING}", re.IGNORECASE), select)
    for pattern, select in (
        (r"SHOW\s+DATABASES", "SELECT name FROM system.databases"),
        (
            rf"SHOW\s+(?:FULL\s+)?TABLES(?:\s+(?:FROM|IN)\s+{_NAME})?(?:\s+LIKE\s+'([^'\\]*)')?",
            "SELECT name FROM system.tables WHERE database = '{0}' AND name LIKE '{1}' ORDER BY name",
        ),
        (
            rf"DESC(?:RIBE)?\s+(?:TABLE\s+)?(?:{_NAME}\.)?{_NAME}",
            "SELECT name, type, '' AS default_type, '' AS default_expression, comment,"
            " '' AS codec_expression, '' AS ttl_expression FROM system.columns"
            " WHERE database = '{0}' AND table = '{1}' ORDER BY position",
        ),
        (
            rf"EXISTS\s+(?:TABLE\s+)?(?:{_NAME}\.)?{_NAME}",
            "SELECT count() > 0 AS result FROM system.tables WHERE database = '{0}' AND name = '{1}'",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a client is told of the server: its version, and who it is taken for."""

    version: str
    user: str


@dataclass(frozen=True, slots=True)
class Translated:
    """A canonical SELECT of ours, and the format its text asked for ('' for none)."""

    text: str
    format: str


def as_select(query: str, relations: Mapping[str, Relation]) -> str:
    """SHOW, DESCRIBE and EXISTS as a SELECT; anything else as it is. Raises SqlError for unknown tables."""
    for pattern, select in _STATEMENTS:
        found = pattern.fullmatch(query)
        if not found:
            continue
        *words, format_ = found.groups()
        if "system.columns" in select and words[1] not in relations:
            names = sorted(relations)
            raise SqlError(
                f'There is no table "{words[1]}".{nearest(words[1], names)} Tables: {", ".join(names)}.',
                "unknown",
            )
        defaults = (DATABASE, "%")
        values = [word or default for word, default in zip(words, defaults, strict=False)]
        return select.format(*values) + (f" FORMAT {format_}" if format_ else "")
    return query


def translate(canonical: str, facts: Facts) -> Translated:
    """A canonical text without FORMAT, databases and questions about the server."""
    found = _FORMAT.search(canonical)
    # `ORDER BY format DESC` ends so too.
    reads = canonical.startswith(("SELECT ", "WITH ", "("))
    asked = found[1] if found and reads and found[1] not in {"ASC", "DESC"} else ""
    text = canonical[: found.start()] if found and asked else canonical
    tokens = [(m.start(), m.end(), m["name"] or "") for m in _TOKEN.finditer(text)]
    parts: list[str] = []
    at = skip = 0
    for number, (start, end, name) in enumerate(tokens):
        if number < skip or not name:
            continue
        replaced, used = _replaced(text, tokens, number, facts)
        if replaced is None:
            continue
        parts += [text[at:start], replaced]
        at, skip = (end if used == 1 else tokens[number + used - 1][1]), number + used
        if replaced.endswith("\0"):  # a call: its empty parentheses go with it
            parts[-1], at = replaced[:-1], at + 2
    return Translated("".join((*parts, text[at:])), asked)


def _replaced(
    text: str, tokens: list[tuple[int, int, str]], number: int, facts: Facts
) -> tuple[str | None, int]:
    """What stands in place of the tokens from `number` on, and how many they are."""
    start, end, name = tokens[number]
    bare = name.strip('`"')
    if text[start - 1 : start] == ".":
        return None, 1
    if text[end : end + 2] == "()" and (answer := _ANSWERS.get(bare.lower())):
        alias = "" if text[end + 2 : end + 6] == " AS " else f" AS {quoted(f'{bare}()')}"
        return f"{answer(facts)}{alias}\0", 1
    if text[end : end + 1] != "." or number + 1 == len(tokens) or tokens[number + 1][0] != end + 1:
        return None, 1
    table, after = tokens[number + 1][2].strip('`"'), tokens[number + 1][1]
    if bare.lower() == "system" and table in _SYSTEM:
        if text[after : after + 1] == ".":
            return table, 2
        return _PREFIX + table + ("" if text[after : after + 4] == " AS " else f" AS {table}"), 2
    if bare.lower() == "system":
        raise SqlError(
            f"system.{table[:60]} is not available here; available are"
            f" {', '.join(f'system.{known}' for known in _SYSTEM)}, with what this project may see.",
            "unknown",
        )
    if bare == DATABASE and table:
        return tokens[number + 1][2], 2
    return None, 1


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_ANSWERS: dict[str, Callable[[Facts], str]] = {
    "version": lambda facts: _literal(facts.version),
    "timezone": lambda _: "'UTC'",
    "servertimezone": lambda _: "'UTC'",
    "revision": lambda _: f"toUInt32({_REVISION})",
    "displayname": lambda _: "'Sightline'",
    "hostname": lambda _: "'Sightline'",
    "currentdatabase": lambda _: _literal(DATABASE),
    "database": lambda _: _literal(DATABASE),
    "currentuser": lambda facts: _literal(facts.user),
    "user": lambda facts: _literal(facts.user),
}


def load_system(connection: Connection, relations: Mapping[str, Relation]) -> dict[str, Relation]:
    """The relations behind `system.…`. Raises StoreError."""
    found: dict[str, Relation] = {}
    values = system_values(relations)
    for name in _SYSTEM:
        text = files("sightline.query").joinpath(f"sql/system_{name}.sql").read_text()
        body = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
        rows = connection.query(f"DESCRIBE TABLE ({body})", values).rows
        columns = tuple(Column(str(row[0]), str(row[1]), quoted(str(row[0]))) for row in rows)
        found[_PREFIX + name] = Relation(_PREFIX + name, columns, f"({body})", ())
    return found


def system_values(relations: Mapping[str, Relation]) -> dict[str, Any]:
    """The parameters that the relations behind `system.…` read."""
    return {
        "sightline_tables": [(name, _COMMENTS.get(name, "")) for name in relations],
        "sightline_columns": [
            (relation.name, column.name, column.type, position)
            for relation in relations.values()
            for position, column in enumerate(relation.columns, 1)
        ],
        "sightline_settings": list(_SETTINGS),
    }
