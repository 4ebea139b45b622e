"""Explore: figures agree with the lists they open, and what is wrong is said at its field."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pages_story as story
import pytest
from starlette.testclient import TestClient

from sightline.pages.address import view
from sightline.pages.explore_form import Asked, asked
from sightline.query.selection import Target, count, select
from sightline.query.window import Window
from sightline.store.store import Store


def page(client: TestClient, query: str = "") -> str:
    answer = client.get(f"/p/default/explore{query}")
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def counted(store: Store, href: str) -> int:
    query = parse_qs(urlsplit(unescape(href)).query)
    now = view("default", "/", {"range": query.get("range", ["24h"])[0]}, "", story.NOW)
    target = Target.SPANS if query.get("view") == ["spans"] else Target.TRACES
    window = Window("default", now.since, now.until)
    environment = query.get("env", [""])[0]
    text = query.get("q", [""])[0]
    return asyncio.run(count(store, select(text, window, story.NOW, target, environment)))


def rows(html: str) -> list[tuple[str, int]]:
    """Where each first figure leads, and what it says."""
    table = html[html.index('id="groups"') :]
    found = re.findall(r'<td class="num"><a class="plain" href="([^"]+)">\s*<span>([\d,]+)</span>', table)
    return [(href, int(number.replace(",", ""))) for href, number in found]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?by=kind",
        "?by=model&top=1&q=kind:llm",
        "?by=kind&by2=status&by3=service&top=5",
        "?by=attr.app.region",
        "?of=traces&by=feature,env",
        "?of=traces&q=status:error&range=7d",
        '?by=name&q="refund"&env=prod',
    ],
)
def test_every_figure_opens_as_many_as_it_says(client: TestClient, store: Store, query: str) -> None:
    found = rows(page(client, query))
    assert found
    for href, number in found:
        assert counted(store, href) == number, href


def test_other_and_not_set_have_rows(client: TestClient) -> None:
    html = page(client, "?by=model&top=1")
    table = html[html.index('id="groups"') :]
    assert ">not set</span>" in table
    assert ">other</a>" in table or "1 group" in html


def test_the_marks_of_the_chart_open_their_group_and_time(client: TestClient, store: Store) -> None:
    html = page(client, "?by=kind&chart=stacked")
    bars = re.findall(
        r'<a href="([^"]+)" tabindex="-1"><rect class="br[^>]*><title>[^<]*: ([\d,]+)</title>', html
    )
    assert bars
    for href, number in bars[:8]:
        assert counted(store, href) == int(number.replace(",", ""))


def test_mistakes_stand_at_their_fields_and_the_rest_answers(client: TestClient) -> None:
    html = page(client, "?measure=duration.p59,count&by=modle&step=1x&top=0&chart=pie")
    assert 'id="wrong-measure"' in html and "did you mean" in html
    assert 'id="wrong-by"' in html and "model" in html
    assert 'id="wrong-step"' in html and 'id="wrong-top"' in html and 'id="wrong-chart"' in html
    assert 'id="chart-0"' in html
    broken = page(client, "?q=kind:")
    assert "nothing stands behind" in broken and 'id="chart-0"' not in broken
    narrow = page(client, "?range=30d&step=1ms")
    assert 'id="wrong-step"' in narrow and 'id="chart-0"' in narrow
    traces = page(client, "?of=traces&measure=ttft.p95&by=model")
    assert "no measure" in traces and "Traces cannot be grouped by model" in traces


def test_a_comparison_has_differences_and_keeps_the_form(client: TestClient) -> None:
    html = page(client, "?by=kind&measure=count,errors&vs=prev&chart=bars&top=5&step=1h")
    assert 'class="ln dash"' in html and "dashed: the time before" in html
    assert 'class="df' in html
    assert '<option value="errors" title="how many failed" selected>' in html
    assert '<option value="5" selected>top 5</option>' in html
    assert '<option value="1h" selected>every 1h</option>' in html
    # The filter keeps what the form chose, and the brush all of it.
    assert '<input type="hidden" name="by" value="kind">' in html
    zoom = re.search(r'data-zoom="([^"]+)"', html)
    assert (
        zoom
        and {"by", "measure", "chart", "top", "step", "range"}
        <= parse_qs(urlsplit(unescape(zoom[1])).query).keys()
    )


def test_dimensions_in_use_are_offered(client: TestClient) -> None:
    html = page(client)
    assert '<option value="attr.app.region">' in html and '<option value="model">' in html
    assert '<option value="attr.app.region">' not in page(client, "?of=traces")


def test_the_form_takes_commas_and_fields_of_its_own() -> None:
    found = asked({"measure": "count", "measure2": "errors", "by": 'kind,attr."a,b"', "by2": "kind"})
    assert found.measures == ("count", "errors")
    assert found.by == ("kind", 'attr."a,b"') or found.by == ("kind", "attr.a,b")
    assert isinstance(found, Asked) and not found.mistakes
    many = asked({"measure": "count,errors,users,sessions", "by": "kind,model,env,team"})
    assert len(many.measures) == len(many.by) == 3 and set(many.mistakes) == {"measure", "by"}


def test_no_other_project_answers(client: TestClient) -> None:
    html = client.get("/p/empty/explore?by=kind").text
    assert (">llm<" not in html and "nothing measured in this time" in html) or ">0<" in html
