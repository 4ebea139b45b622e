"""Both SDKs write the same words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r'^export const ([A-Z0-9_]+) = "([^"]*)";$', re.M)


def in_python() -> dict[str, str]:
    tree = ast.parse((ROOT / "src" / "sightline" / "sdk" / "names.py").read_text())
    return {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def test_the_names_are_the_same() -> None:
    theirs = dict(NAME.findall((ROOT / "sdk-js" / "src" / "names.ts").read_text()))
    assert len(theirs) > 50
    assert theirs == in_python()


def test_the_versions_are_the_same() -> None:
    package = (ROOT / "sdk-js" / "package.json").read_text()
    said = re.search(r'"version": "([^"]+)"', package)
    source = re.search(r'VERSION = "([^"]+)"', (ROOT / "sdk-js" / "src" / "node" / "version.ts").read_text())
    assert said and source and said[1] == source[1]
