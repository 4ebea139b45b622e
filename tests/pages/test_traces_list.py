"""The list without scripts: every view, order, column, facet and page is an address."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pages_story as story
import pytest
from starlette.testclient import TestClient

from sightline.pages import traces_questions
from sightline.pages.address import view
from sightline.pages.traces_columns import columns
from sightline.pages.traces_state import PARAMETERS, ListState, read
from sightline.query.selection import Target, count, select
from sightline.store.rows import QueryTimeout
from sightline.store.store import Store

LIST = "/p/default/traces"


def state(**query: str) -> ListState:
    return read(view("default", LIST, query, "", story.NOW, PARAMETERS), query)


def page(client: TestClient, **query: str) -> str:
    answer = client.get(LIST, params=query)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def ids(text: str) -> list[str]:
    return re.findall(r'<tr data-row="([^"]+)"', text)


def links(text: str, pattern: str) -> list[str]:
    return [html.unescape(href) for href in re.findall(rf'href="({pattern})"', text)]


def told(client: TestClient, href: str) -> int:
    """How many the page at an address says there are."""
    answer = client.get(href)
    assert answer.status_code == 200
    found = re.search(r'<b class="strong">([\d,]+)</b>', answer.text)
    return int(found[1].replace(",", "")) if found else 0


def test_the_state_is_read_from_the_address() -> None:
    found = state(view="spans", sort="-cost", cols="name, cost,,name", live="1", sel="a,b", q="llm")
    assert (found.target, str(found.sort), found.cols) == (Target.SPANS, "-cost", ("name", "cost"))
    assert found.live and found.sel == ("a", "b")
    assert found.link() == f"{LIST}?q=llm&view=spans&sort=-cost&cols=name%2Ccost&live=1"
    assert state().link() == LIST and state().target is Target.TRACES


def test_what_is_broken_is_replaced_and_said() -> None:
    found = state(view="trees", sort="-durations")
    assert (found.shows, str(found.sort)) == ("traces", "-time")
    assert any("trees" in notice for notice in found.view.notices)
    assert any("did you mean duration" in notice for notice in found.view.notices)


def test_figures_are_those_of_what_is_listed(client: TestClient) -> None:
    for query in ({"q": ""}, {"q": "error"}, {"q": "llm", "view": "spans"}):
        text = page(client, range="24h", **query)
        shown = ids(text)
        if len(shown) < 100:
            assert re.search(rf'<b class="strong">{len(shown)}</b>', text), query
    text = plain(page(client))
    assert "25 traces" in text and "with errors" in text and "p95" in text and "≥" in text


def test_the_failed_share_opens_the_failed(client: TestClient) -> None:
    text = page(client)
    href = re.search(r'<a class="t-err" href="([^"]+)">', text)
    assert href is not None
    marked = len(re.findall(r'class="t-err" title=', text))
    assert told(client, href[1]) == marked > 0


def test_bars_of_the_histogram_open_what_they_count(client: TestClient) -> None:
    text = page(client, q="llm")
    bars = re.findall(r'<a href="([^"]+)" tabindex="-1"><rect[^>]*><title>([^<]+)</title>', text)
    assert bars
    for href, title in bars[:6]:
        said = int(re.search(r": ([\d,]+)$", title)[1].replace(",", ""))  # type: ignore[index]
        assert told(client, href) == said, title
    zoom = re.search(r'data-zoom="([^"]+)"', text)
    assert zoom is not None and "q=llm" in zoom[1] and "range=%7Brange%7D" in zoom[1]


@pytest.mark.parametrize("kind", ["traces", "spans"])
@pytest.mark.parametrize("q", ["", "error", "-kind:llm env:prod"])
def test_a_click_on_a_facet_gives_what_it_counted(client: TestClient, q: str, kind: str) -> None:
    text = page(client, q=q, view=kind, range="24h")
    for name in ("status", "kind", "model"):
        panel = re.search(rf'<details[^>]*data-facet="{name}">.*?</details>', text, re.DOTALL)
        if panel is None:
            continue
        rows = re.findall(r'<li><a class="fv" href="([^"]+)".*?<span class="c">([\d,]+)</span>', panel[0])
        for href, counted in rows[:2]:
            asked = parse_qs(urlsplit(href).query)["q"][0]
            if f"{name}:" in q or (name == "status" and q == "error"):
                continue
            assert told(client, href) == int(counted.replace(",", "")), (name, asked)


def test_chosen_and_excluded_values_are_marked(client: TestClient) -> None:
    text = page(client, q="kind:llm -env:dev")
    kind = re.search(r'data-facet="kind">.*?</details>', text, re.DOTALL)
    assert kind is not None and '<li class="on">' in kind[0] and "chosen" in kind[0]
    # What is excluded is shown though nothing has it.
    env = re.search(r'data-facet="env">.*?</details>', text, re.DOTALL)
    assert env is not None and '<li class="off">' in env[0] and "excluded" in env[0]
    off = re.search(r'<li class="off"><a class="fv" href="([^"]+)"', env[0])
    assert off is not None and parse_qs(urlsplit(off[1]).query)["q"] == ["kind:llm"]


def test_a_large_facet_has_a_search(client: TestClient) -> None:
    text = page(client, view="spans")
    name = re.search(r'data-facet="name">.*?</details>', text, re.DOTALL)
    assert name is not None and "facet=name" in name[0] and name[0].count('class="fv"') == 10
    more = page(client, view="spans", facet="name")
    assert more.count('class="fv"') > text.count('class="fv"') and 'placeholder="begins with"' in more
    found = page(client, view="spans", facet="name", find="rer")
    panel = re.search(r'data-facet="name">.*?</details>', found, re.DOTALL)
    assert panel is not None and panel[0].count('class="fv"') == 1 and "rerank" in panel[0]
    none = page(client, view="spans", facet="name", find="zzz")
    assert "nothing begins with “zzz”" in none


def test_heads_sort_both_ways(client: TestClient) -> None:
    text = page(client)
    assert 'aria-sort="descending"' in text
    sorted_ = page(client, sort="-cost")
    costs = [float(c) for c in re.findall(r'<td class="num co">[^$]*\$([\d.]+)', sorted_)]
    assert costs == sorted(costs, reverse=True) and len(costs) > 10
    assert f"{LIST}?sort=cost" in sorted_
    assert 'aria-sort="ascending"' in page(client, sort="duration")


@pytest.mark.parametrize("query", [{}, {"view": "spans", "q": "llm"}, {"sort": "-duration"}])
def test_pages_follow_each_other(
    client: TestClient, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ids(page(client, **query))
    monkeypatch.setattr(traces_questions, "PAGE", 7)
    found: list[str] = []
    href = f"{LIST}?{'&'.join(f'{k}={quote(v)}' for k, v in query.items())}"
    for _ in range(20):
        text = html.unescape(client.get(href).text)
        found += ids(text)
        older = re.search(r'<a href="([^"]+)" rel="next">Older</a>', text)
        if older is None:
            break
        href = older[1]
        assert "Back to the beginning" in client.get(href).text
    assert found[: len(whole)] == whole[: len(found)] and len(found) >= min(len(whole), 25)


def test_a_foreign_cursor_is_a_page_that_says_so(client: TestClient) -> None:
    answer = client.get(LIST, params={"cursor": "nonsense"})
    assert answer.status_code == 404 and "start again without one" in answer.text


def test_any_field_can_be_a_column(client: TestClient) -> None:
    text = page(client, cols="name,attr.app.region,release,user,session,spans,errors,ttft")
    assert "app.region" in text and "eu-west" in text and "2026.11.3" in text and "u_20418" in text
    spans = page(client, view="spans", cols="kind,name,tool,service", q="tool")
    assert "lookup_order" in spans and "support-chat" in spans
    broken = page(client, cols="name,cost_of_love")
    assert "No column for “cost_of_love”" in broken and ids(broken)
    found, faults = columns(state(cols="nonsense"))
    assert [c.name for c in found.shown][:2] == ["name", "input"] and len(faults) == 1


def test_a_form_of_columns_becomes_one_address(client: TestClient) -> None:
    answer = client.get(f"{LIST}?q=llm&cols=name&cols=cost&cols=")
    assert answer.status_code == 302 and answer.headers["location"] == f"{LIST}?q=llm&cols=name%2Ccost"


def test_columns_offer_attributes_in_use(client: TestClient) -> None:
    answer = client.get(LIST, headers={"hx-request": "true", "hx-target": "columns"})
    assert answer.text.startswith('<form id="columns"') and 'value="attr.app.region"' in answer.text


def test_rows_are_selected_by_address(client: TestClient) -> None:
    first, second = ids(page(client))[:2]
    answer = client.get(LIST, params={"toggle": first, "sort": "-time"})
    assert answer.status_code == 302 and answer.headers["location"] == f"{LIST}?sel={first}"
    text = page(client, sel=f"{first},{second}")
    assert text.count('class="sel"') == 2 and "2</span> selected" in text
    assert f"/p/default/compare?a={first}&b={second}" in text
    assert client.get(LIST, params={"toggle": first, "sel": first}).headers["location"] == LIST


def test_where_the_text_is_not_in_the_input_the_row_says_where(client: TestClient) -> None:
    text = page(client, q='"refund policy"')
    assert "<mark>refund policy</mark>" in text
    answer = page(client, q='"no longer possible"')
    assert "in the answer:" in answer and "<mark>no longer possible</mark>" in answer
    spans = page(client, q='"no longer possible"', view="spans")
    assert "<mark>no longer possible</mark>" in spans and len(ids(spans)) == len(ids(answer))


def test_when_nothing_matches_the_page_says_what_would_help(client: TestClient, store: Store) -> None:
    text = plain(page(client, q="llm model:nothing error"))
    window = state().view.window
    import asyncio

    rest = asyncio.run(count(store, select("llm error", window, story.NOW, Target.TRACES)))
    assert rest > 0 and f"Without model:nothing there would be {rest} ." in text
    assert "Without" not in plain(page(client, q="model:nothing tool:nothing error:nothing"))


def test_spans_by_name_open_these_spans(client: TestClient) -> None:
    text = page(client, view="groups", q="-kind:http")
    line = r'<td class="nm"><a class="plain" href="([^"]+)">([^<]+)</a></td><td class="num">(.*?)</td>'
    rows = re.findall(line, text, re.DOTALL)
    assert len(rows) > 5 and rows[-1][1] == "all"
    for href, name, counted in rows[:3]:
        assert told(client, href) == int(re.sub(r"<[^>]+>|,", "", counted)), name


@pytest.mark.parametrize("part", ["facets", "figures", "rows"])
def test_parts_come_by_themselves(client: TestClient, part: str) -> None:
    answer = client.get(LIST, headers={"hx-request": "true", "hx-target": part})
    assert answer.status_code == 200 and f'id="{part}"' in answer.text and "<html" not in answer.text


def test_what_takes_long_comes_later(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces_questions, "PATIENCE", 0.0)
    text = page(client)
    assert ids(text) and text.count('hx-trigger="load"') == 2 and "Counting" in text
    for part, shows in (("figures", 'class="hist"'), ("facets", 'data-facet="kind"')):
        answer = client.get(LIST, headers={"hx-request": "true", "hx-target": part})
        assert answer.status_code == 200 and shows in answer.text and "Counting" not in answer.text


def test_without_scripts_what_takes_long_is_asked_for_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces_questions, "PATIENCE", 0.0)
    first = page(client, q="llm", sort="-cost")
    [again] = re.findall(r'<noscript><meta http-equiv="refresh" content="0; url=([^"]+)"></noscript>', first)
    assert f'<noscript><a href="{again}">' in first
    whole = html.unescape(client.get(again).text)
    assert ids(whole) == ids(first) and "Counting" not in whole and "http-equiv" not in whole
    assert 'data-facet="kind"' in whole and 'class="hist"' in whole
    assert "parts=all" not in "".join(re.findall(r'class="fv" href="([^"]+)"', whole))


def test_a_trace_is_shown_in_brief_beside_the_list(client: TestClient) -> None:
    trace = ids(page(client, q="error"))[0]
    whole = page(client, q="error", peek=trace)
    brief = whole[whole.index('id="preview"') :]
    assert f'data-peek="{trace}"' in brief and f'href="{LIST}/{trace}"' in brief
    assert "<h3>Failed</h3>" in brief and "Where the" in brief
    # It is one state of the list: what closes it, and all that leads on, is the list without.
    [close] = re.findall(r'href="([^"]+)"[^>]*data-close-peek', brief)
    assert close == f"{LIST}?q=error" and "peek=" not in "".join(re.findall(r'<a[^>]*rel="nofollow"', whole))
    asked = {"hx-request": "true", "hx-target": "preview"}
    part = client.get(LIST, params={"q": "error", "peek": trace}, headers=asked).text
    assert part.lstrip().startswith('<aside id="preview"') and "<html" not in part and "<table" not in part
    for unknown in ("0" * 32, "no id at all"):
        lost = client.get(LIST, params={"peek": unknown}, headers=asked)
        assert lost.status_code == 200 and "This trace is not here." in lost.text
    # Another project's trace is not here either.
    other = client.get("/p/hostile/traces", params={"peek": trace}, headers=asked).text
    assert "This trace is not here." in other
    assert re.search(r'<aside id="preview"[^>]* hidden', page(client))


def test_what_takes_too_long_says_how_to_narrow(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: Any, **__: Any) -> Any:
        raise QueryTimeout("too long", 159)

    for name in ("breakdown", "facets"):
        monkeypatch.setattr(traces_questions, name, refused)
    monkeypatch.setattr(traces_questions.listing, "traces", refused)
    text = page(client)
    assert "A shorter range, or one more condition" in text
    assert "Counting all that match takes too long" in text and "Counting values takes too long" in text


def test_live_and_copied_links(client: TestClient) -> None:
    text = page(client, q="llm")
    assert f'href="{LIST}?q=llm&live=1" role="switch" aria-checked="false"' in text
    assert "data-tail" not in text and "data-tail" in page(client, live="1")
    copy = re.search(r'data-copy="([^"]+)"', text)
    assert copy is not None and "q=llm" in copy[1] and ".." in copy[1]


def test_all_that_match_can_be_exported(client: TestClient) -> None:
    text = page(client, q="llm", view="spans", env="prod")
    href = re.search(r'href="(/api/v1/export[^"]+)" hx-boost="false" download', text)
    assert href is not None
    asked = {name: value[0] for name, value in parse_qs(urlsplit(href[1]).query).items()}
    window = state().view.window
    assert asked == {
        "project": "default", "q": "llm", "target": "spans", "environment": "prod", "format": "parquet",
        "since": str(window.since), "until": str(window.until),
    }  # fmt: skip
    assert "/api/v1/export" not in page(client, q="kind:")


def test_another_project_is_neither_listed_nor_counted(client: TestClient) -> None:
    here, there = (client.get(f"/p/{name}/traces?range=30d").text for name in ("default", "talk"))
    assert ids(there) and not set(ids(here)) & set(ids(there))
    assert "u_20418" in client.get(f"{LIST}?facet=user").text
    assert "u_20418" not in client.get("/p/talk/traces?range=30d&facet=user&view=spans").text
