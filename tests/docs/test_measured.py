"""The README's table of measurements says what `bench/results/` holds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from bench import readme_table

README = readme_table.ROOT / "README.md"


def test_the_readme_shows_the_results() -> None:
    found = readme_table.results(readme_table.ROOT / "bench" / "results")
    before = README.read_text()
    after = readme_table.written(before, readme_table.table(found))
    if os.environ.get("UPDATE_GOLDEN"):
        README.write_text(after)
        return
    assert before == after, "README.md's table is old: run python bench/readme_table.py"


def test_nothing_measured_is_left_out_and_nothing_else_is_shown(tmp_path: Path) -> None:
    figures = {"rate, spans/s": 41_250, "p99, s": 0.8412, "runs": [1, 2]}
    told = {
        "name": "memory_full",
        "date": "2026-11-20T23:00:00Z",
        "commit": "0123456789",
        "hardware": {
            "cpu": "a CPU",
            "cores": 2,
            "memory_gib": 23.5,
            "python": "3.11.7",
            "engine": "chdb 4.4.0",
        },
        "load_average": 0.5,
        "command": "python bench/memory.py",
        "workload": "genai",
        "figures": figures,
    }
    (tmp_path / "memory_full.json").write_text(json.dumps(told))
    (tmp_path / "odd_thing.json").write_text(json.dumps(told | {"name": "odd_thing"}))
    table = readme_table.table(readme_table.results(tmp_path))
    assert table.count("41,250") == 1 and "0.841" in table and "[1, 2]" not in table
    assert table.count("not yet measured") == len(readme_table.ROWS) - 1
    assert "[odd_thing](bench/results/odd_thing.json)" in table and "2 cores of a CPU" in table


def test_a_result_without_hardware_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bare.json").write_text(json.dumps({"name": "bare"}))
    with pytest.raises(ValueError, match=r"bare\.json has no date, commit, hardware"):
        readme_table.results(tmp_path)
