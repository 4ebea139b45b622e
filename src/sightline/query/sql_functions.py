"""Which functions a user's SQL may call; the names are data in `sql_functions.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _lists() -> tuple[frozenset[str], frozenset[str], tuple[str, ...], frozenset[str]]:
    """Plain functions, aggregates, combinators and table functions, all in lower case."""
    data = tomllib.loads(files("sightline.query").joinpath("sql_functions.toml").read_text())
    groups: dict[str, list[str]] = data["functions"]
    plain = {name.lower() for names in groups.values() for name in names} | set(data["syntax"])
    aggregates = {name.lower() for name in groups["aggregate"]}
    combinators = tuple(name.lower() for name in data["combinators"])
    tables = frozenset(name.lower() for name in data["table_functions"])
    return frozenset(plain), frozenset(aggregates), combinators, tables


@cache
def is_function(name: str) -> bool:
    """Whether an expression may call `name`: on the list, or an aggregate of the list with combinators."""
    plain, aggregates, combinators, _ = _lists()
    name = name.lower()
    if name in plain:
        return True
    for suffix in combinators:
        stem = name.removesuffix(suffix)
        if stem != name and (stem in aggregates or (stem and is_function(stem) and stem not in plain)):
            return True
    return False


def is_aggregate(name: str) -> bool:
    """Whether `name` is an aggregate of the list, with or without combinators."""
    plain, aggregates, _, _ = _lists()
    return name.lower() in aggregates or (name.lower() not in plain and is_function(name))


def is_table_function(name: str) -> bool:
    """Whether `name` may stand in place of a table."""
    return name.lower() in _lists()[3]


def known_functions() -> frozenset[str]:
    """Every listed name in lower case, without combinators; for suggestions."""
    return _lists()[0]
