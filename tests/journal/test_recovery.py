"""What a crash leaves, and what the next start makes of it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journal.parts import QUICK, FailingDisk, running, submission, take, take_all

from sightline.journal.index import index_path
from sightline.journal.salvage import half_id, inspect
from sightline.journal.scan import Damage
from sightline.journal.segment import Segment, file_name, segment_files
from sightline.records.ingest import Receipt, Signal

pytestmark = pytest.mark.anyio
SLOW = replace(QUICK, segment_age=3600.0)
WRITER = Path(__file__).parents[2] / "bench" / "journal_kill.py"


async def filled(directory: Path, count: int = 5) -> Path:
    """A closed journal with one ready segment; returns its path."""
    async with running(directory, SLOW) as journal:
        for number in range(count):
            await journal.append(submission(number, payload=b"%d" % number * 50))
    (path,) = (directory / "ready").iterdir()
    return path


def reopened(path: Path) -> Path:
    """The segment as a crash would have left it: still open, without its sidecar."""
    for sidecar in (path.parents[1] / "index").iterdir():
        sidecar.unlink()
    return path.rename(path.parents[1] / "open" / path.name)


def numbers(segment: Segment) -> list[int]:
    found = inspect(segment.path, 0)
    assert found.sound
    return [int(bytes(found.view[r.payload : r.end])[:1]) for r in found.records]


async def test_open_segments_are_closed_and_known_again(tmp_path: Path) -> None:
    path = reopened(await filled(tmp_path))
    async with running(tmp_path, SLOW) as journal:
        segment = await take(journal)
        assert (numbers(segment), segment.path.name) == ([0, 1, 2, 3, 4], path.name)
        assert await journal.append(submission(3, payload=b"3" * 50)) == Receipt(duplicate=True)
        assert journal.stats().torn_bytes == 0


async def test_a_crash_between_the_sidecar_and_the_move_loses_nothing(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    path.rename(tmp_path / "open" / path.name)
    async with running(tmp_path, SLOW) as journal:
        assert numbers(await take(journal)) == [0, 1, 2, 3, 4]


async def test_torn_at_any_byte(tmp_path: Path) -> None:
    whole = (await filled(tmp_path / "first")).read_bytes()
    ends = [r.end for r in inspect(next((tmp_path / "first/ready").iterdir()), 0).records]
    random.seed(5)
    for cut in {0, 1, len(whole) - 1, *ends, *random.sample(range(len(whole)), 12)}:
        directory = tmp_path / f"cut{cut}"
        shutil.copytree(tmp_path / "first", directory)
        path = reopened(next((directory / "ready").iterdir()))
        path.write_bytes(whole[:cut])
        expected = sum(1 for end in ends if end <= cut)
        async with running(directory, SLOW) as journal:
            found = [number for segment in await take_all(journal) for number in numbers(segment)]
            assert found == list(range(expected))
            assert journal.stats().torn_bytes == cut - max([0, *(end for end in ends if end <= cut)])
            assert journal.quarantined() == []


async def test_a_hole_in_an_open_segment_costs_its_record_only(tmp_path: Path) -> None:
    path = reopened(await filled(tmp_path))
    data = bytearray(path.read_bytes())
    record = inspect(path, 0).records[1]
    data[record.payload] ^= 0xFF
    path.write_bytes(data)
    async with running(tmp_path, SLOW) as journal:
        assert numbers(await take(journal)) == [0, 2, 3, 4]
        (entry,) = journal.quarantined()
        assert (entry.kind, entry.bytes) == ("damage", record.end - record.start)
        assert "checksum" in entry.reason
        assert (tmp_path / "quarantine" / entry.file).read_bytes() == data[record.start : record.end]


@pytest.mark.parametrize("where", ["payload", "length", "everything"])
async def test_a_damaged_ready_segment_gives_its_sound_records(tmp_path: Path, where: str) -> None:
    path = await filled(tmp_path)
    data = bytearray(path.read_bytes())
    record = inspect(path, 0).records[2]
    if where == "payload":
        data[record.payload] ^= 0xFF
    elif where == "length":
        data[record.start : record.start + 3] = b"\xff\xff\xff"
    else:
        data = bytearray(os.urandom(len(data)))
    path.write_bytes(data)
    async with running(tmp_path, SLOW) as journal:
        found = await take_all(journal)
        left = [number for segment in found for number in numbers(segment)]
        assert left == ([] if where == "everything" else [0, 1, 3, 4])
        assert [entry.kind for entry in journal.quarantined()] == ["damage"]
        assert journal.stats().quarantined == 1 or await take_all(journal) == []
        for segment in found:
            assert segment.id == path.name.removesuffix(".traces.pb")
            assert (segment.records, segment.bytes) == (4, segment.path.stat().st_size)
            journal.finish(segment)
        assert journal.stats().backlog_bytes == 0


async def test_a_missing_or_wrong_sidecar_is_made_again(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    sidecar = index_path(tmp_path / "index", path.name.removesuffix(".traces.pb"))
    good = sidecar.read_bytes()
    for content in (None, b"", good[:-1], good[:20] + b"?" + good[21:]):
        sidecar.unlink(missing_ok=True)
        if content is not None:
            sidecar.write_bytes(content)
        async with running(tmp_path, SLOW) as journal:
            assert (await take(journal)).records == 5
            assert sidecar.read_bytes() == good


async def test_a_split_that_was_not_finished_is_undone(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    disk = FailingDisk()
    async with running(tmp_path, SLOW, disk=disk) as journal:
        segment = await take(journal)
        copy = path.read_bytes()
        assert len(journal.split(segment)) == 2
        path.write_bytes(copy)  # the original as if its removal had not reached the disk
    async with running(tmp_path, SLOW) as journal:
        (again,) = await take_all(journal)
        assert again.id == segment.id
        assert not (tmp_path / "ready" / file_name(half_id(segment.id, 0), Signal.TRACES)).exists()


async def test_remains_of_unfinished_files_are_removed(tmp_path: Path) -> None:
    await filled(tmp_path)
    for folder in ("ready", "index", "quarantine"):
        (tmp_path / folder / "x.part").write_bytes(b"?")
    async with running(tmp_path, SLOW):
        left = [
            path.name for folder in ("ready", "index", "quarantine") for path in (tmp_path / folder).iterdir()
        ]
        assert not any(name.endswith(".part") for name in left)


async def test_new_ids_come_after_all_old_ones(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    async with running(tmp_path, SLOW) as journal:  # the tests' clock stands still
        await journal.append(submission(9))
    assert segment_files(tmp_path / "ready")[-1][2].name > path.name


async def test_a_wrong_seed_is_said(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / "seed").write_text("not a number")
    with pytest.raises(ValueError, match="expected 16 hexadecimal digits"):
        async with running(tmp_path):
            pass
    (tmp_path / "seed").unlink()
    async with running(tmp_path) as journal:
        assert (await take(journal)).records == 5


def test_damage_is_told_apart_from_a_torn_end(tmp_path: Path) -> None:
    assert Damage(0, 1, "x", torn=True) != Damage(0, 1, "x", torn=False)


def test_killed_at_random_moments_every_acknowledged_record_is_there_once(tmp_path: Path) -> None:
    """A few rounds of bench/journal_kill.py: SIGKILL while acknowledgements stream out."""
    done = subprocess.run(
        [sys.executable, str(WRITER), "--rounds", "3", "--directory", str(tmp_path / "journal")],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every acknowledged record is there exactly once" in done.stdout
    assert signal.SIGKILL.name in done.stdout
