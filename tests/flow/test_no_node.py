"""The front end is built where the machine has no Node, or one that is too old: with Node from PyPI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
OUT = "src/sightline/pages/static/build"


def build(tree: Path, path: Path, *options: str) -> str:
    """Run the build in a copy of the tree with the programs of one folder; what it said."""
    command = [str(tree / "venv" / "bin" / "python"), "frontend/build.py", *options]
    done = subprocess.run(
        command, cwd=tree, env=os.environ | {"PATH": str(path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The front end's sources alone, and a Python that has nothing but pip."""
    folder = tmp_path_factory.mktemp("tree")
    unwanted = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    shutil.copytree(ROOT / "frontend", folder / "frontend", ignore=unwanted)
    (folder / "sdk-js" / "src").mkdir(parents=True)
    shutil.copy(ROOT / "sdk-js" / "src" / "widget.ts", folder / "sdk-js" / "src")
    (folder / OUT).parent.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    return folder


def test_without_node_and_without_any_other_program(tree: Path, tmp_path: Path) -> None:
    said = build(tree, tmp_path)
    assert "no Node of version 20 or later here" in said
    files = json.loads((tree / OUT / "manifest.json").read_text())["files"]
    assert {"app.js", "app.css"} <= files.keys()
    assert all((tree / OUT / file).stat().st_size for file in files.values())
    assert "nothing changed" in build(tree, tmp_path)


def test_a_node_that_is_too_old_is_left_alone(tree: Path, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo v18.20.4 && exit 0\nexit 9\n')
        program.chmod(0o755)
    build(tree, tmp_path, "--check")
