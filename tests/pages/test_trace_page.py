"""The page of a trace over HTTP: repeats, search, zoom, errors, the inspector's tabs, and what is hostile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pages_story as story
import pytest
from pages_elements import Elements
from pages_hostile import ALL
from starlette.testclient import TestClient

from sightline.pages.waterfall import WINDOW
from sightline.store.store import Store

TRACE = story.trace_id(4)
SPAN = f"{TRACE[:8]}0000000c"
PAGE = f"/p/default/traces/{TRACE}"
BIG = "b1" * 16
GATEWAY = "b7" * 16
BASE = f"/p/hostile/traces/{BIG}"
COUNT = 640
WORDS = "the quick brown invoice"


@pytest.fixture(scope="module", autouse=True)
def big(store: Store) -> Iterator[None]:
    """A trace of many like siblings, some of them special, in project `hostile`; a log record, a metric."""
    told = story.Told()
    start = story.NOW - 600 * story.S
    told.span(
        BIG, 1, None, "night", "chain", start, 500 * story.S, 0, project="hostile",
        service="batch", content={"input_value": "rewrite it all"},
    )  # fmt: skip
    for n in range(2, COUNT):
        failed = {"status": "error", "status_message": "too long"} if n in (100, 300) else {}
        attributes = {"shelf": "nine-lives"} if n == 77 else {}
        content = {"output_value": WORDS} if n == 88 else {}
        told.span(
            BIG, n, 1, "article", "tool", start + n * story.MS * 500,
            story.S * (40 if n == 222 else 1), 1, project="hostile", service="batch",
            attributes=attributes, content=content, **failed,
        )  # fmt: skip
    told.span(BIG, 9000, 300, "inner", "llm", start + 151 * story.S, story.S // 2, 2, project="hostile",
              service="batch", status="error", status_message="refused", usage_source="own",
              cost_source="computed", cost_usd=0.5, input_tokens=9, output_tokens=1)  # fmt: skip
    told.span(GATEWAY, 1, None, "POST /ask", "http", start, 5 * story.S, 0, project="hostile")
    told.span(
        GATEWAY, 2, 1, "answer", "agent", start + story.S, 3 * story.S, 1, project="hostile",
        content={"input_value": "may I return it"},
    )  # fmt: skip
    writer = store.writer()
    try:
        story.store(told, writer)
        writer.command(
            "INSERT INTO sightline.logs"
            " (project, time, received_at, trace_id, span_id, severity_number, body, retention_days)"
            " SELECT 'hostile', fromUnixTimestamp64Nano({t:Int64}, 'UTC'), now64(9),"
            " {trace:String}, {span:String}, 17, {body:String}, 30",
            {"t": start + story.S, "trace": BIG, "span": f"{BIG[:8]}{2:08x}", "body": f"disk full {ALL}"},
        )
        writer.command(
            "INSERT INTO sightline.metrics"
            " (project, name, type, unit, received_at, time, value, service, retention_days)"
            " SELECT 'hostile', {name:String}, 'gauge', 'By', now64(9),"
            " fromUnixTimestamp64Nano({t:Int64} + number * 1000000000, 'UTC'),"
            " 1000000 * (number + 1), 'batch', 30 FROM numbers(3)",
            {"t": start, "name": f"memory {ALL}"},
        )
    finally:
        writer.close()
    yield


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def rows(page: str) -> list[str]:
    return re.findall(r'class="nm[^"]*" title="([^"]+)"', page)


def href(page: str, words: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?{words}<', page)
    assert found, words
    return unescape(found[1])


def test_like_siblings_stand_in_one_row(client: TestClient) -> None:
    page = client.get(BASE).text
    assert rows(page) == ["night", "article", "article", "article", "article", f"{COUNT - 2 - 3:,} more"]
    text = text_of(page)
    assert f"× {COUNT - 2}" in text and "slowest, 40.0 times the median" in text and "2 failed" in text
    assert f"6 rows stand for {COUNT} spans" in text
    every = client.get(href(page, "A row for every span")).text
    assert len(rows(every)) == 2 * WINDOW and f'data-total="{COUNT}"' in every
    seen, page = every, every
    while "Later spans" in page:
        page = client.get(href(page, "Later spans")).text
        seen += page
    assert len(set(re.findall(r'data-id="([0-9a-f]+)"', seen))) == COUNT


def test_a_group_has_a_sheet(client: TestClient) -> None:
    page = client.get(BASE).text
    [group] = set(re.findall(r'data-id="([0-9a-f]+-[0-9a-f]+)" ?>', page))
    sheet = client.get(f"{BASE}?span={group}").text
    text = text_of(sheet)
    assert "Duration of the 638" in text and "2 of 638" in text and "What the time inside went to" in text
    assert "438 more." in text
    opened = client.get(href(sheet, "A row for each of the 638")).text
    assert len(rows(opened)) == 2 * WINDOW


def test_the_title_is_what_was_asked_below_a_gateway(client: TestClient) -> None:
    page = client.get(f"/p/hostile/traces/{GATEWAY}").text
    assert re.findall(r"<h1[^>]*>([^<]*)</h1>", page) == ["may I return it"]


def test_pieces_of_rows_are_what_scripts_fetch(client: TestClient) -> None:
    part = client.get(f"{BASE}?open=all&from=400", headers={"hx-request": "true", "hx-target": "more-rows"})
    assert (
        part.text.lstrip().startswith('<div class="chunk"') and f'data-piece="{400 // WINDOW}"' in part.text
    )
    assert len(rows(part.text)) == WINDOW
    beyond = client.get(
        f"{BASE}?open=all&from=8000", headers={"hx-request": "true", "hx-target": "more-rows"}
    )
    assert rows(beyond.text) == []


def test_errors_are_found_in_what_is_folded(client: TestClient) -> None:
    page, met = client.get(BASE).text, []
    for _ in range(4):
        page = client.get(href(page, "Next error")).text
        [chosen] = re.findall(r'aria-selected="true" href="[^"]*" data-id="([0-9a-f]+)"', page)
        met.append(int(chosen[8:], 16))
    assert met == [100, 300, 9000, 100]


@pytest.mark.parametrize(
    ("find", "numbers"),
    [
        ("quick brown", [88]),
        ("nine-lives", [77]),
        ("too long", [100, 300]),
        ("kind:llm", [9000]),
        ("error", [100, 300, 9000]),
        ("duration>30s kind:tool", [222]),
        ("night", [1]),
        ("no such thing", []),
        ("what:ever(", []),
    ],
)
def test_a_search_reaches_into_what_is_folded(client: TestClient, find: str, numbers: list[int]) -> None:
    page = client.get(BASE, params={"find": find}).text
    if not numbers:
        assert "Nothing in this trace has" in page
        return
    assert f"{len(numbers)} {'span has' if len(numbers) == 1 else 'spans have'}" in text_of(page)
    met = []
    for _ in numbers:
        page = client.get(href(page, "Next")).text
        [(hit, chosen)] = re.findall(
            r'class="wfr([^"]*)"[^>]*aria-selected="true" href="[^"]*" data-id="([0-9a-f]+)"', page
        )
        assert "hit" in hit
        met.append(int(chosen[8:], 16))
    assert sorted(met) == numbers


def test_a_zoom_changes_the_scale_and_leads_back(client: TestClient) -> None:
    page = client.get(f"{PAGE}?zoom=1s..2s").text
    assert "Showing 1.00 s to 2.00 s" in text_of(page) and "1.2 s" in page and ">4 s</text>" not in page
    assert "zoom" not in href(page, "Whole trace")
    whole = client.get(f"{PAGE}?zoom=0s..900s").text
    assert "Showing" not in whole


def test_the_stages_add_up(client: TestClient) -> None:
    page = client.get(PAGE).text
    shares = [float(share) for share in re.findall(r"<small>([\d.]+) %</small></li>", page)]
    assert len(shares) > 5 and sum(shares) == pytest.approx(100, abs=0.6)
    widths = re.findall(r'x="([\d.]+)%" width="([\d.]+)%" y="0" height="20"', page)
    assert sum(float(width) for _, width in widths) == pytest.approx(100, abs=0.01)


def test_a_span_is_saved_as_it_is_stored(client: TestClient) -> None:
    page = client.get(f"{PAGE}?span={SPAN}&tab=raw").text
    answer = client.get(href(page, "Download with its texts"))
    assert answer.headers["content-disposition"] == f'attachment; filename="span-{SPAN}.json"'
    found = answer.json()
    assert found["columns"]["request_model"] == "gpt-4o"
    assert {text["field"]: text["text"] for text in found["contents"]}["output_messages"] == json.dumps(
        [{"role": "assistant", "content": story.ANSWER}]
    )
    assert client.get(f"{PAGE}/record?span=zz").status_code == 404
    assert client.get(f"/p/empty/traces/{TRACE}/record?span={SPAN}").status_code == 404


def test_attributes_say_where_they_come_from_and_lead_to_others(client: TestClient) -> None:
    page = client.get(f"{PAGE}?span={SPAN}&tab=attributes").text
    text = text_of(page)
    assert "gen_ai.request.model" in text and "as the span says" in text
    assert "/p/default/traces?q=attr.promo_code%3A%22AUTUMN%22" in page
    assert "/p/default/traces?q=request_model%3A%22gpt-4o%22" in page


def test_cost_says_why_each_call_counts_once(client: TestClient) -> None:
    text = text_of(client.get(f"{PAGE}?span={TRACE[:8]}00000004&tab=cost").text)
    assert "Why this trace costs ≥ $0.002372, each call counted once" in text
    assert "7,634 → 334 repeats the spans below it: a roll-up" in text
    assert "no sum contains it" in text


def test_logs_and_metrics_of_a_moment(client: TestClient) -> None:
    page = client.get(f"{BASE}?span={BIG[:8]}{2:08x}&tab=moment").text
    text = text_of(page.partition("<aside")[2])
    assert "disk full" in text and "0 ms" in text and "3.0 MB" in text
    assert "<polyline" in page
    other = text_of(client.get(f"{BASE}?span={BIG[:8]}{3:08x}&tab=moment").text)
    assert "No log record names this span" in other
    assert "disk full" in text_of(client.get(f"{BASE}?tab=moment").text)
    assert "sent no metrics" in text_of(client.get(f"{PAGE}?tab=moment").text)


def test_a_trace_that_may_go_on_says_so(client: TestClient, store: Store) -> None:
    told = story.Told()
    trace = "b2" * 16
    told.span(
        trace, 5, 4, "step", "tool", story.NOW - 9 * story.S, story.S, 0, is_root=False, project="hostile"
    )
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    text = text_of(client.get(f"/p/hostile/traces/{trace}").text)
    assert "so far" in text and "Its root has not been received" in text


def test_expired_texts_are_told(client: TestClient, store: Store) -> None:
    told = story.Told()
    trace = "b3" * 16
    start = story.NOW - 60 * story.S
    told.span(trace, 1, None, "chat", "llm", start, story.S, 0, project="hostile",
              content={"input_value": "gone by now"})  # fmt: skip
    told.texts.clear()
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    text = text_of(client.get(f"/p/hostile/traces/{trace}").text)
    assert "Its texts are not stored any more" in text and "Times, tokens and cost stay" in text


QUERIES = (
    "",
    "?open=all",
    "?find=<script>alert(1)</script>",
    "?zoom=<b>",
    "?tab=moment",
    "?view=path",
    f"?span={BIG[:8]}00000002&tab=moment",
)


@pytest.mark.parametrize("query", QUERIES)
def test_nothing_foreign_does_anything(client: TestClient, query: str) -> None:
    page = client.get(BASE + query).text
    for tag, attributes in Elements(page).found:
        assert "style" not in attributes and tag not in ("style", "iframe", "object")
        assert tag != "script" or str(attributes["src"]).startswith("/static/")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert str(attributes.get(name, "/")).startswith(("/", "#", "?", "data:image/png")), attributes
    assert "<script>alert" not in page


def test_a_large_trace_is_kept_and_renewed_when_spans_come(client: TestClient, store: Store) -> None:
    told = story.Told()
    trace = "b4" * 16
    start = story.NOW - 900 * story.S
    told.span(trace, 1, None, "root", "chain", start, 500 * story.S, 0, project="hostile")
    for n in range(2, 2100):
        told.span(trace, n, 1, f"n{n % 150}", "tool", start + n * story.MS, story.MS, 1, project="hostile")
    writer = store.writer()
    try:
        story.store(told, writer)
        assert "2,099" in client.get(f"/p/hostile/traces/{trace}").text
        assert "2,099" in client.get(f"/p/hostile/traces/{trace}").text
        more = story.Told()
        more.span(trace, 5000, 1, "late", "tool", start, story.MS, 1, project="hostile")
        story.store(more, writer)
        assert "2,100" in client.get(f"/p/hostile/traces/{trace}").text
        assert client.get(f"/p/talk/traces/{trace}").status_code == 404
    finally:
        writer.close()


def test_a_call_says_how_long_its_tool_ran(client: TestClient) -> None:
    trace = story.trace_id(0)
    page = client.get(f"/p/default/traces/{trace}?span={trace[:8]}0000000c").text
    [(where, took)] = re.findall(r'class="took" href="([^"]+)"[^>]*>([^<]+)<', page)
    assert took == "394 ms" and f"span={trace[:8]}0000000a" in where
