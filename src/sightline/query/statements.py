"""The `.sql` files of this station, read once. Values are always parameters, never text."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `sql/{name}.sql`."""
    return files("sightline.query").joinpath("sql", f"{name}.sql").read_text()
