"""What the store says of itself and of projects."""

from __future__ import annotations

import asyncio

from sightline.query import storage
from sightline.query.window import Window
from sightline.store import schema
from sightline.store.store import Store


def test_the_store_tells_its_tables_and_steps(told_store: Store) -> None:
    state = asyncio.run(storage.state(told_store))
    spans = next(table for table in state.tables if table.name == "spans")
    rows = told_store.query("SELECT count() FROM sightline.spans").scalar()
    assert spans.rows == rows and spans.bytes > 0 and spans.parts > 0
    assert [step.number for step in state.steps] == [step.number for step in schema.steps()]
    assert state.version.startswith("2") and state.steps[0].applied > 0


def test_what_a_project_holds_is_its_own(told_store: Store) -> None:
    names = [r[0] for r in told_store.query("SELECT DISTINCT toString(project) FROM sightline.spans").rows]
    found = asyncio.run(storage.project_storage(told_store, [*names, "nobody"]))
    for one in found[:-1]:
        count = told_store.query(
            "SELECT count(), toUnixTimestamp64Nano(min(start_time)) FROM sightline.spans"
            " WHERE project = {p:String}",
            {"p": one.project},
        ).rows[0]
        assert (one.spans, one.oldest) == count
        assert one.bytes is not None and one.bytes > 0
    assert (found[-1].spans, found[-1].oldest, found[-1].bytes) == (0, None, 0)
    assert asyncio.run(storage.project_storage(told_store, [])) == ()


def test_models_without_a_price_are_of_one_project_and_time(told_store: Store) -> None:
    everywhere = told_store.query(
        "SELECT toString(project), count() FROM sightline.spans WHERE cost_source = 'unknown'"
        " GROUP BY project"
    ).rows
    assert everywhere
    for project, calls in everywhere:
        found = asyncio.run(storage.unpriced(told_store, Window(project, 0, 2**62)))
        assert sum(model.calls for model in found) == calls
        assert all(model.untold <= model.calls and model.last > 0 for model in found)
        assert asyncio.run(storage.unpriced(told_store, Window(project, 0, 1))) == ()
    assert asyncio.run(storage.unpriced(told_store, Window("nobody", 0, 2**62))) == ()


def test_what_senders_dropped_is_summed(told_store: Store) -> None:
    assert asyncio.run(storage.reported_loss(told_store, ["nobody"], 0)) == (0, 0)
