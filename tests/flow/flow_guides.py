"""Guides as a new user follows them: their files in an empty folder, what they install in an environment of
their own, their variables, against a running server."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.docs.blocks import ROOT, blocks, lines
from tests.flow.shared_places import KEPT, alone, digest_of

from sightline.testing import ServerProcess, environment

PLACE = KEPT / "sightline-guides"
"""Environments are kept beside this Python, since installing takes most of the time."""
_FILE = re.compile(r"^(?:#|//) ([\w.-]+\.(?:py|mjs|cjs|ts))\n")
_DEFAULT = "http://127.0.0.1:4318"


@dataclass(frozen=True, slots=True)
class Guide:
    """What a page gives its reader: files by name, packages to install, variables to set."""

    files: Mapping[str, str]
    packages: tuple[str, ...]
    variables: Mapping[str, str]


def read_guide(page: str) -> Guide:
    """The guide on a page (path from the root). A file is a block that begins with a comment of its name."""
    files: dict[str, str] = {}
    packages: list[str] = []
    variables: dict[str, str] = {}
    for block in blocks((ROOT / page).read_text()):
        named = _FILE.match(block.text)
        if named:
            assert named[1] not in files, f"{page} has two files {named[1]}"
            files[named[1]] = block.text
        if block.language not in ("sh", "bash"):
            continue
        for line in lines(block.text):
            words = shlex.split(line)
            if words[:2] == ["pip", "install"]:
                packages += words[2:]
            elif words[0] == "export":
                name, _, value = words[1].partition("=")
                variables[name] = value
    return Guide(files, tuple(dict.fromkeys(packages)), variables)


@cache
def wheel() -> Path:
    """The wheel of this repository, with its front end; in a folder named for what it is made of."""
    _run(sys.executable, str(ROOT / "frontend" / "build.py"))
    sources = [p for p in (ROOT / "src").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    mark = digest_of([*sources, ROOT / "pyproject.toml", ROOT / "README.md"])[:16]
    with alone(PLACE / "wheels"):
        folder = PLACE / "wheels" / mark
        if not (folder / ".built").exists():
            shutil.rmtree(folder.parent, ignore_errors=True)
            build = ("-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
            _run(sys.executable, *build)
            (folder / ".built").touch()
        (made,) = folder.glob("sightline-*.whl")
    return made


def python_with(packages: tuple[str, ...], base: tuple[str, str] | None = None) -> Path:
    """A Python that has exactly these packages; `sightline` is this repository's wheel.

    `base`: another interpreter than this one, as its path and its version. Once the Python stands, nothing is
    written to it in this run: a guide in another process may use it.
    """
    interpreter, version = base or (sys.executable, sys.version)
    ours = [p for p in packages if re.split(r"[\[<>=!~ ]", p)[0] == "sightline"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"] if ours else {}
    mark = hashlib.sha256(repr((sorted(packages), project, version)).encode()).hexdigest()[:16]
    folder = PLACE / mark
    python, stamp = folder / "bin" / "python", folder / ".installed"
    built = wheel().as_uri() if ours else ""
    pip = (str(python), "-m", "pip")
    if base:  # its own may be missing, as Debian's is, or old
        pip = (sys.executable, "-m", "pip", "--python", str(python))
    with alone(folder):
        if not stamp.exists():
            shutil.rmtree(folder)
            _run(interpreter, "-m", "venv", *(("--without-pip",) if base else ()), str(folder))
            wanted = [f"{p} @ {built}" if p in ours else p for p in packages]
            _run(*pip, "install", "-q", *wanted)
        elif stamp.read_text() != built:
            _run(*pip, "install", "-q", "--no-deps", "--force-reinstall", built)
        stamp.write_text(built)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"


def write_files(page: str, server: ServerProcess, folder: Path, **more: str) -> dict[str, str]:
    """Write a guide's files into a folder, for this server; the environment to run them in."""
    guide = read_guide(page)
    for name, text in guide.files.items():
        (folder / name).write_text(text.replace(_DEFAULT, server.url))
    variables = {name: value.replace(_DEFAULT, server.url) for name, value in guide.variables.items()}
    bare = {k: v for k, v in environment().items() if not k.startswith("PYTHON")}
    # The address stands in no file of ours: on a user's machine the server is at the default one.
    return bare | {"SIGHTLINE_URL": server.url} | variables | {"HOME": str(folder), **more}


def follow(
    page: str, file: str, server: ServerProcess, folder: Path, packages: tuple[str, ...] = (), **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one of a guide's files in a folder that has only those."""
    done = subprocess.run(
        [str(python_with(packages or read_guide(page).packages)), file],
        cwd=folder, env=write_files(page, server, folder, **more), capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{page}, {file}: {done.stdout[-1000:]}{done.stderr[-3000:]}"
    assert "Traceback" not in done.stderr and "failed" not in done.stderr.lower(), done.stderr[-3000:]
    return done
