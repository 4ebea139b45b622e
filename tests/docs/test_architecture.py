"""ARCHITECTURE.md names only files and names that exist, and leaves out no package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "sightline"
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
PATH = re.compile(r"`([a-z][\w./*-]*(?:\.(?:py|sql|toml|proto|html)|/))`")
# `path.py` (`Name`, `Name.method`)
NAMES = re.compile(r"`([a-z][\w/]*\.py)` \(((?:`[\w.]+`(?:, )?)+)\)")
# Folders of a data directory, not of the project.
ELSEWHERE = {"open/", "ready/", "digested/", "sightline-data/", "src/sightline/"}


def found(path: str) -> list[Path]:
    """What a path of the page stands for: in the package, or from the root."""
    for base in (SRC, ROOT):
        matches = sorted(base.glob(path.rstrip("/")))
        if matches:
            return matches
    return []


def defined(path: Path) -> set[str]:
    """Names a module defines, methods and attributes as `Class.name`."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
            names |= {f"{node.name}.{n}" for n in assigned(node.body)}
    return names | assigned(ast.parse(path.read_text()).body)


def assigned(body: list[ast.stmt]) -> set[str]:
    """Functions and variables of a body."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return names


@pytest.mark.parametrize("path", sorted(set(PATH.findall(TEXT)) - ELSEWHERE))
def test_every_file_exists(path: str) -> None:
    assert found(path), f"ARCHITECTURE.md names {path}, which is neither in src/sightline nor at the root"


@pytest.mark.parametrize(("path", "names"), NAMES.findall(TEXT))
def test_every_name_is_defined_in_its_file(path: str, names: str) -> None:
    [file] = found(path)
    missing = set(re.findall(r"`([\w.]+)`", names)) - defined(file)
    assert not missing, f"{path} defines no {', '.join(sorted(missing))}"


def test_the_names_on_the_page_are_read() -> None:
    assert len(NAMES.findall(TEXT)) > 40


def test_every_station_is_on_the_page() -> None:
    stations = {p.name + ("/" if p.is_dir() else "") for p in SRC.iterdir()}
    stations = {s for s in stations if s[0] != "_" and s.endswith(("/", ".py"))}
    missing = {s for s in stations if s.rstrip("/") not in TEXT}
    assert not missing, f"ARCHITECTURE.md does not mention {', '.join(sorted(missing))}"


def test_the_order_of_imports_is_that_of_the_house() -> None:
    order = ast.parse((ROOT / "tests" / "test_house.py").read_text())
    [levels] = [
        ast.literal_eval(n.value)
        for n in order.body
        if isinstance(n, ast.AnnAssign)
        and isinstance(n.target, ast.Name)
        and n.target.id == "ORDER"
        and n.value
    ]
    [told] = re.findall(r"^\*\*Imports\*\* go one way: (.*?)\. ", TEXT, re.MULTILINE)
    there = {p.stem for p in SRC.iterdir()}
    kept = [names & there for names in levels if names & there]
    assert [set(re.findall(r"`(\w+)`", part)) for part in told.split("→")] == kept
