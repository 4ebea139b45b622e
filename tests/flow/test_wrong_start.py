"""What keeps a server from starting is one sentence that says what to do, and an exit code that is not 0."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flow_parts import bench

from sightline.testing import Finished, ServerProcess, free_port, sightline

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that a server has used and left."""
    data = tmp_path_factory.mktemp("used") / "data"
    with ServerProcess(data) as server:
        server.stop()
    return data


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def serve(data: Path, *options: str, grpc: int = 0, port: int | None = None) -> Finished:
    ports = ("--port", str(port or free_port()), "--grpc-port", str(grpc))
    return sightline("serve", "--data", str(data), *ports, "--log-level", "warning", *options)


def refused(done: Finished, *words: str) -> None:
    """It ended with a clear sentence with these words, and with nothing that only a programmer can read."""
    assert done.returncode not in (0, None) and done.returncode > 0, f"{done.returncode}: {done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, done.stderr
    said = done.stderr[done.stderr.index("Error: ") :].lower()
    for word in words:
        assert word.lower() in said, f"{word!r} is missing in: {said}"
    assert len(said) < 600, said


def test_an_occupied_http_port(tmp_path: Path, taken: int) -> None:
    refused(serve(tmp_path / "data", port=taken), str(taken), "in use", "--port")


def test_an_occupied_grpc_port(tmp_path: Path, taken: int) -> None:
    refused(serve(tmp_path / "data", grpc=taken), str(taken), "in use", "--grpc-port")


def test_a_data_directory_that_another_server_has(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as first:
        refused(serve(first.data), str(first.data), "--data")
        assert first.ready(), "the first one goes on"


def test_everything_beyond_loopback_without_keys(tmp_path: Path) -> None:
    refused(serve(tmp_path / "data", "--host", "0.0.0.0"), "key", "sightline keys")


def test_an_unknown_setting_names_the_nearest(tmp_path: Path) -> None:
    config = tmp_path / "sightline.toml"
    config.write_text("[journal]\nsegment_bite = 3\n")
    refused(serve(tmp_path / "data", "--config", str(config)), "segment_bite", "segment_bytes")


def test_a_value_of_the_wrong_kind(tmp_path: Path) -> None:
    config = tmp_path / "sightline.toml"
    config.write_text('[http]\nport = "many"\n')
    refused(
        sightline("serve", "--data", str(tmp_path / "data"), "--config", str(config)), "http.port", "many"
    )


def test_a_cluster_for_the_embedded_store(tmp_path: Path) -> None:
    refused(serve(tmp_path / "data", "--store-cluster", "main"), "store.cluster", "embedded", "store.url")
    assert not (tmp_path / "data" / "store").exists()


def test_an_unknown_role(tmp_path: Path) -> None:
    refused(serve(tmp_path / "data", "--role", "observer"), "observer", "all")


def test_an_address_that_is_not_of_this_machine(tmp_path: Path) -> None:
    refused(serve(tmp_path / "data", "--host", "192.0.2.1", "--insecure"), "192.0.2.1")


def test_data_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a directory")
    refused(serve(tmp_path / "data"), str(tmp_path / "data"))


def test_a_store_of_a_newer_sightline(used: Path, tmp_path: Path) -> None:
    from sightline.settings import StoreSettings
    from sightline.store.store import Store, embedded_url

    newer = copy_of(used, tmp_path)
    with closing(Store(embedded_url(newer), StoreSettings())) as store:
        store.command(
            "INSERT INTO sightline.schema_steps (number, name, checksum) VALUES (9999, 'future', 'x')"
        )
    refused(serve(newer), "9999", "newer")


def test_a_store_whose_schema_was_changed(used: Path, tmp_path: Path) -> None:
    from sightline.settings import StoreSettings
    from sightline.store.store import Store, embedded_url

    changed = copy_of(used, tmp_path)
    with closing(Store(embedded_url(changed), StoreSettings())) as store:
        store.command("TRUNCATE TABLE sightline.schema_steps")
        store.command(
            "INSERT INTO sightline.schema_steps (number, name, checksum) VALUES (1, 'spans', 'beef')"
        )
    refused(serve(changed), "step 1", "beef")


def test_a_control_database_of_a_newer_sightline(used: Path, tmp_path: Path) -> None:
    newer = copy_of(used, tmp_path)
    with closing(sqlite3.connect(newer / "control.db")) as database, database:
        database.execute("UPDATE control_version SET version_num = '9999'")
    refused(serve(newer), "9999", "newer")


def test_a_control_database_that_is_none(used: Path, tmp_path: Path) -> None:
    broken = copy_of(used, tmp_path)
    (broken / "control.db").write_bytes(b"this is not SQLite" * 100)
    refused(serve(broken), "control.db")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    with bench("disk_full").small_disk(tmp_path / "disk", "16M", "ro") as disk:
        refused(serve(disk / "data"), str(disk), "read-only")


def copy_of(used: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(used, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def test_a_price_file_that_cannot_be_read(tmp_path: Path) -> None:
    prices = tmp_path / "data" / "catalog" / "prices"
    prices.mkdir(parents=True)
    (prices / "mine.toml").write_text('[[price]]\nmodel = "m"\ninptu = 3\n')
    refused(serve(tmp_path / "data"), "mine.toml", "`date`")
