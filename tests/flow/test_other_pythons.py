"""The light install on the other Pythons that it promises: tests of the SDK, each in its own environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT
from tests.flow.flow_guides import python_with

from sightline.testing import environment

pytestmark = [pytest.mark.flow, pytest.mark.timeout(900)]
OTHERS = tuple(v for v in ("3.11", "3.12", "3.13", "3.14") if v != "{}.{}".format(*sys.version_info[:2]))
PACKAGES = ("sightline", "pytest", "pytest-timeout", "hypothesis", "opentelemetry-proto", "wrapt")
# Where Pythons differ most: threads, forks, ends, contexts, frames, signatures. What has no such edge, and
# what needs packages of others, is left to this Python.
FILES = (
    "newer_pythons", "forks", "runtime", "start", "running", "inbox", "local_traces", "context",
    "context_leaks", "many_at_once", "trace_decorator", "spans", "llm_calls", "scores", "hostile_arguments",
)  # fmt: skip
# Memory over thousands of runs takes long, and is this Python's to say.
LONG = "ten_thousand or nothing_grows or hold_no_memory"


def found(version: str) -> tuple[str, str] | None:
    """An interpreter that can make environments, on the path or one of pyenv's; what it says of itself."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    newest = sorted(
        pyenv.glob(f"{version}.*"), key=lambda p: [int(n) for n in p.name.split(".") if n.isdigit()]
    )
    names = [shutil.which(f"python{version}"), *(str(p / "bin" / "python") for p in reversed(newest))]
    for name in names:
        # One of pyenv's stand-ins on the path may have nothing behind it.
        if name and (says := _said(name, "import sys, venv; print(sys.version)")).startswith(f"{version}."):
            return name, says
    return None


def _said(python: str, code: str) -> str:
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 else ""


@pytest.mark.parametrize("version", OTHERS)
def test_the_sdk_on_another_python(version: str, tmp_path: Path) -> None:
    base = found(version)
    if base is None:
        pytest.skip(f"no Python {version} that can make environments, on the path or one of pyenv's")
    python = python_with(PACKAGES, base)
    bare = {k: v for k, v in environment().items() if not k.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        [
            str(python), "-m", "pytest", "--confcutdir", "tests/sdk", "-p", "no:cacheprovider",
            "-k", f"not ({LONG})", *(f"tests/sdk/test_{name}.py" for name in FILES),
        ],
        # Generated cases are those of every run, and making the first ones may take its time.
        cwd=ROOT, env=bare | {"CI": "true", "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=840, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"Python {base[1]}: {done.stdout[-6000:]}{done.stderr[-2000:]}"
