"""The filter bar: a form without scripts, mistakes with their place, completions as JSON."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import quote

import pages_story as story
import pytest
from starlette.testclient import TestClient

from sightline.pages.address import view
from sightline.pages.filter_bar import chosen, filter_bar
from sightline.query.filter.errors import FilterError
from sightline.query.selection import Selection, Target

QUERY = {"range": "7d", "env": "prod"}


def seen(q: str, **query: str) -> Any:
    return view("default", "/p/default/traces", {"q": q, **query}, "", story.NOW, ("q", "sort", "cursor"))


def suggestions(client: TestClient, q: str, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/p/default/suggest", params={"q": q, **query})
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    found: list[dict[str, Any]] = answer.json()["suggestions"]
    return found


def test_a_form_keeps_the_range_and_what_the_page_wants_kept() -> None:
    page = seen("llm", **QUERY)
    found = chosen(page, story.NOW)
    assert isinstance(found, Selection) and found.environment == "prod" and found.text == "kind:llm"
    bar = filter_bar(page, "traces", found, {"sort": "-cost", "cols": None})
    assert bar.action == "/p/default/traces"
    assert bar.kept == (("range", "7d"), ("env", "prod"), ("sort", "-cost"))
    assert bar.clear == "/p/default/traces?range=7d&env=prod&sort=-cost" and bar.mistake is None
    assert filter_bar(seen(""), "traces", chosen(seen(""), story.NOW)).clear == ""


def test_a_mistake_has_its_place_and_a_repair() -> None:
    page = seen("llm modle:gpt-4o* cost>1", **QUERY)
    found = chosen(page, story.NOW, Target.SPANS)
    assert isinstance(found, FilterError)
    mistake = filter_bar(page, "traces", found, {"sort": "-cost"}, Target.SPANS).mistake
    assert mistake is not None and mistake.repair is not None
    assert (mistake.before, mistake.wrong, mistake.after) == ("llm ", "modle", ":gpt-4o* cost>1")
    assert mistake.repair.text == "model"
    repaired = quote("llm model:gpt-4o* cost>1", safe="*").replace("%20", "+")
    assert f"q={repaired}" in mistake.repair.href.replace("%2A", "*")
    assert "range=7d" in mistake.repair.href and "sort=-cost" in mistake.repair.href


def test_the_page_shows_an_empty_list_with_the_reason(client: TestClient) -> None:
    answer = client.get("/p/default/traces", params={"q": "kind:lm"})
    assert answer.status_code == 200
    text = html.unescape(answer.text)
    assert 'aria-invalid="true"' in text and "kind:<mark>lm</mark>" in text
    assert "Character 6:" in text and "Did you mean" in text
    assert "the filter cannot be understood" in text and "<tbody>" not in text


def test_the_page_lists_what_matches(client: TestClient) -> None:
    whole = client.get("/p/default/traces").text.count('<td class="nm"')
    some = client.get("/p/default/traces", params={"q": "error"}).text
    assert 0 < some.count('<td class="nm"') < whole and 'value="error"' in some
    none = client.get("/p/default/traces", params={"q": "model:nothing"}).text
    assert "Nothing matches" in none


@pytest.mark.parametrize("q", ['"><script>alert(1)</script>', "</title>", "kind:\u202elm", "'\x00"])
def test_hostile_filters_are_text(client: TestClient, q: str) -> None:
    answer = client.get("/p/default/traces", params={"q": q})
    assert answer.status_code == 200 and "<script>alert" not in answer.text


def test_completions_have_counts_of_the_result(client: TestClient) -> None:
    fields = suggestions(client, "mo", at="2")
    assert fields[0]["text"] == "model:" and (fields[0]["offset"], fields[0]["length"]) == (0, 2)
    models = suggestions(client, "model:", target="spans", range="30d")
    assert any(one["text"].startswith("gpt-4o") and one["count"] for one in models)
    fewer = suggestions(client, "name:rerank model:", target="spans", range="30d")
    assert [one["text"] for one in fewer] == ["bge-v2-m3"]


def test_completions_are_counted_in_the_environment(client: TestClient) -> None:
    def names(**query: str) -> list[str]:
        found = suggestions(client, "name:p or name:p", at="6", range="30d", target="spans", **query)
        return [one["text"] for one in found if one["count"]]

    assert '"POST /v1/answer"' in names() and "plan" in names()
    # In the story only the topmost spans name their environment.
    assert names(env="prod") == ['"POST /v1/answer"'] and names(env="dev") == []


@pytest.mark.parametrize("query", [{"at": "-1"}, {"at": "99999999999"}, {"at": "x"}, {"q": "(" * 9000}])
def test_no_question_breaks_completion(client: TestClient, query: dict[str, str]) -> None:
    assert client.get("/p/default/suggest", params={"q": "kind:", **query}).status_code == 200


def test_another_project_is_not_completed(client: TestClient) -> None:
    assert client.get("/p/nothing/suggest", params={"q": "kind:"}).status_code == 404
