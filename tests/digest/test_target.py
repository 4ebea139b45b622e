"""Where rows go: what has to be durable when an insert returns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from digest.engine import Engine
from digest.otlp import span, traces
from sightline.records.ingest import Signal


def test_the_token_of_an_insert_is_synced_with_its_folder(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    real = os.fsync

    def noted(handle: Any) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    token = "token-that-must-last"
    attributes = {"gen_ai.input.messages": "[]"}
    engine.digest(Signal.TRACES, [traces([span(1, 1, attributes=attributes)])], engine.fresh(), token=token)
    (folder,) = engine.rows(
        "SELECT data_paths[1] AS path FROM system.tables WHERE database = 'sightline' AND name = 'spans'"
    )
    logs = Path(folder["path"]) / "deduplication_logs"
    assert logs in synced
    held = [path for path in synced if path.parent == logs and path.is_file()]
    assert held
    # The engine keeps a hash of the token, so the newest file is the one that grew.
    assert max(logs.iterdir(), key=lambda path: path.stat().st_mtime_ns) in held
