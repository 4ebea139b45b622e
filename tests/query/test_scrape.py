"""Counters for a project's own Prometheus: they only grow, whatever happens to rows, processes and labels."""

# ruff: noqa: E501 -- a statement stays on its line

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sightline.control.control import Control
from sightline.query.scrape import (
    DURATION_BOUNDS,
    FIRST_TOKEN_BOUNDS,
    LABELS,
    Increment,
    ScrapeSettings,
)
from sightline.query.scrape_counters import Counters
from sightline.query.scrape_keeper import ScrapeKeeper
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Connection, Store, embedded_url

NOW = 1_790_000_000 * 10**9
SECOND = 10**9
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@dataclass
class Scrapes:
    """A store, control, a clock one sets, and a keeper that can be made anew."""

    store: Store
    control: Control
    writer: Connection
    loop: asyncio.AbstractEventLoop
    now: int = NOW

    def keeper(self) -> ScrapeKeeper:
        return ScrapeKeeper(self.store, self.control, lambda: self.now)

    def scrape(self, keeper: ScrapeKeeper, project: str = "shop") -> Samples:
        """One scrape six seconds after the last: what Prometheus reads of it."""
        self.now += 6 * SECOND
        text = generate_latest(self.loop.run_until_complete(keeper.scrape(project)).registry()).decode()
        return {
            (
                sample.name,
                tuple(sorted((k, v) for k, v in sample.labels.items() if k != "project")),
            ): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def insert(
        self, count: int, *, project: str = "shop", ago: int = 30, late: int = 0, **columns: str
    ) -> None:
        """Spans that were stored `ago` seconds before now, and started `late` seconds before that."""
        stored = self.now - ago * SECOND
        given = {
            "kind": "'llm'", "status": "'ok'", "response_model": "'gpt'", "provider": "'openai'", "duration_ns": "1500000000",
            "time_to_first_token_ns": "400000000", "usage_source": "'own'", "input_tokens": "100", "output_tokens": "20",
            "cache_read_tokens": "60", "reasoning_tokens": "5", "cost_usd": "0.25", "cost_source": "'computed'",
        } | columns  # fmt: skip
        self.writer.command(
            f"INSERT INTO sightline.spans (project, trace_id, span_id, name, start_time, received_at, digested_at,"
            f" retention_days, {', '.join(given)}) SELECT '{project}', 't', toString(number), 'x',"
            f" fromUnixTimestamp64Nano({stored - late * SECOND}, 'UTC'), fromUnixTimestamp64Nano({stored}, 'UTC'),"
            f" fromUnixTimestamp64Micro({stored // 1000}, 'UTC'), 3650, {', '.join(given.values())} FROM numbers({count})"
        )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Connection]]:
    store = Store(embedded_url(tmp_path_factory.mktemp("scrape")), StoreSettings())
    writer = store.writer()
    migrate(writer)
    yield store, writer
    writer.close()
    store.close()


@pytest.fixture
def scrapes(engine: tuple[Store, Connection], tmp_path: Path) -> Iterator[Scrapes]:
    store, writer = engine
    writer.command("TRUNCATE TABLE sightline.spans")
    control = Control(f"sqlite:///{tmp_path / 'control.db'}")
    control.migrate()
    control.create_project("shop")
    control.create_project("other-shop")
    control.set_setting("shop", "scrape", {"labels": ["model"], "kinds": ["llm"], "sets": 3})
    loop = asyncio.new_event_loop()
    yield Scrapes(store, control, writer, loop)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    control.close()


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def begun(scrapes: Scrapes, keeper: ScrapeKeeper) -> None:
    """Spans of before the first scrape are not counted; later ones are, once."""
    scrapes.insert(7)
    assert not [key for key in scrapes.scrape(keeper) if key[1]]
    scrapes.now += 60 * SECOND


def test_what_is_counted(scrapes: Scrapes) -> None:
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    scrapes.insert(4)
    scrapes.insert(
        1,
        status="'error'",
        duration_ns="400000000000",
        cost_usd="NULL",
        cost_source="'unknown'",
        time_to_first_token_ns="NULL",
    )
    scrapes.insert(2, kind="'agent'", usage_source="'rollup'")
    scrapes.insert(9, project="other-shop")
    first = scrapes.scrape(keeper)
    assert value(first, "sightline_ai_requests_total", model="gpt") == 0, "a new series begins at 0"
    found = scrapes.scrape(keeper)
    assert value(found, "sightline_ai_requests_total", model="gpt") == 5
    assert value(found, "sightline_ai_errors_total", model="gpt") == 1
    assert value(found, "sightline_ai_request_duration_seconds_count", model="gpt") == 5
    assert value(found, "sightline_ai_request_duration_seconds_sum", model="gpt") == 406
    assert value(found, "sightline_ai_request_duration_seconds_bucket", model="gpt", le="1.0") == 0
    assert value(found, "sightline_ai_request_duration_seconds_bucket", model="gpt", le="2.5") == 4
    assert value(found, "sightline_ai_request_duration_seconds_bucket", model="gpt", le="300.0") == 4
    assert value(found, "sightline_ai_request_duration_seconds_bucket", model="gpt", le="+Inf") == 5
    assert value(found, "sightline_ai_time_to_first_token_seconds_count", model="gpt") == 4
    assert value(found, "sightline_ai_time_to_first_token_seconds_bucket", model="gpt", le="0.5") == 4
    assert value(found, "sightline_ai_cost_usd_total", model="gpt") == 1
    assert value(found, "sightline_ai_unknown_cost_requests_total", model="gpt") == 1
    classes = {"input": 200, "cache_read": 300, "cache_write": 0, "output": 75, "reasoning": 25}
    for name, count in classes.items():
        assert value(found, "sightline_ai_tokens_total", **{"model": "gpt", "class": name}) == count


def test_a_span_that_stands_for_several_counts_as_often(scrapes: Scrapes) -> None:
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    scrapes.insert(4, sample_weight="2.5")
    scrapes.insert(1, status="'error'")
    scrapes.scrape(keeper)
    found = scrapes.scrape(keeper)
    assert value(found, "sightline_ai_requests_total", model="gpt") == 11
    assert value(found, "sightline_ai_errors_total", model="gpt") == 1
    assert value(found, "sightline_ai_cost_usd_total", model="gpt") == 11 * 0.25
    assert value(found, "sightline_ai_request_duration_seconds_sum", model="gpt") == 11 * 1.5
    assert value(found, "sightline_ai_request_duration_seconds_bucket", model="gpt", le="2.5") == 11
    assert value(found, "sightline_ai_tokens_total", **{"model": "gpt", "class": "cache_read"}) == 11 * 60


def test_nothing_is_counted_twice_or_taken_back(scrapes: Scrapes) -> None:
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    for _ in range(3):
        scrapes.insert(10)
        scrapes.scrape(keeper)
        keeper = scrapes.keeper()  # a restart
        scrapes.now += 60 * SECOND
    scrapes.writer.command("TRUNCATE TABLE sightline.spans")  # retention
    for _ in range(2):
        assert value(scrapes.scrape(scrapes.keeper()), "sightline_ai_requests_total", model="gpt") == 30


def test_a_segment_is_counted_when_all_of_it_is_there(scrapes: Scrapes) -> None:
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    scrapes.insert(3, ago=0)
    assert not [key for key in scrapes.scrape(keeper) if key[1]]
    scrapes.now += 20 * SECOND
    scrapes.scrape(keeper)
    assert value(scrapes.scrape(keeper), "sightline_ai_requests_total", model="gpt") == 3


def test_late_spans_are_counted_within_minutes_and_imported_history_never(scrapes: Scrapes) -> None:
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    scrapes.insert(1, late=10)
    scrapes.insert(2, late=3600)
    scrapes.insert(4, late=40 * 86_400)
    scrapes.scrape(keeper)
    assert value(scrapes.scrape(keeper), "sightline_ai_requests_total", model="gpt") == 1
    scrapes.now += 400 * SECOND
    assert value(scrapes.scrape(keeper), "sightline_ai_requests_total", model="gpt") == 3


def test_label_sets_are_bounded(scrapes: Scrapes) -> None:
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    scrapes.insert(100, response_model="'m' || toString(number % 10)")
    scrapes.insert(50, response_model="'m1'")
    scrapes.scrape(keeper)
    found = scrapes.scrape(keeper)
    requests = {
        dict(key[1])["model"]: number
        for key, number in found.items()
        if key[0] == "sightline_ai_requests_total"
    }
    assert sum(requests.values()) == 150
    assert len(requests) == 4
    assert requests["other"] == 70
    assert requests["m1"] == 60, "the busiest have names of their own"


def test_a_silent_label_set_gives_its_place_to_a_new_one() -> None:
    counters = Counters(ScrapeSettings(("model",), ("llm",), 2), 0, 0)
    nothing = (0,) * len(DURATION_BOUNDS), 0, 0, (0,) * len(FIRST_TOKEN_BOUNDS), (0,) * 5, 0, 0

    def one(name: str) -> Increment:
        return Increment((name,), 1, 0, 0, *nothing)

    day = 86_400 * 10**6
    counters.add([one("a"), one("b"), one("c")], now=day)
    assert set(counters.series) == {("a",), ("b",), ("other",)}
    counters.add([one("b")], now=2 * day)
    counters.add([one("d")], now=2 * day + 1)
    assert set(counters.series) == {("d",), ("b",), ("other",)}
    assert Counters.of(counters.as_json()) == counters


def test_other_labels_begin_anew(scrapes: Scrapes) -> None:
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    scrapes.insert(3)
    scrapes.scrape(keeper)
    scrapes.control.set_setting(
        "shop", "scrape", {"labels": ["provider", "model"], "kinds": ["llm"], "sets": 3}
    )
    keeper.forget("shop")
    assert not [key for key in scrapes.scrape(keeper) if key[1]]
    scrapes.now += 60 * SECOND
    scrapes.insert(2)
    scrapes.scrape(keeper)
    assert value(scrapes.scrape(keeper), "sightline_ai_requests_total", model="gpt", provider="openai") == 2


def test_two_scrapers_see_the_same_and_two_processes_count_once(scrapes: Scrapes) -> None:
    one, two = scrapes.keeper(), scrapes.keeper()
    begun(scrapes, one)
    scrapes.insert(5)
    scrapes.scrape(one)

    async def both() -> list[Any]:
        return await asyncio.gather(one.scrape("shop"), two.scrape("shop"), two.scrape("shop"))

    scrapes.now += 6 * SECOND
    shown = [scraped.shown for scraped in scrapes.loop.run_until_complete(both())]
    assert shown[0] == shown[1] == shown[2]
    assert shown[0]["gpt",][0] == 5


def test_every_label_can_be_chosen_and_hostile_values_stay_in_their_quotes(scrapes: Scrapes) -> None:
    scrapes.control.set_setting("shop", "scrape", {"labels": list(LABELS), "kinds": ["llm"], "sets": 3})
    keeper = scrapes.keeper()
    begun(scrapes, keeper)
    hostile = 'a"} 1\nx{b="\\'
    quoted = "'" + hostile.replace("\\", "\\\\").replace("\n", "\\n") + "'"
    scrapes.insert(1, team=quoted, feature="repeat('y', 5000)")
    found = scrapes.scrape(keeper)
    [labels] = [dict(key[1]) for key in found if key[0] == "sightline_ai_requests_total"]
    assert set(labels) == set(LABELS)
    assert labels["team"] == hostile
    assert labels["feature"] == "y" * 120
