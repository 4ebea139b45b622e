"""Tokens of inserts that a killed process left without their rows, with the real engine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sightline.store.tokens import LOGS, Forgotten, forget_lost_inserts

# One process for each time the engine is open: it allows one folder per process.
PROGRAM = """
import json, sys
from sightline.settings import StoreSettings
from sightline.store.store import Store
store = Store("chdb://" + sys.argv[1], StoreSettings(readers=1))
for statement in json.loads(sys.argv[2]):
    store.command(statement)
print(json.dumps(store.query("SELECT d, count() FROM sightline.t GROUP BY d ORDER BY d").rows, default=str))
store.close()
"""
TABLE = [
    "CREATE DATABASE IF NOT EXISTS sightline",
    "CREATE TABLE IF NOT EXISTS sightline.t (n UInt64, d UInt8) ENGINE = MergeTree PARTITION BY d ORDER BY n"
    " SETTINGS non_replicated_deduplication_window = 100",
]


def insert(token: str, days: int = 1) -> str:
    """Ten rows for each day."""
    return (
        f"INSERT INTO sightline.t SETTINGS insert_deduplication_token = '{token}'"
        f" SELECT number, number % {days} FROM numbers({10 * days})"
    )


def engine(folder: Path, *statements: str) -> dict[int, int]:
    """Rows of each day after some statements."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), json.dumps([*TABLE, *statements])],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {int(day): int(rows) for day, rows in json.loads(done.stdout.splitlines()[-1])}


def lose(folder: Path, part: str) -> Path:
    """Take a part away, as if the process had been killed before it got its name; the table's folder."""
    (found,) = folder.glob(f"store/*/*/{part}")
    shutil.rmtree(found)
    return found.parent


def test_an_insert_without_its_rows_can_be_repeated_and_no_other(tmp_path: Path) -> None:
    assert engine(tmp_path, insert("a"), insert("b")) == {0: 20}
    lose(tmp_path, "0_2_2_0")
    # The reason for all this: the engine takes the repetition for a copy.
    assert engine(tmp_path, insert("a"), insert("b")) == {0: 10}
    table = next(tmp_path.glob(f"store/*/*/{LOGS}")).parent
    assert forget_lost_inserts(tmp_path) == (Forgotten(table, "0_2_2_0"),)
    assert engine(tmp_path, insert("a"), insert("b")) == {0: 20}
    assert forget_lost_inserts(tmp_path) == ()


def test_of_an_insert_into_two_partitions_only_what_is_missing_comes_again(tmp_path: Path) -> None:
    assert engine(tmp_path, insert("a", days=2)) == {0: 10, 1: 10}
    lose(tmp_path, "1_2_2_0")
    assert [lost.part for lost in forget_lost_inserts(tmp_path)] == ["1_2_2_0"]
    assert engine(tmp_path, insert("a", days=2)) == {0: 10, 1: 10}


def test_a_merged_part_stands_for_those_it_was_made_of(tmp_path: Path) -> None:
    assert engine(tmp_path, insert("a"), insert("b"), "OPTIMIZE TABLE sightline.t FINAL") == {0: 20}
    for part in ("0_1_1_0", "0_2_2_0"):
        lose(tmp_path, part)
    assert forget_lost_inserts(tmp_path) == ()
    assert engine(tmp_path, insert("a"), insert("b")) == {0: 20}


def test_a_line_that_a_power_cut_tore_is_taken_out(tmp_path: Path) -> None:
    engine(tmp_path, insert("a"), insert("b"))
    lose(tmp_path, "0_2_2_0")
    (log,) = tmp_path.glob(f"store/*/*/{LOGS}/*")
    whole = log.read_text()
    log.write_text(whole[: whole.index("0_2_2_0") + 9])
    assert [lost.part for lost in forget_lost_inserts(tmp_path)] == ["0_2_2_0"]
    assert engine(tmp_path, insert("a"), insert("b")) == {0: 20}


@pytest.mark.parametrize("line", ["2\t0_9_9_0\t0_1_2\n", "1\tof-another-kind\t0_1_2\n"])
def test_what_is_no_new_token_stays(tmp_path: Path, line: str) -> None:
    log = tmp_path / "store" / "abc" / "abcdef" / LOGS / "deduplication_log_1.txt"
    log.parent.mkdir(parents=True)
    log.write_text(line)
    assert forget_lost_inserts(tmp_path) == ()
    assert log.read_text() == line


def test_an_engine_that_never_ran_has_nothing_to_forget(tmp_path: Path) -> None:
    assert forget_lost_inserts(tmp_path / "not there") == ()
