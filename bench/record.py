"""Where results go: one JSON file for each measurement, with what is needed to repeat and to judge it.

Schema: `name`, `date` (UTC), `commit`, `hardware` {cpu, cores, memory_gib, python, engine}, `load_average`
(one minute, before the run: other work on the machine), `command`, `workload`, `figures` {label: value}.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"


def hardware() -> dict[str, Any]:
    """The machine, without its name."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory) / 2**20, 1),
        "python": platform.python_version(),
        "engine": f"chdb {version('chdb')}",
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def commit() -> str:
    """The commit measured; `+changes` when the source differs from it."""
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain", "src") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


class Record:
    """One measurement: made before it starts, so that the load average is that of the others."""

    def __init__(self, name: str, workload: str) -> None:
        self.name, self.workload = name, workload
        self.figures: dict[str, Any] = {}
        self._load = round(os.getloadavg()[0], 2)
        self._command = " ".join(["python", f"bench/{Path(sys.argv[0]).name}", *_shown(sys.argv[1:])])

    def write(self, directory: Path = RESULTS) -> Path:
        """Write the figures; prints them as well."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.name}.json"
        found = {
            "name": self.name,
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "commit": commit(),
            "hardware": hardware(),
            "load_average": self._load,
            "command": self._command,
            "workload": self.workload,
            "figures": self.figures,
        }
        path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        for label, value in self.figures.items():
            print(f"{label:42} {value}")
        print(f"written: bench/results/{path.name}   load average before: {self._load}", flush=True)
        return path


def _shown(arguments: list[str]) -> list[str]:
    """The arguments without directories of this machine."""
    return [Path(a).name if a.startswith("/") else a for a in arguments]


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not exceed; 0.0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
