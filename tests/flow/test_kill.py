"""kill -9 while senders are busy; `bench/kill_under_load.py` does the same for longer."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.flow
BENCH = Path(__file__).parents[2] / "bench" / "kill_under_load.py"


def test_every_acknowledged_span_is_there_exactly_once(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("kill_under_load", BENCH)
    assert spec and spec.loader
    bench = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bench  # its dataclasses look themselves up
    spec.loader.exec_module(bench)
    tally = bench.kill_rounds(tmp_path, rounds=3, seed=17)
    assert tally.sound, f"{tally}; {tally.missing[:3]} {tally.doubled[:3]} {tally.torn[:3]}"
    assert tally.rounds == 3 and tally.spans > 100
