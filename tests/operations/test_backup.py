"""Backup and restore with the real engine: complete, checked, and never over other data."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from sightline.operations import manifest
from sightline.operations.backup import Sources, _public, backup, backup_service
from sightline.operations.manifest import BackupError
from sightline.operations.restore import restore
from sightline.settings import AuthSettings, ControlSettings, Settings

PROGRAM = Path(__file__).with_name("engine_process.py")
SRC = Path(__file__).parents[2] / "src"


def engine(verb: str, **arguments: str) -> dict[str, Any]:
    """Run one verb in a process of its own; the answer, or `{"error": …}`."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), verb, json.dumps(arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def journal(data: Path) -> None:
    for folder in ("open", "ready", "digested", "quarantine", "index"):
        (data / "journal" / folder).mkdir(parents=True)
    (data / "journal" / "lock").touch()
    (data / "journal" / "seed").write_bytes(b"seed")
    (data / "journal" / "open" / "b.traces.seg").write_bytes(b"open")
    (data / "journal" / "ready" / "a.traces.seg").write_bytes(b"ready")
    (data / "journal" / "digested" / "0.traces.seg").write_bytes(b"old")
    (data / "journal" / "quarantine" / "q.json").write_bytes(b"why")


def control(path: Path) -> None:
    with closing(sqlite3.connect(path)) as live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("CREATE TABLE projects (name TEXT)")
        live.execute("INSERT INTO projects VALUES ('default')")
        live.commit()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """A data directory, its backup, and what the process that made them saw."""
    base = tmp_path_factory.mktemp("backup")
    data, target = base / "data", base / "backups" / "one"
    data.mkdir()
    journal(data)
    control(data / "control.db")
    (data / "catalog").mkdir()
    (data / "catalog" / "prices.toml").write_text("mine = 1")
    answer = engine("make", data=str(data), target=str(target), control=f"sqlite:///{data / 'control.db'}")
    return data, target, answer["ok"]


def test_everything_comes_back_exactly(made: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    _, target, before = made
    data = tmp_path / "new"
    after = engine("restore", source=str(target), data=str(data))["ok"]
    patched = [[2900, 100]]
    assert after["answers"][0] == patched
    assert after["merged"] == patched, "patches still belong to their parts after a merge"
    assert before["answers"][0] == [[2905, 100]], "what came after the backup was there"
    assert after["answers"][3:] == before["answers"][3:]
    assert after["answers"][1] == [[3000]], "a view's own table is restored too"
    assert after["again"] == after["answers"][2] == [[10, 45]], "a segment digested again is not doubled"
    assert after["rows"] == before["rows"]
    assert any(name.startswith("patch-") for name in before["parts"])
    assert (data / "journal" / "open" / "b.traces.seg").read_bytes() == b"open"
    assert (data / "journal" / "ready" / "a.traces.seg").read_bytes() == b"ready"
    assert (data / "journal" / "quarantine" / "q.json").read_bytes() == b"why"
    assert (data / "journal" / "seed").read_bytes() == b"seed"
    assert not (data / "journal" / "digested").exists()
    assert not (data / "journal" / "lock").exists()
    assert (data / "catalog" / "prices.toml").read_text() == "mine = 1"
    with closing(sqlite3.connect(data / "control.db")) as live:
        assert live.execute("SELECT name FROM projects").fetchall() == [("default",)]
    assert (data / "control.db").stat().st_mode & 0o077 == 0
    assert not list(data.glob(".*"))


def test_no_links_are_left_behind(made: tuple[Path, Path, dict[str, Any]]) -> None:
    data, target, _ = made
    assert not (data / ".backup").exists()
    assert {path.name for path in target.iterdir()} == {
        "manifest.json", "settings.json", "store", "journal", "control.db", "catalog"
    }  # fmt: skip
    manifest.verify(manifest.read(target), target)


def refused(source: Path, data: Path) -> str:
    def never(_: Path) -> Any:
        raise AssertionError("the engine was opened")

    with pytest.raises(BackupError) as caught:
        restore(source, data, never)
    return str(caught.value)


def damaged(made: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(made[1], copy)
    return copy


def test_one_flipped_bit_is_found_before_anything_is_written(
    made: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    copy = damaged(made, tmp_path)
    victim = max(copy.rglob("*.bin"), key=lambda path: path.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    message = refused(copy, tmp_path / "new")
    assert victim.name in message
    assert "checksum differs" in message
    assert not list((tmp_path / "new").iterdir())


def test_a_missing_file_is_found(made: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    copy = damaged(made, tmp_path)
    (copy / "control.db").unlink()
    assert "control.db cannot be read" in refused(copy, tmp_path / "new")


@pytest.mark.parametrize("change", ["remove", "edit", "truncate", "empty"])
def test_a_manifest_that_is_not_whole_is_refused(
    made: tuple[Path, Path, dict[str, Any]], tmp_path: Path, change: str
) -> None:
    copy = damaged(made, tmp_path)
    path = copy / manifest.NAME
    text = path.read_bytes()
    if change == "remove":
        path.unlink()
    else:
        path.write_bytes(
            {"edit": text.replace(b"rows", b"rowz", 1), "truncate": text[:-100], "empty": b""}[change]
        )
    assert "manifest.json" in refused(copy, tmp_path / "new")


def test_a_directory_with_data_is_never_overwritten(
    made: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "precious").touch()
    assert "is not empty (it has precious)" in refused(made[1], tmp_path)


def test_an_interrupted_restore_can_be_repeated(
    made: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / ".restoring" / "store").mkdir(parents=True)
    copy = damaged(made, tmp_path_sibling(tmp_path))
    (copy / "control.db").unlink()
    refused(copy, tmp_path)
    assert not (tmp_path / ".restoring").exists()


def tmp_path_sibling(path: Path) -> Path:
    sibling = path.with_name(path.name + "-beside")
    sibling.mkdir()
    return sibling


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", ""])
def test_a_hostile_manifest_cannot_write_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="outside of itself"):
        manifest.inside(tmp_path, name)


class NoEngine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def query(self, sql: str, parameters: Any = None) -> Any:
        from sightline.store.rows import Rows

        return Rows(("path",), ("String",), [(str(self.folder),)])


def sources(data: Path) -> Sources:
    url = f"sqlite:///{data / 'control.db'}"
    return Sources(data, NoEngine(data / "store"), data / "journal", url, Settings(), nullcontext)


def test_a_target_inside_the_data_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="lies inside the data directory"):
        backup(tmp_path / "backups", sources(tmp_path))


def test_a_target_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "other").touch()
    with pytest.raises(BackupError, match="is not empty"):
        backup(tmp_path / "target", sources(tmp_path / "data"))


def test_a_remote_store_says_where_to_back_it_up(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="BACKUP DATABASE sightline"):
        backup(tmp_path / "target", sources(tmp_path / "data"))


def test_the_api_is_refused_in_its_own_words(tmp_path: Path) -> None:
    class Refused(Exception):
        pass

    service = backup_service(sources(tmp_path / "data"), Refused)
    for directory in ("relative", "/x\0y"):
        with pytest.raises(Refused, match="absolute path on the server"):
            asyncio.run(service(directory))
    with pytest.raises(Refused, match="inside the data directory"):
        asyncio.run(service(str(tmp_path / "data" / "backup")))


def test_the_settings_for_reading_hold_no_secret() -> None:
    settings = Settings(
        control=ControlSettings(url="postgresql://ann:hunter2@db/sight"),
        auth=AuthSettings(oidc_client_secret="hunter3"),
    )
    assert "hunter" not in str(_public(settings))
