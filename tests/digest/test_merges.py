"""Merges wait while segments do, and never longer than parts are few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.engine import Engine
from digest.otlp import span, traces
from sightline.digest import merges
from sightline.digest.merges import Merges
from sightline.records.ingest import Signal
from sightline.store.rows import StoreError


@pytest.fixture
def held(engine: Engine) -> Iterator[Merges]:
    found = Merges(engine.store)
    yield found
    found.close()


def merge(engine: Engine) -> bool:
    """Whether a merge is allowed now."""
    try:
        engine.reader.command("OPTIMIZE TABLE sightline.spans FINAL")
    except StoreError as error:
        assert "ancelled" in str(error) or "ABORTED" in str(error)
        return False
    return True


def merge_all(engine: Engine) -> None:
    for table in merges._TABLES:
        engine.reader.command(f"OPTIMIZE TABLE sightline.{table} FINAL")


def send(engine: Engine, count: int) -> None:
    project = engine.fresh()
    for number in range(count):
        engine.digest(Signal.TRACES, [traces([span(number + 1, 1)])], project)


def test_merges_wait_while_segments_do(engine: Engine, held: Merges) -> None:
    send(engine, 1)
    assert merge(engine)
    held.busy()
    assert not merge(engine)
    held.busy()
    assert not merge(engine)
    held.idle()
    assert merge(engine)


def test_with_many_parts_merges_go_on_until_they_are_few(
    engine: Engine, held: Merges, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge_all(engine)
    # Patches of earlier tests stay until the engine tidies up.
    few = held._parts()
    monkeypatch.setattr(merges, "MOST_PARTS", few + 2)
    monkeypatch.setattr(merges, "FEW_PARTS", few)
    monkeypatch.setattr(merges, "_LOOK_EVERY", 1)
    held.busy()
    assert not merge(engine)
    send(engine, few + 4)
    held.busy()
    # Above the limit they go on, and that is not taken back until parts are few again.
    assert merge(engine)
    merge_all(engine)
    held.busy()
    assert not merge(engine)


def test_what_was_held_is_let_go_at_the_end(engine: Engine) -> None:
    held = Merges(engine.store)
    held.busy()
    assert not merge(engine)
    held.close()
    assert merge(engine)


def test_a_store_that_fails_leaves_merges_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Merges(engine.store)

    def broken() -> None:
        raise StoreError("no connection")

    monkeypatch.setattr(held, "_engine", broken)
    held.busy()
    held.idle()
    assert merge(engine)
