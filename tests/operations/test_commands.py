"""`sightline backup` and `sightline restore` as commands."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.operations.server_thread import serving

from sightline.operations import manifest
from sightline.operations.backup import summary
from sightline.operations.commands import BACKUP_PATH, backup_command, restore_command
from sightline.operations.manifest import Manifest, StoredFile, StoredPart


def a_backup(folder: Path) -> Manifest:
    folder.mkdir()
    (folder / "file").write_bytes(b"hello")
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    made = Manifest(
        1, "2026-11-20T00:00:00+00:00", "0.1.0", "26.9", "sqlite",
        (StoredPart("spans", "all_1_1_0", 3), StoredPart("spans", "patch-x", 2)),
        (StoredFile("file", 5, digest),),
    )  # fmt: skip
    manifest.write(made, folder)
    return made


def test_backup_asks_the_running_server(tmp_path: Path) -> None:
    asked: list[tuple[object, str]] = []

    async def take(request: Request) -> JSONResponse:
        asked.append((await request.json(), request.headers.get("authorization", "")))
        return JSONResponse(summary(a_backup(tmp_path / "one")))

    with serving([Route(BACKUP_PATH, take, methods=["POST"])]) as url:
        answer = CliRunner().invoke(backup_command, [str(tmp_path / "one"), "--url", url, "--key", "k"])
    assert answer.exit_code == 0, answer.output
    assert "3 spans" in answer.output
    assert asked == [({"directory": str(tmp_path / "one")}, "Bearer k")]


def test_a_refusal_and_no_server_are_one_sentence(tmp_path: Path) -> None:
    async def refuse(_: Request) -> JSONResponse:
        return JSONResponse({"detail": "an admin key is needed"}, 403)

    with serving([Route(BACKUP_PATH, refuse, methods=["POST"])]) as url:
        answer = CliRunner().invoke(backup_command, [str(tmp_path), "--url", url])
    assert answer.exit_code == 1
    assert "403): an admin key is needed Give an admin key" in answer.output
    gone = CliRunner().invoke(backup_command, [str(tmp_path), "--url", url])
    assert gone.exit_code == 1
    assert "A backup is made by the running server" in gone.output


def test_verify_reads_a_backup_and_touches_nothing(tmp_path: Path) -> None:
    a_backup(tmp_path / "one")
    arguments = [str(tmp_path / "one"), "--verify", "--data", str(tmp_path / "data")]
    answer = CliRunner().invoke(restore_command, arguments)
    assert answer.exit_code == 0, answer.output
    assert "3 spans" in answer.output
    (tmp_path / "one" / "file").write_bytes(b"hallo")
    damaged = CliRunner().invoke(restore_command, arguments)
    assert damaged.exit_code == 1
    assert "is damaged: file is not what was written" in damaged.output
    assert not (tmp_path / "data").exists()


def test_a_manifest_reads_back_as_it_was_written(tmp_path: Path) -> None:
    made = a_backup(tmp_path / "one")
    assert manifest.read(tmp_path / "one") == made
    assert made.rows == {"spans": 3}
