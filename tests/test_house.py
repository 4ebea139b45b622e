"""The house rules, checked: import order, cycles, sizes, documentation, no sleeping tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "sightline"

# Left may not import right; entries on one level may import within themselves only, except where named.
ORDER: list[set[str]] = [
    {"records", "settings", "measures", "client"},
    {"catalog", "journal", "store", "control"},
    {"content", "wire", "digest", "query", "report"},
    {"watch", "quality", "drift", "notify", "gateway"},
    {"api", "pages"},
    {"demo"},
    {"roles", "app", "cli", "server_commands", "testing", "operations"},
]
# Edges inside a level that are meant: (from, to) with the reason.
SAME_LEVEL: dict[tuple[str, str], str] = {
    ("roles", "operations"): "roles start operations' parts",
    ("app", "roles"): "the app runs roles",
    ("app", "operations"): "the app sets up logging and self tracing",
    ("server_commands", "app"): "the command line starts the app",
    ("server_commands", "operations"): "commands read their settings as all commands do",
    ("testing", "app"): "tests start the app",
    ("testing", "operations"): "tests speak to a server with the client of its commands",
    ("pages", "api"): "pages and API share authentication and error shapes",
    ("digest", "content"): "digest writes what content reads",
    ("query", "content"): "a span's content is part of the answer",
}
LEVEL = {name: i for i, names in enumerate(ORDER) for name in names}
MAX_FILE = 500
MAX_FUNCTION = 100
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}
# Files over the limit, each with its reason.
ALLOWED_LONG: dict[str, str] = {}


def modules() -> list[Path]:
    """Every Python file of the package."""
    return sorted(p for p in SRC.rglob("*.py") if "build" not in p.parts)


def package_of(path: Path) -> str:
    """The station a file belongs to."""
    rel = path.relative_to(SRC)
    return rel.parts[0] if len(rel.parts) > 1 else rel.stem


def imported(path: Path) -> set[str]:
    """Stations imported by a file, wherever the import stands in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import at line {node.lineno}; write it from sightline"
            module = node.module or ""
            names = [f"sightline.{a.name}" for a in node.names] if module == "sightline" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "sightline" and len(parts) > 1 and parts[1] != "__version__":
                found.add(parts[1])
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_follow_the_way_of_a_span(path: Path) -> None:
    me = package_of(path)
    if me in {"__init__", "__main__"}:
        return
    for other in imported(path) - {me}:
        if me == "sdk" or other == "sdk":
            pytest.fail(f"{path}: sdk stands apart, but {me} imports {other}")
        assert me in LEVEL, f"{me} has no place in ORDER"
        assert other in LEVEL, f"{path} imports {other}, which has no place in ORDER"
        allowed = LEVEL[other] < LEVEL[me] or (me, other) in SAME_LEVEL
        assert allowed, f"{path}: {me} may not import {other} (ORDER in tests/test_house.py)"


def test_no_import_cycles_between_modules() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules():
        name = ".".join(("sightline", *path.relative_to(SRC).with_suffix("").parts)).removesuffix(".__init__")
        edges: set[str] = set()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sightline"):
                edges |= {f"{node.module}.{a.name}" for a in node.names} | {node.module or ""}
            elif isinstance(node, ast.Import):
                edges |= {a.name for a in node.names if a.name.startswith("sightline")}
        graph[name] = edges
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"import cycle: {' -> '.join((*trail, name))}"
        if name in done:
            return
        for other in graph[name] & graph.keys() - {name}:
            walk(other, (*trail, name))
        done.add(name)

    for name in graph:
        walk(name, ())


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_sizes_names_and_docstrings(path: Path) -> None:
    text = path.read_text()
    rel = str(path.relative_to(SRC))
    assert path.stem not in FORBIDDEN_NAMES, f"{rel}: name the concept instead"
    lines = text.count("\n")
    assert lines <= MAX_FILE or rel in ALLOWED_LONG, f"{rel}: {lines} lines, at most {MAX_FILE}"
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{rel}: a module says in its docstring what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            assert size <= MAX_FUNCTION, f"{rel}: {node.name} has {size} lines, at most {MAX_FUNCTION}"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            if any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list):
                continue  # the function that follows them has it
            assert ast.get_docstring(node), f"{rel}: public {node.name} has no docstring"


def test_no_test_sleeps() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path.name == "test_house.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "sleep"
            ):
                pytest.fail(
                    f"{path}:{node.lineno} sleeps; wait for a condition (sightline.testing.wait_until)"
                )


def test_files_of_tests_have_names_of_their_own() -> None:
    """Where tests stand in no package, two files of one name cannot be collected in one run."""
    seen: dict[str, Path] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if not (path.parent / "__init__.py").exists():
            assert seen.setdefault(path.name, path) == path, f"{path} and {seen[path.name]}"
