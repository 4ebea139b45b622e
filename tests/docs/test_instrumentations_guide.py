"""The table of instrumentations in the guide is the data."""

from __future__ import annotations

import os
from pathlib import Path

from sightline.sdk.instrumentations.table import LIBRARIES, Library

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "instrumentations.md"
COMMAND = "UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/docs/test_instrumentations_guide.py"
BEGIN = f"<!-- table: written by {COMMAND} -->"
END = "<!-- end of table -->"


def row(library: Library) -> str:
    """A library's line: who serves it in which order, from which version on, and what to know."""
    served = [f"`{o.pip}`" + (f" (from {o.least})" if o.least else "") for o in library.options]
    if library.native is not None:
        own = "its own spans" + (f" (from {library.native.least})" if library.native.least else "")
        served = [*served, own] if library.native.fallback else [own, *served]
    return f"| {library.name} | `{library.distribution}` | {'<br>'.join(served)} | {library.note} |"


def table() -> str:
    """The whole table."""
    head = "| library | package | served by | |\n|---|---|---|---|\n"
    return head + "\n".join(row(library) for library in LIBRARIES)


def test_the_table_is_the_data() -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    told, _, after = rest.partition(END)
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")
        return
    assert told.strip() == table(), "run this test with UPDATE_GOLDEN=1"
