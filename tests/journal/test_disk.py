"""A power cut keeps what was synced: the order in which the system is asked to write, sync and rename."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.journal.parts import QUICK, running, submission, take

from sightline.journal.disk import Disk
from sightline.journal.segment import segment_files
from sightline.records.ingest import Receipt

pytestmark = pytest.mark.anyio
SLOW = replace(QUICK, segment_age=3600.0)
Calls = list[tuple[str, str]]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """What is asked of the system, in order: the call, and its file below the test's folder."""
    made: Calls = []

    def named(file: Any) -> str:
        path = Path(f"/proc/self/fd/{file}").readlink() if isinstance(file, int) else file
        return os.path.relpath(path, tmp_path)

    def watch(call: str, place: int = 0) -> None:
        real: Callable[..., Any] = getattr(os, call)

        def watched(*arguments: Any, **more: Any) -> Any:
            answer = real(*arguments, **more)
            name = named(arguments[place])
            if not name.startswith("..") and ".idx" not in name and ".part" not in name:
                made.append((call, name))
            return answer

        monkeypatch.setattr(os, call, watched)

    for call in ("fsync", "fdatasync", "writev", "mkdir", "unlink"):
        watch(call)
    watch("rename", 1)  # by where it goes
    yield made


def after(calls: Calls, *wanted: tuple[str, str]) -> None:
    """These calls were made, in this order, with others between them perhaps."""
    rest = iter(calls)
    for call in wanted:
        assert call in rest, f"{call} is missing or too early in {calls}"


async def test_an_answer_comes_after_file_and_name_are_synced(tmp_path: Path, calls: Calls) -> None:
    async with running(tmp_path / "journal", SLOW) as journal:
        calls.clear()
        assert await journal.append(submission(1)) == Receipt(duplicate=False)
        found = list(calls)  # what came later does not count
        ((_, _, path),) = segment_files(tmp_path / "journal" / "open")
        name = f"journal/open/{path.name}"
        assert found == [("fsync", "journal/open"), ("writev", name), ("fdatasync", name)]


async def test_a_segment_moves_after_it_is_synced_and_both_folders_learn_of_it(
    tmp_path: Path, calls: Calls
) -> None:
    async with running(tmp_path / "journal", QUICK) as journal:
        await journal.append(submission(1))
        segment = await take(journal)
        after(
            calls,
            ("fdatasync", f"journal/open/{segment.path.name}"),
            ("rename", f"journal/ready/{segment.path.name}"),
            ("fsync", "journal/ready"),
            ("fsync", "journal/open"),
        )
        calls.clear()
        journal.finish(segment)
        assert calls == [
            ("rename", f"journal/digested/{segment.path.name}"),
            ("fsync", "journal/digested"),
            ("fsync", "journal/ready"),
        ]


async def test_a_segment_that_is_not_kept_is_gone_for_good(tmp_path: Path, calls: Calls) -> None:
    async with running(tmp_path / "journal", replace(QUICK, keep_digested=0.0)) as journal:
        await journal.append(submission(1))
        segment = await take(journal)
        calls.clear()
        journal.finish(segment)
        assert calls == [("unlink", f"journal/ready/{segment.path.name}"), ("fsync", "journal/ready")]


async def test_the_journals_folders_are_durable_before_anything_is_in_them(
    tmp_path: Path, calls: Calls
) -> None:
    async with running(tmp_path / "a" / "journal", SLOW) as journal:
        await journal.append(submission(1))
    after(
        calls, ("mkdir", "a"), ("fsync", "."), ("mkdir", "a/journal"), ("fsync", "a"),
        ("mkdir", "a/journal/open"), ("fsync", "a/journal"), ("fsync", "a/journal/open"),
    )  # fmt: skip


def test_folders_of_a_start_that_died_are_synced_again(tmp_path: Path, calls: Calls) -> None:
    (tmp_path / "data").mkdir()
    calls.clear()
    Disk().make_folder(tmp_path / "data")
    assert calls == [("fsync", ".")]


def test_somebody_elses_folder_need_not_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    disk.make_folder(tmp_path / "data")

    def closed(folder: Path) -> None:
        raise PermissionError(folder)

    monkeypatch.setattr(disk, "sync_folder", closed)
    disk.make_folder(tmp_path / "data")
    with pytest.raises(PermissionError):
        disk.make_folder(tmp_path / "other")


async def test_what_a_killed_process_left_is_synced_before_it_counts(tmp_path: Path, calls: Calls) -> None:
    async with running(tmp_path / "journal", SLOW) as journal:
        await journal.append(submission(1))
    ((_, _, path),) = segment_files(tmp_path / "journal" / "ready")
    path.rename(path.parents[1] / "open" / path.name)
    calls.clear()
    async with running(tmp_path / "journal", SLOW) as journal:
        found = list(calls)
        assert await journal.append(submission(1)) == Receipt(duplicate=True)
    name = path.name
    after(
        found,
        ("fdatasync", f"journal/open/{name}"),
        ("rename", f"journal/ready/{name}"),
        ("fsync", "journal/ready"),
    )


@pytest.mark.parametrize("left", ["ready", "digested"])
@pytest.mark.parametrize("damage", ["gone", "empty"])
async def test_a_retry_is_known_though_the_power_cut_took_the_sidecar(
    tmp_path: Path, left: str, damage: str
) -> None:
    async with running(tmp_path, QUICK) as journal:
        await journal.append(submission(1))
        segment = await take(journal)
        if left == "digested":
            journal.finish(segment)
    (sidecar,) = (tmp_path / "index").iterdir()
    sidecar.unlink() if damage == "gone" else sidecar.write_bytes(b"")
    async with running(tmp_path, SLOW) as journal:
        assert await journal.append(submission(1)) == Receipt(duplicate=True)
