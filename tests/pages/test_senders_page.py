"""The page of senders: verdicts, figures with what they lead to, and nothing claimed that is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from pages_parts import Parts
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.digest.engine import NOW, Engine, opened
from tests.query.sender_story import reported, sent

from sightline.pages.routes import not_found, routes


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(tmp_path_factory.mktemp("senders_page")) as found:
        yield found


def page(engine: Engine, project: str, path: str = "senders", **query: str) -> str:
    parts = Parts(engine.store, clock=lambda: NOW, projects=lambda: ["default", project])
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)])) as client:
        answer = client.get(f"/p/{project}/{path}", params=query)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def cells(text: str, says: str) -> list[str]:
    found = re.findall(rf'data-says="{says}"[^>]*>(.*?)</td>', text)
    return [re.sub("<[^>]+>", "", one) for one in found]


def test_a_loss_comes_first_and_leads_the_page(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "whole", range(1, 11))
    reported(engine, project, "whole", {"ended": 30, "sampled_out": 20, "acknowledged": 10})
    sent(engine, project, "torn", [20, 21, 25])
    reported(engine, project, "torn", {"ended": 25, "acknowledged": 6, "dropped.spool_full": 19})
    text = page(engine, project)
    assert "3 spans or log records of sender shop are missing." in text
    assert cells(text, "Made") == ["25", "30"]
    assert cells(text, "Dropped") == ["19", "0"]
    assert 'title="spool full: 19"' in text


def test_a_figure_opens_the_spans_behind_it(engine: Engine) -> None:
    project = engine.fresh()
    hostile = 'a"b<script> OR 1'
    sent(engine, project, hostile, range(1, 8))
    text = page(engine, project)
    assert "<script> OR" not in text
    [href] = [unescape(h) for h in re.findall(r'data-says="In range"><a href="([^"]*)"', text)]
    parts = Parts(engine.store, clock=lambda: NOW, projects=lambda: ["default", project])
    with TestClient(Starlette(routes=[*routes(parts), not_found(parts)])) as client:
        listed = client.get(href).text
    assert len(re.findall(r'<td class="nm"', listed)) == 7


def test_of_others_nothing_is_claimed(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "", [None, None])
    text = page(engine, project)
    assert cells(text, "In range") == ["2"]
    assert cells(text, "Account") == ["unknown"] and cells(text, "Stored") == []
    assert "so whether anything is missing is unknown" in text


def test_a_loss_needs_attention(engine: Engine) -> None:
    project = engine.fresh()
    sent(engine, project, "torn", [1, 2, 5])
    assert "2 spans or log records of sender shop are missing." in page(engine, project)
    overview = page(engine, project, "", parts="all")
    assert "2 missing: sequence 3–4." in overview and f"/p/{project}/senders" in overview


def test_nobody_sent_anything(engine: Engine) -> None:
    assert "Nothing was sent in the last hour." in page(engine, engine.fresh(), range="1h")
