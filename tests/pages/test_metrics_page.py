"""The pages of metrics: a catalogue, one metric by group, hostile names, and units as people read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pages_parts import Parts
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.query import signal_story as story
from tests.query.test_metrics import HOSTILE, POINTS

from sightline.pages import metric_units
from sightline.pages.metric_units import Shown
from sightline.pages.routes import not_found, routes
from sightline.query.measures import Unit
from sightline.store.store import Store

METRICS = "/p/default/metrics"
ODD = "odd/name with space?&#"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    points = [*POINTS, story.point(ODD, "gauge", story.S, value=3.0)]
    with story.opened(Path(tmp_path_factory.mktemp("metricspage")), points) as found:
        yield found


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    parts = Parts(store, projects=lambda: ["default", "other"], clock=lambda: story.NOW)
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)]), follow_redirects=False) as found:
        yield found


def ask(client: TestClient, name: str = "", **query: str) -> str:
    address = f"{METRICS}/{quote(name, safe='')}" if name else METRICS
    answer = client.get(address, params={"range": "1h"} | query)
    assert answer.status_code == 200
    return answer.text


def test_the_catalogue_links_to_each_metric(client: TestClient) -> None:
    page = ask(client)
    assert ">12</b> metrics" in page
    for name in ("hits", "delta.time", "exp.total"):
        assert f'href="/p/default/metrics/{name}?range=1h"' in page
    assert "exponential histogram" in page
    assert page.count('class="spark') >= 10
    assert "secret" not in page
    for href in re.findall(r'class="nm"><a class="plain" href="([^"]+)"', page):
        answer = client.get(href.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "data-chart" in answer.text, href


def test_hostile_names_stay_texts(client: TestClient) -> None:
    page = ask(client, HOSTILE)
    assert "<script>{p0" not in page
    assert "&lt;script&gt;{p0:String}" in page
    assert "&lt;b&gt;" in page
    odd = ask(client, ODD)
    assert "<h1>odd/name with space?&amp;#</h1>" in odd
    kept = quote(ODD, safe="")
    assert f'href="/p/default/metrics/{kept}?range=6h"' in odd
    assert f'action="/p/default/metrics/{kept}"' in odd


def test_one_metric_by_group(client: TestClient) -> None:
    page = ask(client, "hits", by="attr.host", agg="increase")
    assert "Increase by attr.host" in page
    assert re.search(r'href="[^"]*q=attr.host%3A(%22)?a', page)
    assert 'aria-current="true">host</a>' in page
    assert "requests" in page
    narrowed = ask(client, "hits", q="attr.host:a")
    assert "1 series" in narrowed


def test_a_histogram_has_quantiles_and_the_requests_behind_them(client: TestClient) -> None:
    page = ask(client, "delta.time")
    for part in ("p50", "p95", "p99", "Quantiles", "Rate", "Average"):
        assert part in page
    assert f"/p/default/traces/{story.TRACE}?range=1h&amp;span={story.SPAN}" in page
    assert "Measured in these requests" in page
    assert "Measured in these requests" not in ask(client, "depth")


def test_what_cannot_be_asked_is_said_and_the_usual_shown(client: TestClient) -> None:
    page = ask(client, "depth", agg="p95")
    assert "P95 cannot be asked of a gauge" in page
    assert "data-chart" in page
    assert "2 kinds of metrics" in ask(client, "both")
    wrong = ask(client, "depth", q="nme:x")
    assert 'role="alert"' in wrong
    assert "data-chart" not in wrong
    assert "No point of this metric" in ask(client, "secret")
    assert "No point of this metric" in ask(client, "hits", q="service:nobody")


def test_an_empty_project_says_how_metrics_come(client: TestClient) -> None:
    assert "OTEL_METRICS_EXPORTER" in ask(client, q="nothing-of-this")


@pytest.mark.parametrize(
    ("unit", "kind", "aggregate", "most", "expected"),
    [
        ("s", "histogram", "p95", 2.0, Shown(Unit.NANOSECONDS, 1e9)),
        ("ms", "gauge", "avg", 2.0, Shown(Unit.NANOSECONDS, 1e6)),
        ("By", "gauge", "avg", 2.5e9, Shown("GB", 1e-9)),
        ("By", "gauge", "avg", 12.0, Shown("B")),
        ("By", "sum", "rate", 3e6, Shown("MB/s", 1e-6)),
        ("s", "sum", "rate", 2.0, Shown("s/s")),
        ("{token}", "sum", "increase", 5.0, Shown("tokens")),
        ("{request}", "sum", "rate", 5.0, Shown("requests/s")),
        ("1", "sum", "rate", 5.0, Shown("/s")),
        ("1", "gauge", "avg", 0.5, Shown("1")),
        ("", "gauge", "avg", 0.5, Shown("1")),
        ("s", "histogram", "rate", 5.0, Shown("measured/s")),
    ],
)
def test_units(unit: str, kind: str, aggregate: str, most: float, expected: Shown) -> None:
    assert metric_units.shown(unit, kind, aggregate, [None, most]) == expected
