"""kill -9 while senders are busy; `bench/kill_under_load.py` does the same for longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from flow_parts import bench

pytestmark = pytest.mark.flow


def test_every_acknowledged_span_is_there_exactly_once(tmp_path: Path) -> None:
    tally = bench("kill_under_load").kill_rounds(tmp_path, rounds=3, seed=17)
    assert tally.sound, f"{tally}; {tally.missing[:3]} {tally.doubled[:3]} {tally.torn[:3]}"
    assert tally.rounds == 3 and tally.spans > 100
