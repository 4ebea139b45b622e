"""Builds, checks and tests the JavaScript SDK, with the Node that the front end is built with.

python sdk-js/build.py            build into sdk-js/dist
python sdk-js/build.py --check    types and formatting, writes nothing
python sdk-js/build.py --format   formats the sources
python sdk-js/build.py --test     runs the unit tests
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent


def front_end() -> ModuleType:
    """`frontend/build.py`, which finds Node and installs by a lock; told to work in this folder."""
    spec = importlib.util.spec_from_file_location("frontend_build", HERE.parent / "frontend" / "build.py")
    if spec is None or spec.loader is None:
        raise SystemExit("frontend/build.py is missing; it finds Node for this build, too")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update(HERE=HERE, MODULES=HERE / "node_modules")
    return module


def main() -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:]
    if words not in ([], ["--check"], ["--format"], ["--test"]):
        print(__doc__)
        return 2
    build = front_end()
    node, npm = build.find_node()
    build.install(node, npm)
    code: int = build.run([node, "build.mjs", *words])
    return code


if __name__ == "__main__":
    sys.exit(main())
