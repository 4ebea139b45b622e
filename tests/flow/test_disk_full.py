"""A full disk, all of it or only the store's part; `bench/disk_full.py` does the same for longer."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from flow_parts import bench

pytestmark = [pytest.mark.flow, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def mounts(tmp_path: Path) -> None:
    """Skips where a small disk cannot be mounted."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    try:
        with bench("disk_full").small_disk(tmp_path / "probe", "1M"):
            pass
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine does not let root mount")


@pytest.mark.parametrize("least", ["32MiB", "0"], ids=["refused in time", "writes fail"])
def test_a_full_disk_refuses_and_recovers_by_itself(tmp_path: Path, least: str) -> None:
    tally = bench("disk_full").run(tmp_path, "300M", rounds=1, only_store=False, least=least)
    assert tally.sound, str(tally)
    assert tally.statuses[503] + tally.statuses[429] > 20 and tally.not_ready, str(tally)
    if least != "0":
        assert any("min_free_disk" in reason for reason in tally.reasons), str(tally)
        assert any(reason.startswith("journal: ") for reason in tally.not_ready), str(tally)


def test_the_journal_holds_while_the_store_has_no_room(tmp_path: Path) -> None:
    tally = bench("disk_full").run(tmp_path, "300M", rounds=1, only_store=True)
    assert tally.sound, str(tally)
    assert set(tally.statuses) == {200}, str(tally)
    assert any(reason.startswith("digest: ") for reason in tally.not_ready), str(tally)
