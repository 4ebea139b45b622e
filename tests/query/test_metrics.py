"""Metrics over a real engine: every kind of point, resets and restarts, groups, what projects tell apart."""

from __future__ import annotations

import asyncio
import math
import random
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from tests.query import signal_story as story
from tests.query.signal_story import NOW, S, point

from sightline.query import metrics as questions
from sightline.query.filter.vocabulary import METRICS
from sightline.query.histograms import (
    Counted,
    explicit_cells,
    exponential_cells,
    increases,
    quantile,
    rescaled,
)
from sightline.query.metric_series import NoAggregate, aggregates, over_time
from sightline.query.row_selection import RowSelection, select_rows
from sightline.query.window import Window
from sightline.records.metrics import MetricInfo, MetricSeries
from sightline.store.store import Store

T = TypeVar("T")
MIN = 60 * S
HOSTILE = "m'; DROP TABLE x --/<script>{p0:String}"
# The hour before now in steps of a minute, with points for ten minutes more before it.
HOUR = Window("default", NOW - 60 * MIN, NOW)
AGO = range(70, 0, -1)


def counters() -> list[dict[str, Any]]:
    """Three cumulative counters that restart now and then, one without starts, and one that tells deltas."""
    made, found = random.Random(7), []
    for host in ("a", "b", "c"):
        value, start = made.randrange(1000), NOW - 500 * MIN
        for ago in AGO:
            if made.random() < 0.07:
                value, start = 0, NOW - ago * MIN - S
            value += made.randrange(20)
            found.append(
                point("hits", "sum", ago * MIN, temporality="cumulative", monotonic=True, value=float(value),
                      start_time=0 if host == "c" else start, attributes={"host": host, "route": "/x"},
                      service="api" if host == "a" else "web", unit="{request}"),
            )  # fmt: skip
    found += [
        point("sent", "sum", ago * MIN, temporality="delta", monotonic=True, value=float(ago), unit="By",
              start_time=NOW - (ago + 1) * MIN)
        for ago in AGO
    ]  # fmt: skip
    return found


def histograms() -> list[dict[str, Any]]:
    """Explicit ones, delta and cumulative, and exponential ones of two scales."""
    made, found = random.Random(11), []
    bounds = [0.1, 0.5, 1.0, 5.0]
    total = [0] * 5
    for ago in AGO:
        counts = [made.randrange(6) for _ in range(5)]
        total = [a + b for a, b in zip(total, counts, strict=True)]
        for name, told, kind in (("delta.time", counts, "delta"), ("total.time", total, "cumulative")):
            found.append(
                point(name, "histogram", ago * MIN, temporality=kind, bounds=bounds, bucket_counts=told,
                      count=sum(told), sum=float(sum(told)), unit="s", start_time=NOW - 200 * MIN,
                      **{"exemplars.time": [NOW - ago * MIN], "exemplars.value": [float(ago)],
                         "exemplars.trace_id": [story.TRACE], "exemplars.span_id": [story.SPAN],
                         "exemplars.attributes": ["{}"]}),
            )  # fmt: skip
        for scale, host in ((3, "a"), (1, "b")):
            up = [made.randrange(4) for _ in range(8)]
            found.append(
                point("exp.time", "exponential_histogram", ago * MIN, temporality="delta", scale=scale,
                      positive_offset=-5, positive_counts=up, negative_offset=0, negative_counts=[1],
                      zero_count=2, zero_threshold=0.001, count=sum(up) + 3, sum=1.0,
                      attributes={"host": host}),
            )  # fmt: skip
    running = [0] * 6
    for ago in AGO:
        running = [a + made.randrange(3) for a in running]
        found.append(
            point("exp.total", "exponential_histogram", ago * MIN, temporality="cumulative", scale=2,
                  positive_offset=1, positive_counts=running, count=sum(running), sum=1.0, zero_count=0,
                  start_time=NOW - 71 * MIN),
        )  # fmt: skip
    return found


def others() -> list[dict[str, Any]]:
    found = [
        point("depth", "gauge", ago * MIN + at, value=float(ago + 10 * at), attributes={"q": q, "n": at})
        for ago in AGO
        for at, q in enumerate(("x", "y"))
    ]
    found += [
        point("level", "sum", ago * MIN, temporality="cumulative", monotonic=False, value=5.0,
              attributes={"pool": pool})
        for ago in AGO for pool in ("p", "q")
    ]  # fmt: skip
    found += [
        point("told", "summary", ago * MIN, count=100 - ago, sum=float(2 * (100 - ago)),
              quantiles=[0.5, 0.99], quantile_values=[1.0 + at, math.inf if ago == 3 else 9.0],
              attributes={"h": at}, start_time=NOW - 500 * MIN)
        for ago in AGO for at in (0, 1)
    ]  # fmt: skip
    found.append(point(HOSTILE, "gauge", MIN, value=1.0, unit="<b>", description=HOSTILE))
    found.append(point("both", "gauge", MIN, value=1.0))
    found += [point("both", "sum", n * MIN, value=1.0, temporality="delta", monotonic=True) for n in (1, 2)]
    found.append(point("secret", "gauge", MIN, value=99.0, project="other", service="hidden"))
    found.append(point("depth", "gauge", MIN, value=1e9, project="other", service="hidden"))
    return found


POINTS = [*counters(), *histograms(), *others()]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with story.opened(tmp_path_factory.mktemp("metrics"), POINTS) as found:
        yield found


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def chosen(name: str, text: str = "", window: Window = HOUR) -> RowSelection:
    return questions.named(select_rows(METRICS, text, window, NOW), name)


def info(store: Store, name: str, text: str = "") -> MetricInfo:
    found = run(questions.metric(store, chosen(name, text)))
    assert found is not None
    return found


def asked(
    store: Store, name: str, aggregate: str = "", by: str = "", text: str = "", **more: Any
) -> MetricSeries:
    one = chosen(name, text)
    return run(over_time(store, one, info(store, name, text), aggregate, by, **more))


def test_the_catalogue(store: Store) -> None:
    found = run(questions.catalogue(store, select_rows(METRICS, "", HOUR, NOW)))
    by_name = {one.name: one for one in found.metrics}
    assert list(by_name) == sorted(by_name)
    assert "secret" not in by_name
    assert found.total == len(by_name) == 11
    assert (by_name["hits"].series, by_name["hits"].services, by_name["hits"].unit) == (
        3, ("api", "web"), "{request}",
    )  # fmt: skip
    assert by_name["depth"].series == 2
    assert by_name["exp.time"].scale == 1
    assert (by_name["both"].type, by_name["both"].types) == ("sum", 2)
    assert by_name[HOSTILE].description == HOSTILE
    assert not any("hidden" in one.services for one in found.metrics)


def test_the_catalogue_goes_on_by_name(store: Store) -> None:
    selection = select_rows(METRICS, "", HOUR, NOW)
    names, after = [], ""
    while True:
        page = run(questions.catalogue(store, selection, limit=3, after=after))
        assert page.total == 11
        names += [one.name for one in page.metrics]
        if page.next is None:
            break
        after = page.next
    assert names == sorted(set(names))
    assert len(names) == 11


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("TIME", {"delta.time", "total.time", "exp.time"}),
        ("type:gauge service:api -drop -both", {"depth"}),
        ("attr.host:a", {"hits", "exp.time"}),
        ("unit:s temporality:delta", {"delta.time"}),
        ("service:hidden", set()),
    ],
)
def test_filters_narrow_the_catalogue(store: Store, text: str, names: set[str]) -> None:
    found = run(questions.catalogue(store, select_rows(METRICS, text, HOUR, NOW)))
    assert {one.name for one in found.metrics} == names


def grown(name: str, spread: MetricSeries) -> list[float]:
    """What `increases` says of every series, by bucket."""
    series: dict[str, list[Counted]] = defaultdict(list)
    for row in POINTS:
        if row["name"] == name:
            key = repr(sorted(row["attributes"].items()))
            series[key].append(Counted(row["time"], row.get("start_time", 0), row["value"]))
    found = [0.0] * len(spread.starts)
    wide = HOUR.since - 900 * S
    for points in series.values():
        points = [one for one in sorted(points, key=lambda one: one.time) if one.time >= wide]
        for one, more in zip(points, increases(points, wide), strict=True):
            if one.time >= HOUR.since and one.time < HOUR.until and more is not None:
                found[(one.time - spread.starts[0]) // spread.step] += more
    return found


def test_counters_grow_as_the_plain_reading_says(store: Store) -> None:
    found = asked(store, "hits", "increase")
    assert [value or 0.0 for value in found.lines[0].values] == pytest.approx(grown("hits", found))
    assert found.lines[0].whole == pytest.approx(sum(grown("hits", found)))
    rate = asked(store, "hits", "rate")
    assert rate.lines[0].whole == pytest.approx(sum(grown("hits", found)) / 3600)
    # A bucket that the window cuts counts for as long as it is in it.
    inside = [(v, n) for n, v in enumerate(rate.lines[0].values) if v and 0 < n < len(rate.starts) - 1]
    assert all(v == pytest.approx(grown("hits", rate)[n] / (rate.step / S)) for v, n in inside)


def test_groups_add_up_to_the_whole(store: Store) -> None:
    whole = asked(store, "hits", "increase").lines[0].whole
    by = asked(store, "hits", "increase", "attr.host", top=2)
    assert len(by.lines) == 3
    assert by.lines[-1].other
    assert by.groups == 3
    assert sum(line.whole or 0.0 for line in by.lines) == pytest.approx(whole)
    for line in by.lines[:-1]:
        alone = asked(store, "hits", "increase", text=line.filter)
        assert alone.lines[0].whole == pytest.approx(line.whole)
    assert {line.text for line in asked(store, "hits", "rate", "service").lines} == {"api", "web"}


def test_deltas_are_added(store: Store) -> None:
    found = asked(store, "sent", "increase")
    assert found.lines[0].whole == sum(range(1, 61))
    assert aggregates(info(store, "sent")) == ("rate", "increase")


def test_gauges(store: Store) -> None:
    assert asked(store, "depth", "max").lines[0].whole == 69.0
    assert asked(store, "depth", "min").lines[0].whole == 1.0
    assert asked(store, "depth", "sum").lines[0].whole == 12.0
    assert asked(store, "depth").lines[0].whole == pytest.approx(4190 / 119)
    by = asked(store, "depth", "last", "attr.q")
    assert {line.text: line.whole for line in by.lines} == {"x": 1.0, "y": 11.0}
    assert aggregates(info(store, "level"))[0] == "sum"
    assert asked(store, "level").lines[0].whole == 10.0


def test_quantiles_of_explicit_buckets(store: Store) -> None:
    for name in ("delta.time", "total.time"):
        found = asked(store, name)
        assert [line.text for line in found.lines] == ["p50", "p95", "p99"]
        rows = [
            row for row in POINTS if row["name"] == "delta.time" and HOUR.since <= row["time"] < HOUR.until
        ]
        counts = [sum(row["bucket_counts"][n] for row in rows) for n in range(5)]
        cells = explicit_cells((0.1, 0.5, 1.0, 5.0), counts)
        for line, q in zip(found.lines, (0.5, 0.95, 0.99), strict=True):
            assert line.whole == pytest.approx(quantile(q, cells)), name
        assert asked(store, name, "rate").lines[0].whole == pytest.approx(sum(counts) / 3600)
        assert asked(store, name, "avg").lines[0].whole == pytest.approx(1.0)


def test_quantiles_of_exponential_buckets_of_two_scales(store: Store) -> None:
    found = asked(store, "exp.time", "p95")
    up: dict[int, float] = defaultdict(float)
    for row in POINTS:
        if row["name"] == "exp.time" and HOUR.since <= row["time"] < HOUR.until:
            fine = {row["positive_offset"] + n: c for n, c in enumerate(row["positive_counts"])}
            for index, count in rescaled(fine, row["scale"] - 1).items():
                up[index] += count
    cells = exponential_cells(1, up, {0: 120}, 240, 0.001)
    assert found.lines[0].whole == pytest.approx(quantile(0.95, cells))
    by = asked(store, "exp.time", "p50", "attr.host")
    assert {line.text for line in by.lines} == {"a", "b"}


def test_cumulative_exponential_buckets_are_differenced(store: Store) -> None:
    rows = sorted((r for r in POINTS if r["name"] == "exp.total"), key=lambda row: row["time"])
    inside = [row for row in rows if HOUR.since <= row["time"] < HOUR.until]
    before = rows[rows.index(inside[0]) - 1]
    pairs = zip(inside[-1]["positive_counts"], before["positive_counts"], strict=True)
    cells = exponential_cells(2, {1 + n: a - b for n, (a, b) in enumerate(pairs)}, {}, 0, 0)
    assert asked(store, "exp.total", "p50").lines[0].whole == pytest.approx(quantile(0.5, cells))


def test_summaries_show_the_largest_of_their_series(store: Store) -> None:
    found = asked(store, "told")
    assert {line.text: line.whole for line in found.lines} == {"p50": 2.0, "p99": 9.0}
    assert asked(store, "told", "avg").lines[0].whole == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("name", "aggregate", "by", "says"),
    [
        ("depth", "p95", "", "p95 cannot be asked of a gauge; one of avg, min, max, last, sum"),
        ("hits", "avg", "", "one of rate, increase"),
        ("hits", "rate", "time", "time is a time"),
        ("hits", "rate", "attr.", "an attribute has a name"),
        ("told", "quantiles", "service", "quantiles of a summary are not grouped"),
    ],
)
def test_what_cannot_be_asked_says_why(store: Store, name: str, aggregate: str, by: str, says: str) -> None:
    with pytest.raises(NoAggregate, match=says):
        asked(store, name, aggregate, by)


def test_hostile_names_are_names(store: Store) -> None:
    assert info(store, HOSTILE).unit == "<b>"
    assert asked(store, HOSTILE, by="attr.we`ird'key").lines[0].text == ""
    assert run(questions.metric(store, chosen("dep*"))) is None


def test_exemplars_name_their_traces(store: Store) -> None:
    found = run(questions.exemplars(store, chosen("delta.time"), 5))
    assert [one.value for one in found] == [5.0, 4.0, 3.0, 2.0, 1.0]
    assert {(one.trace_id, one.span_id) for one in found} == {(story.TRACE, story.SPAN)}
    assert run(questions.exemplars(store, chosen("depth"))) == ()
    assert run(questions.keys_of(store, chosen("hits"))) == ("host", "route")


def test_sparks_have_a_value_for_each_bucket(store: Store) -> None:
    selection = select_rows(METRICS, "", HOUR, NOW)
    listed = run(questions.catalogue(store, selection)).metrics
    found = run(questions.sparks(store, selection, listed))
    assert set(found) == {one.name for one in listed}
    assert len({len(values) for values in found.values()}) == 1
    assert max(v for v in found["sent"] if v is not None) <= sum(range(1, 61))
    assert run(questions.sparks(store, selection, ())) == {}


def test_nothing_of_another_project(store: Store) -> None:
    assert asked(store, "depth", "max", "service").lines[0].text == "api"
    assert run(questions.metric(store, chosen("secret"))) is None
    other = Window("other", HOUR.since, HOUR.until)
    found = run(questions.catalogue(store, select_rows(METRICS, "", other, NOW)))
    assert [one.name for one in found.metrics] == ["depth", "secret"]
