"""Attributes that no column took: the paths of the JSON columns `attributes` and `resource`.

A path is the only text of a filter that becomes part of the SQL itself, since the engine reads one path of a
JSON column only when it is named there. It stands between backticks, escaped; what the engine would read as
more than a path (a type, a sub-object) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sightline.catalog.conventions import conventions
from sightline.catalog.vocabulary import Scope

MAX_PATH = 200
# How the engine names the typed part of a path, or an object below one: a.:`Int64`, ^`a`.
_MORE_THAN_A_PATH = re.compile(r"[:^@]`")
COLUMNS = {"attr.": "attributes", "resource.": "resource"}


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute: its JSON column, its key, and the canonical field that took it where one does.

    `field` is the name of that field: the attribute is looked up there, too.
    """

    column: str
    key: str
    field: str = ""


def fault(key: str) -> str:
    """Why an attribute of this key cannot be named, empty when it can."""
    if not key:
        return "an attribute has a name"
    if len(key.encode()) > MAX_PATH:
        return f"an attribute's name has at most {MAX_PATH} bytes"
    if _MORE_THAN_A_PATH.search(key):
        return "an attribute's name cannot have a backtick behind :, ^ or @"
    return ""


def read_path(column: str, key: str) -> Path:
    """The attribute of this key, with the field that took it: one that keeps its value as it was."""
    return Path(column, key, _taken().get(key, "") if column == "attributes" else "")


@cache
def _taken() -> dict[str, str]:
    """Attribute keys that become a canonical field as they are, and so leave the JSON column."""
    found: dict[str, str] = {}
    for field in conventions().span_fields:
        for source in field.applicable:
            if source.scope is Scope.ATTRIBUTE and (source.verbatim or field.content):
                found.setdefault(source.attribute, field.name)
    return found


def identifier(path: Path) -> str:
    """The path as an identifier of SQL, read from the alias `s`."""
    if reason := fault(path.key):
        raise ValueError(reason)
    key = path.key.replace("\\", "\\\\").replace("`", "\\`")
    return f"s.{path.column}.`{key}`"


def text(path: Path) -> str:
    """The expression for its value as text; NULL where a span has none."""
    return f"CAST({identifier(path)}, 'Nullable(String)')"


def texts(path: Path) -> str:
    """The expression for its texts when it is a list of them; an empty list otherwise."""
    return f"{identifier(path)}.:`Array(Nullable(String))`"


def number(path: Path) -> str:
    """The expression for its value as a number, also where it was sent as text; NULL when it is none."""
    name = identifier(path)
    return f"coalesce(toFloat64({name}.:Int64), {name}.:Float64, toFloat64OrNull({name}.:String))"
