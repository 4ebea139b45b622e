"""What `import sightline` offers: the lazy table agrees with what type checkers read."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import sightline

SOURCE = Path(sightline.__file__)


def _seen_by_checkers() -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sightline."):
            for alias in node.names:
                assert alias.asname == alias.name, (
                    f"{alias.name}: write `as {alias.name}`, so that it is public"
                )
                found[alias.name] = node.module or ""
    return found


def test_the_lazy_table_is_what_type_checkers_read() -> None:
    assert _seen_by_checkers() == sightline._PLACES
    assert set(sightline.__all__) == {*sightline._PLACES, "__version__"}


def test_every_public_name_is_there_and_documented() -> None:
    for name in sightline._PLACES:
        assert getattr(sightline, name).__doc__, f"sightline.{name} has no docstring"
    assert set(sightline.__all__) <= set(dir(sightline))


def test_importing_alone_loads_neither_opentelemetry_nor_the_server() -> None:
    asked = "import sys, sightline; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"opentelemetry", "chdb", "starlette", "urllib3", "google", "click"} & set(loaded)
