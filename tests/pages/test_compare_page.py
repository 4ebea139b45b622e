"""Two traces side by side, over HTTP."""

from __future__ import annotations

import json
import re
from html import unescape

import pages_story as story
from pages_elements import Elements
from pages_hostile import ALL
from starlette.testclient import TestClient

from sightline.store.store import Store

A, B = story.trace_id(0), story.trace_id(4)
HERE = "/p/default/compare"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_figures_stages_spans_and_texts_side_by_side(client: TestClient) -> None:
    page = client.get(f"{HERE}?a={A}&b={B}")
    text = text_of(page.text)
    assert page.status_code == 200 and "no trace" not in text
    assert re.search(r"Duration 5\.84 s 9\.34 s \+ 3\.50 s \(\+60 %\)", text)
    assert re.search(r"Failed spans 0 1 \+ 1", text) and "failed now" in text
    assert "Rerank 2.28 s 3.65 s + 1.37 s" in text
    assert "First input that differs" in text and story.QUESTIONS[0] in text and story.QUESTIONS[4] in text
    assert "12 slower" in text or "13 slower" in text
    assert f'href="/p/default/traces/{A}?span={A[:8]}00000009"' in page.text
    widths = [float(w) for w in re.findall(r'x="[\d.]+%" width="([\d.]+)%" y="0" height="20"', page.text)]
    assert 155 < sum(widths) < 170  # one bar is whole, the other as long as it was against it


def test_swapping_turns_the_sides(client: TestClient) -> None:
    page = client.get(f"{HERE}?a={A}&b={B}").text
    found = re.search(r'href="([^"]+)">Swap<', page)
    assert found and unescape(found[1]) == f"{HERE}?a={B}&b={A}"
    assert "faster" in text_of(client.get(unescape(found[1])).text)


def test_without_a_second_one_like_requests_are_offered(client: TestClient) -> None:
    page = client.get(f"/p/default/traces/{A}").text
    found = re.search(r'href="([^"]+)">Compare<', page)
    assert found
    offered = client.get(unescape(found[1])).text
    assert "Requests like A, nearest in time" in offered
    choices = re.findall(rf'href="{HERE}\?a={A}&amp;b=([0-9a-f]+)"', offered)
    assert len(choices) == 8 and A not in choices
    assert "not chosen yet" in client.get(HERE).text


def test_a_trace_that_is_not_here_is_named(client: TestClient) -> None:
    page = client.get(f"{HERE}?a={A}&b={'0' * 32}")
    assert page.status_code == 200 and f"Project default has no trace {'0' * 32}." in page.text
    other = client.get(f"/p/empty/compare?a={A}&b={B}")
    assert "Project empty has no trace" in other.text and story.QUESTIONS[0] not in other.text
    odd = client.get(HERE, params={"a": ALL, "b": "'--"})
    assert odd.status_code == 200 and "<script>alert" not in odd.text


def test_hostile_texts_stay_text_in_a_difference(client: TestClient, store: Store) -> None:
    told = story.Told()
    for n, trace in enumerate(("c1" * 16, "c2" * 16)):
        texts = {
            "input_messages": json.dumps([{"role": "user", "content": f"{n} {ALL}"}]),
            "output_value": ALL * n,
        }
        told.span(trace, 1, None, ALL, "llm", story.NOW - story.S, story.S * (n + 1), 0, content=texts,
                  project="hostile", service=ALL, status="error", status_message=ALL)  # fmt: skip
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    page = client.get(f"/p/hostile/compare?a={'c1' * 16}&b={'c2' * 16}").text
    assert "First input that differs" in page
    for tag, attributes in Elements(page).found:
        assert "style" not in attributes and tag not in ("style", "iframe", "img")
        assert tag != "script" or str(attributes["src"]).startswith("/static/")
        assert not any(name.startswith("on") for name in attributes)
        assert str(attributes.get("href", "/")).startswith(("/", "#")), attributes
