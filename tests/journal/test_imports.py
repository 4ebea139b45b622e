"""Imports are remembered beyond the retry window, by project and signal, and bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sightline.journal.imports import Imports
from sightline.records.ingest import IMPORT, Receipt, Signal, Submission


class Taken:
    def __init__(self) -> None:
        self.all: list[Submission] = []

    async def append(self, submission: Submission) -> Receipt:
        self.all.append(submission)
        return Receipt(duplicate=False)


def submission(
    payload: bytes, source: str = IMPORT, project: str = "p", signal: Signal = Signal.LOGS
) -> Submission:
    return Submission(project, signal, payload, 1, source, 1)


def sent(imports: Imports, *submissions: Submission) -> list[bool]:
    async def run() -> list[bool]:
        return [(await imports.append(one)).duplicate for one in submissions]

    return asyncio.run(run())


def test_an_import_is_stored_once_also_after_a_restart(tmp_path: Path) -> None:
    taken = Taken()
    imports = Imports(taken.append, tmp_path / "imports.db")
    assert sent(imports, submission(b"a"), submission(b"a"), submission(b"b")) == [False, True, False]
    imports.close()
    again = Imports(taken.append, tmp_path / "imports.db")
    assert sent(again, submission(b"a"), submission(b"b"), submission(b"c")) == [True, True, False]
    assert [one.payload for one in taken.all] == [b"a", b"b", b"c"]
    again.close()


def test_other_projects_signals_and_ways_in_are_their_own(tmp_path: Path) -> None:
    taken = Taken()
    imports = Imports(taken.append, tmp_path / "imports.db")
    others = [
        submission(b"a", project="q"),
        submission(b"a", signal=Signal.METRICS),
        submission(b"a", "otlp-http"),
    ]
    assert sent(imports, submission(b"a"), *others, submission(b"a", "otlp-http")) == [False] * 5
    imports.close()


def test_without_imports_there_is_no_file(tmp_path: Path) -> None:
    imports = Imports(Taken().append, tmp_path / "imports.db")
    sent(imports, submission(b"a", "otlp-http"))
    imports.close()
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_used_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "imports.db").write_bytes(b"no database" * 100)
    taken = Taken()
    imports = Imports(taken.append, tmp_path / "imports.db")
    assert sent(imports, submission(b"a"), submission(b"a")) == [False, False]
    assert len(taken.all) == 2
    imports.close()


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    imports = Imports(Taken().append, tmp_path / "imports.db", most=1500)
    sent(imports, *(submission(str(i).encode()) for i in range(2000)))
    database = imports._open()
    assert database.execute("SELECT count(*) FROM imports").fetchone() == (1500,)
    imports.close()
