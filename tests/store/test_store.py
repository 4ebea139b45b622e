"""The store's bounds: time, memory, rows, cancelling; and errors without the engine's inside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from sightline.settings import StoreSettings
from sightline.store.rows import Limits, QueryTimeout, QueryTooLarge, StoreError
from sightline.store.store import Store, embedded_url

ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = Store(embedded_url(tmp_path_factory.mktemp("store")), StoreSettings())
    yield found
    found.close()


def test_an_answer_has_names_types_and_rows(store: Store) -> None:
    answer = asyncio.run(store.fetch("SELECT {a:UInt8} AS a, {b:String} AS b", {"a": 7, "b": "x'\\y"}))
    assert (answer.columns, answer.types, answer.rows) == (("a", "b"), ("UInt8", "String"), [(7, "x'\\y")])
    assert answer.dicts() == [{"a": 7, "b": "x'\\y"}]
    assert answer.scalar() == 7


def test_a_query_that_takes_too_long_ends(store: Store) -> None:
    with pytest.raises(QueryTimeout):
        asyncio.run(store.fetch(ENDLESS, limits=Limits(seconds=0.2)))


def test_a_query_that_needs_too_much_memory_ends(store: Store) -> None:
    with pytest.raises(QueryTooLarge):
        asyncio.run(
            store.fetch("SELECT groupArray(number) FROM numbers(100000000)", limits=Limits(memory=64 << 20))
        )


def test_an_answer_of_too_many_rows_ends(store: Store) -> None:
    with pytest.raises(QueryTooLarge):
        asyncio.run(store.fetch("SELECT number FROM numbers(1000000)", limits=Limits(rows=1000)))


def test_an_error_says_what_and_no_stack(store: Store) -> None:
    with pytest.raises(StoreError) as found:
        asyncio.run(store.fetch("SELECT no_such_column FROM numbers(1)"))
    assert found.value.code == 47
    assert "no_such_column" in str(found.value)
    assert "DB::Exception" not in str(found.value)
    assert "Stack trace" not in str(found.value)


def test_a_cancelled_query_is_stopped_and_its_reader_free_again(store: Store) -> None:
    async def cancel() -> None:
        work = [asyncio.create_task(store.fetch(ENDLESS)) for _ in range(store.settings.readers)]
        running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%system%'"  # noqa: E501
        while not await asyncio.to_thread(store.command, running):
            await asyncio.to_thread(lambda: None)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        assert all(task.cancelled() for task in work)
        # Every reader answers again, which they could not while one still counts.
        answers = await asyncio.gather(*(store.fetch("SELECT 1") for _ in range(store.settings.readers)))
        assert [a.scalar() for a in answers] == [1] * store.settings.readers

    asyncio.run(cancel())


def test_a_table_of_numbers_is_read_without_copying(store: Store) -> None:
    writer = store.writer()
    found = writer.table("SELECT number, toUInt8(1) FROM numbers(3)", np.dtype([("n", "<u8"), ("one", "u1")]))
    writer.close()
    assert found["n"].tolist() == [0, 1, 2]
    assert found["one"].tolist() == [1, 1, 1]
