"""The JavaScript SDK's own tests, run by Node's test runner; and the house rules for its files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SDK = Path(__file__).parents[2] / "sdk-js"
MOST_LINES = 250
# Markup and styles of a component that has to be one file: the server bundles it by itself.
ONE_FILE = {"widget.ts": 500}


@pytest.mark.timeout(300)
def test_units() -> None:
    command = [sys.executable, str(SDK / "build.py"), "--test"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    failed = [line for line in done.stdout.splitlines() if re.match(r"\s*(not ok|✖|# fail|ℹ fail)", line)]
    assert done.returncode == 0, "\n".join([*failed, done.stdout[-5000:], done.stderr[-2000:]])
    assert re.search(r"(?:#|ℹ) pass (\d{2,})", done.stdout), done.stdout[-500:]


def test_files_are_short_and_say_what_they_are_for() -> None:
    files = sorted((SDK / "src").rglob("*.ts"))
    assert len(files) > 20
    for path in files:
        text = path.read_text()
        most = ONE_FILE.get(path.name, MOST_LINES)
        assert text.count("\n") <= most, f"{path} has {text.count(chr(10))} lines, at most {most}"
        assert text.startswith(("// ", "/**")), f"{path} says in its first line what it is for"
        assert not re.search(r"\b(?:eval|new Function)\(", text), f"{path}: a strict policy forbids eval"
        assert max(map(len, text.splitlines())) <= (110 if most == MOST_LINES else 130), (
            f"{path} has a line over 110"
        )
