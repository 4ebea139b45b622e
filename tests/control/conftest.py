"""Both databases: every test that takes `url` runs once over SQLite and once over a real Postgres."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sightline.control.control import Control
from sightline.control.passwords import Passwords

_numbers = itertools.count()
START_SECONDS = 60
CHEAP = Passwords(time_cost=1, memory_kib=8)
"""Hashes at once; the real ones have a test of their own."""


class Cluster:
    """A private Postgres: its own data directory, its own socket, no network."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        # Not pytest's own directory: that is closed to the user the server has to run as.
        # And short, because a socket's path may have 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="slpg-", dir="/tmp"))
        self._as_user: Sequence[str] = ()
        if os.geteuid() == 0:  # Postgres refuses to run as root
            user = next(u for u in ("postgres", "nobody") if _exists(u))
            shutil.chown(self.directory, user)
            self._as_user = ("runuser", "-u", user, "--") if shutil.which("runuser") else _su(user)

    def start(self) -> None:
        data = self.directory / "data"
        self._run(
            "initdb", "-D", str(data), "-U", "sightline", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"
        )
        # Durability is not what is tested here.
        options = f"-k {self.directory} -c listen_addresses='' -c fsync=off -c max_connections=60"
        log = self.directory / "log"
        self._run(
            "pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", str(START_SECONDS), "-o", options, "start"
        )

    def stop(self) -> None:
        data = self.directory / "data"
        if (data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    def restart(self) -> None:
        """Cut every connection, as an upgrade of the server does."""
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", "immediate", "-w", "restart")

    def new_database(self) -> str:
        """The URL of a database that stays as long as the cluster."""
        name = f"control_{next(_numbers)}"
        with self._connected("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._url(name)

    def emptied_database(self) -> str:
        """The URL of a database that the next call empties: a new one each time would take 7 MB."""
        with self._connected("postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = 'postgres' AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self._url("postgres")

    def _connected(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.directory), user="sightline", dbname=database, autocommit=True)

    def _url(self, database: str) -> str:
        return f"postgresql://sightline@/{database}?host={self.directory}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self.binaries / program), *arguments]
        # The server inherits what it is given: a pipe here would never be closed.
        with (self.directory / "output").open("w+") as output:
            done = subprocess.run(
                command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
            output.seek(0)
            assert done.returncode == 0, f"{' '.join(command)}\n{output.read()}"


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _su(user: str) -> Sequence[str]:
    return ("su", "-s", "/bin/sh", user, "-c", 'exec "$0" "$@"', "--")


def _binaries() -> Path | None:
    """Debian keeps the server's programs out of the PATH; the newest version is taken."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    binaries = _binaries()
    if binaries is None:
        reason = "no Postgres server programs here, so nothing is proven about it: apt-get install postgresql"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    running = Cluster(binaries)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def postgres_url(cluster: Cluster) -> str:
    """An empty database of its own."""
    return cluster.emptied_database()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/control.db"
    return str(request.getfixturevalue("postgres_url"))


class Clock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.ns = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()) * 10**9

    def __call__(self) -> int:
        return self.ns

    def advance(self, seconds: float) -> None:
        self.ns += int(seconds * 1e9)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _finish_uses() -> None:
    """What a gate that no test closed still writes down."""
    for thread in threading.enumerate():
        if thread.name == "key-uses":
            thread.join()


@pytest.fixture
def control(url: str, clock: Callable[[], int]) -> Iterator[Control]:
    opened = Control(url, clock=clock, passwords=CHEAP)
    opened.migrate()
    yield opened
    _finish_uses()
    opened.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_control(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Control]:
    """One database for all examples of a property; every example takes a project of its own."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path_factory.mktemp('control')}/control.db"
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        address = cluster.new_database()
    opened = Control(address)
    opened.migrate()
    yield opened
    _finish_uses()
    opened.close()
