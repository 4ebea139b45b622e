"""What is bad is said with its tone and with what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sightline.journal.segment import JournalStats
from sightline.pages import health_facts, vitals
from sightline.pages.refusals import FIXES, WORDS
from sightline.pages.services import Intake
from sightline.pages.vitals import Disk
from sightline.records.storage import SchemaStep, StoredTable, StoreState
from sightline.settings import JournalSettings

CALM = JournalStats(1000, 1, 0, 0.2, 0, 0, 0, 0, 0, 0)
LIMITS = JournalSettings()
GB = 10**9


def test_a_backlog_is_bad_by_age_and_by_size() -> None:
    assert health_facts.worst(health_facts.backlog(CALM, LIMITS)) == ""
    assert health_facts.worst(health_facts.backlog(replace(CALM, oldest_age=11.0), LIMITS)) == "warn"
    full = health_facts.backlog(replace(CALM, backlog_bytes=LIMITS.max_backlog), LIMITS)
    assert full[0].tone == "err" and "journal.max_backlog" in full[0].says
    failed = health_facts.backlog(replace(CALM, failed_commits=1), LIMITS)
    assert health_facts.worst(failed) == "err"


def test_a_disk_is_bad_before_it_is_full() -> None:
    tones = [
        health_facts.disk(Disk(free, 100 * GB, (("journal", 5), ("empty", 0))), LIMITS)[0].tone
        for free in (50 * GB, 2 * GB, LIMITS.min_free_disk - 1)
    ]
    assert tones == ["", "warn", "err"]
    assert health_facts.disk(None, LIMITS)[0].tone == "err"
    assert [f.name for f in health_facts.disk(Disk(50 * GB, 100 * GB, (("journal", 5),)), LIMITS)] == [
        "Free disk", "journal"
    ]  # fmt: skip


def test_a_store_is_bad_with_many_parts_or_missing_steps() -> None:
    state = StoreState("26.9", (StoredTable("spans", 10, 10, 301, 0),), (), (SchemaStep(1, "spans", 0),))
    parts, _, steps = health_facts.store(state, [1, 2])
    assert parts.tone == "warn" and "spans has 301" in parts.says
    assert steps.tone == "err" and "2" in steps.says
    assert health_facts.store(None, [1])[0].tone == "err"


def test_refusals_are_counted_and_named() -> None:
    found = health_facts.refused(
        [
            ({"signal": "traces", "source": "http", "outcome": "accepted"}, 9),
            ({"signal": "traces", "source": "http", "outcome": "denied"}, 2),
            ({"signal": "logs", "source": "grpc", "outcome": "denied"}, 3),
            ({"signal": "logs", "source": "grpc", "outcome": "partial"}, 1),
            ({"signal": "logs", "source": "grpc", "outcome": "of tomorrow"}, 1),
            ({"signal": "logs", "source": "otlp-public", "outcome": "denied"}, 1_000_000),
        ]
    )
    assert [(f.name, f.value, f.tone) for f in found] == [
        ("without a key that may ingest", "5", "err"),
        ("accepted in part", "1", "warn"),
        ("of tomorrow", "1", "err"),
    ]
    assert set(FIXES) <= set(WORDS)


def test_nothing_measured_is_not_zero() -> None:
    rate, visible, *_ = health_facts.intake(Intake())
    assert (rate.value, visible.value) == ("not measured yet", "nothing arrived lately")


def test_a_folder_is_measured_with_everything_in_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"12345")
    (tmp_path / "d").write_bytes(b"1")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    read = vitals.read(tmp_path)
    assert read.disk is not None
    sizes = dict(read.disk.parts)
    assert sizes["d"] == 1 and 5 <= sizes["a"] < 5 + 4096
    assert read.memory is not None and read.peak is not None and read.peak >= read.memory
    assert vitals.read(tmp_path / "none").disk is None
