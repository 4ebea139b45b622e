"""Strict type checkers accept what users write, see every signature, and refuse what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sightline

SOURCE = Path(sightline.__file__).parents[1]
USER_CODE = Path(__file__).with_name("typed_user_code.py")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(sightline.__file__).parent / "py.typed").exists()


def test_mypy_strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(SOURCE))
    said = run(
        sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(USER_CODE)
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_pyright_strict(tmp_path: Path) -> None:
    program = shutil.which("basedpyright", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("basedpyright is not installed beside this Python")
    config = {
        "typeCheckingMode": "strict",
        "reportUnnecessaryTypeIgnoreComment": "error",
        "enableTypeIgnoreComments": False,
        "extraPaths": [str(SOURCE)],
        "include": [str(USER_CODE)],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    said = run(program, "-p", str(tmp_path), "--pythonpath", sys.executable)
    assert said.returncode == 0, said.stdout + said.stderr
