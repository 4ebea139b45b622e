from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pages_story as story
import pages_talk as talk
import pytest
from pages_elements import Elements
from pages_hostile import ALL, CORPUS
from pages_parts import OpenGate, Parts
from starlette.testclient import TestClient

from sightline.control.control import Control
from sightline.control.gate import Gate
from sightline.pages.security import CONTENT_SECURITY_POLICY
from sightline.pages.services import Intake
from sightline.records.access import Principal, Scope
from sightline.store.rows import QueryTimeout, StoreError
from sightline.store.store import Store

TRACE = story.trace_id(4)
SPAN = f"{TRACE[:8]}0000000c"
PAGE = f"/p/default/traces/{TRACE}"
LIST = "/p/default/traces"
TALK = f"/p/talk/traces/{talk.TRACE}"
HTMX = {"hx-request": "true"}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_way_in(client: TestClient) -> None:
    assert client.get("/").headers["location"] == "/p/default/"
    assert client.get("/p/default").headers["location"] == "/p/default/"
    assert client.get("/p/empty/traces").headers["location"] == "/p/empty/first"
    assert client.get(f"/traces/{TRACE}?span={SPAN}").headers["location"] == f"{PAGE}?span={SPAN}"


def test_the_list_shows_the_latest_first(client: TestClient) -> None:
    page = client.get("/p/default/traces")
    assert page.status_code == 200
    text = text_of(page.text)
    assert "25 traces" in re.sub(r"\s+", " ", text) and "25 shown" in text
    times = re.findall(r'<td class="tm"><time datetime="([^"]+)"', page.text)
    assert times == sorted(times, reverse=True) and len(times) == 25
    assert "Can I get a refund on an annual plan after 40 days?" in text
    assert "≥ $0.0149" in text and "gpt-4o-11-20" in text and "nightly digest" in text


def test_ranges_and_environments_filter(client: TestClient) -> None:
    quarter = client.get("/p/default/traces?range=15m").text
    assert len(re.findall(r'<td class="tm">', quarter)) < 25
    assert "Nothing began in the last hour in dev" in client.get("/p/default/traces?env=dev&range=1h").text
    assert len(re.findall(r'<td class="tm">', client.get("/p/default/traces?env=prod").text)) == 24
    assert "Show the last 24 hours" in client.get("/p/default/traces?env=dev&range=6h").text


def test_a_trace_opens_as_a_tree(client: TestClient) -> None:
    page = client.get(f"{PAGE}?span={SPAN}").text
    text = text_of(page)
    assert "Please send the refund policy as a PDF" in text
    levels = re.findall(r'role="treeitem" aria-level="(\d+)"', page)
    assert levels == list("1233344443434")
    assert page.count('aria-selected="true"') == 1
    assert "stream aborted by the provider" in text
    assert "starts 12 ms before its parent" in text
    assert "≥ $0.0024" in text and "2 spans unpriced" in text
    assert "Annual plans can be refunded in full" in text


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("messages", "search_knowledge"),
        ("attributes", "promo_code"),
        ("cost", "repeats the spans below it: a roll-up"),
        ("events", "gen_ai.choice"),
        ("raw", "cache_read_tokens"),
    ],
)
def test_each_tab_has_an_address(client: TestClient, tab: str, words: str) -> None:
    page = client.get(f"{PAGE}?span={SPAN}&tab={tab}").text
    assert words in page
    assert len(re.findall(r'aria-current="true"[^>]*>(?:Messages|Attributes|Cost|Events|Raw)', page)) == 1


def test_a_conversation_is_read_as_one(client: TestClient) -> None:
    page = client.get(f"{TALK}?span={talk.FIRST}").text
    text = text_of(page)
    assert "Can I get a refund on an annual plan" in text and '<img class="pic"' in page
    assert "Show all, " in text and "lookup_order" in text and "input_value repeats input_messages" in text
    documents = text_of(client.get(f"{TALK}?span={talk.RETRIEVER}").text)
    assert "Terms" in documents and "0.9132" in documents
    tool = text_of(client.get(f"{TALK}?span={talk.TRACE[:8]}00000005").text)
    assert "lookup_order" in tool and "team-annual" in tool


def test_history_is_told_from_what_is_new(client: TestClient) -> None:
    page = client.get(f"{TALK}?span={talk.SECOND}").text
    history, new = page.split('</details>\n<div class="msg', 1)
    assert "3 messages sent before" in history and "Can I get a refund on an annual plan" in history
    assert "timeout after 5000 ms" in new and "in full within 30 days" in new


def test_a_switch_shows_the_exact_text(client: TestClient) -> None:
    page = client.get(f"{TALK}?span={talk.SECOND}")
    [switch] = re.findall(r'href="([^"]+)">Exact text<', page.text)
    exact = client.get(switch.replace("&amp;", "&"))
    assert (
        "## Your refund" in exact.text and "javascript:alert(1)" in exact.text and "Ignored" not in exact.text
    )
    [back] = re.findall(r'href="([^"]+)">As a conversation<', exact.text)
    assert client.get(back.replace("&amp;", "&")).text == page.text


def test_missing_parents_and_circles_are_shown(client: TestClient) -> None:
    text = text_of(client.get(f"/p/default/traces/{story.trace_id(900)}").text)
    for words in ("Parent not received", "Parents form a circle", "summarise", "ping", "pong"):
        assert words in text


def test_the_same_address_answers_its_parts(client: TestClient) -> None:
    part = client.get(f"{PAGE}?span={SPAN}", headers=HTMX | {"hx-target": "inspector"})
    assert part.text.startswith("<aside") and "<html" not in part.text
    assert "hx-target" in part.headers["vary"]
    whole = client.get(
        f"{PAGE}?span={SPAN}", headers=HTMX | {"hx-target": "inspector", "hx-history-restore-request": "true"}
    )
    assert "<html" in whole.text
    panel = client.get("/p/empty/first?since=1", headers=HTMX | {"hx-target": "listening"})
    assert panel.text.startswith("<section") and "hx-redirect" not in panel.headers


def test_the_first_run_opens_what_arrives(client: TestClient, parts: Parts) -> None:
    waiting = client.get("/p/empty/first")
    assert "Waiting for your first span" in waiting.text
    assert 'hx-trigger="every 2s"' in waiting.text and "<noscript>" in waiting.text
    long_ago = (story.NOW - 3600 * story.S) // story.MS
    panel = client.get(f"/p/default/first?since={long_ago}", headers=HTMX | {"hx-target": "listening"})
    assert re.fullmatch(r"/p/default/traces/[0-9a-f]{32}", panel.headers["hx-redirect"])
    parts.intake = lambda: Intake(accepted=0, refused=1, refusal="401: no key in the header authorization")
    assert "no key in the header authorization" in client.get("/p/empty/first").text
    parts.intake = lambda: Intake(0.0, None, 0, 0, 3, "The body is too large.", "too_large")
    page = client.get("/p/empty/first").text
    assert "The body is too large." in page and "raise the setting" in page


def test_the_first_run_says_what_waits_and_what_comes_next(client: TestClient, parts: Parts) -> None:
    page = client.get("/p/empty/first").text
    assert "went to another project" in page and "sightline demo --url http://testserver" in page
    assert '<a href="/settings/prices">Prices</a>' in page
    parts.journal.numbers = replace(parts.journal.numbers, oldest_age=75.0)
    assert "Accepted, not visible yet" in client.get("/p/empty/first").text
    assert "waits for 1 m 15 s" in client.get("/p/empty/first").text


@pytest.mark.parametrize("name", ["python", "opentelemetry", "node", "env", "collector", "curl"])
def test_snippets_carry_the_address_one_came_by(client: TestClient, name: str) -> None:
    page = client.get(f"/p/empty/first?with={name}", headers={"host": "10.0.0.5:4318"}).text
    assert "http://10.0.0.5:4318" in page and "YOUR_KEY" not in page
    behind = {"host": "sight.example", "sec-fetch-site": "none"}
    page = client.get(f"/p/empty/first?with={name}", headers=behind).text
    assert "https://sight.example" in page and "http://sight.example" not in page
    strange = client.get(f"/p/empty/first?with={name}", headers={"host": "x'$(id)\""}).text
    assert "$(id)" not in strange


def test_unknown_things_are_pages(client: TestClient) -> None:
    for path, words in (
        ("/nowhere/at/all", "No page has this address"),
        ("/p/nobody/traces", "There is no project nobody"),
        (f"/p/default/traces/{'0' * 32}", "retention is over"),
        ("/p/default/traces/..%2f..%2fetc", "No page has this address"),
        ("/p/default/traces/zz'--", "has no trace zz"),
        ("/p/default/traces?cursor=abc", "was not made by this server"),
    ):
        page = client.get(path)
        assert page.status_code == 404, path
        assert words in text_of(page.text).replace("&#39;", "'"), path


def test_odd_parameters_are_named_and_ignored(client: TestClient) -> None:
    page = client.get(f"{PAGE}?span=nope&from=999999&tab=hats&zoom=3&hue=3&range=zz")
    assert page.status_code == 200
    assert "Ignored: hue." in page.text and "“zz”" in page.text
    assert "The zoom “3” is not understood" in page.text and "The tab “hats” is not known" in page.text


def keyed(tmp_path: Path) -> tuple[Control, str, str]:
    control = Control(f"sqlite:///{tmp_path}/control.db")
    control.migrate()
    control.create_project("other")
    _, reads = control.create_key("default", Scope.READ, "r")
    _, sends = control.create_key("default", Scope.INGEST, "i")
    return control, reads, sends


def test_reading_needs_a_key_that_reads_this_project(
    client: TestClient, parts: Parts, tmp_path: Path
) -> None:
    control, reads, sends = keyed(tmp_path)
    parts.gate = Gate(control, loopback=True)  # type: ignore[assignment]
    parts.projects = lambda: ["default", "other"]
    try:
        refused = client.get("/p/default/traces")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert "sightline keys create" in refused.text and "<table" not in refused.text
        basic = {"authorization": "Basic " + base64.b64encode(f":{reads}".encode()).decode()}
        assert client.get("/p/default/traces", headers=basic).status_code == 200
        other = client.get("/p/other/traces", headers=basic)
        ghost = client.get("/p/ghost/traces", headers=basic)
        assert other.status_code == ghost.status_code == 403
        assert client.get(f"/p/other/traces/{TRACE}", headers=basic).status_code == 403
        assert client.get(LIST, headers={"authorization": f"Bearer {sends}"}).status_code == 403
        assert "YOUR_KEY" in client.get("/p/default/first", headers=basic).text
        assert "/p/other" not in client.get("/p/default/traces", headers=basic).text
    finally:
        parts.gate.close()  # type: ignore[attr-defined]
        control.close()


def test_a_key_of_another_project_sees_nothing(client: TestClient, parts: Parts) -> None:
    parts.gate = OpenGate(Principal("empty", frozenset({Scope.READ}), "k1"))
    assert client.get("/").headers["location"] == "/p/empty/"
    assert client.get(f"/traces/{TRACE}").headers["location"] == f"/p/empty/traces/{TRACE}"
    assert client.get(f"/p/empty/traces/{TRACE}").status_code == 404
    assert client.get(PAGE).status_code == 403


def test_headers_of_every_answer(client: TestClient) -> None:
    css = re.search(r'href="(/static/app-style[^"]+)"', client.get("/p/default/traces").text)
    assert css
    for path in ("/", "/p/default/traces", PAGE, "/p/empty/first", "/nowhere", "/theme", css[1]):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        if not path.startswith("/static"):
            assert headers["cache-control"] == "no-store"
    assert "unsafe" not in CONTENT_SECURITY_POLICY and "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


def test_no_inline_style_or_script_anywhere(client: TestClient) -> None:
    said = [f"{TALK}?span={span}" for span in (talk.FIRST, talk.SECOND, talk.RETRIEVER)]
    for path in ("/p/default/traces", f"{PAGE}?span={SPAN}", "/p/empty/first", "/nowhere", *said):
        for tag, attributes in Elements(client.get(path).text).found:
            assert "style" not in attributes and tag != "style", path
            assert not any(name.startswith(("on", "hx-on", "hx-vals")) for name in attributes), path
            assert tag != "script" or str(attributes["src"]).startswith("/static/"), path
            if attributes.get("rel") == "noopener noreferrer nofollow":
                assert str(attributes["href"]).startswith(("https://", "mailto:")), (path, attributes)
                continue
            if tag == "img":
                assert str(attributes["src"]).startswith("data:image/png;base64,"), (path, attributes)
                continue
            for name in ("href", "src"):
                assert str(attributes.get(name, "/")).startswith(("/", "#", "?")), (path, attributes)


def test_the_theme_is_a_link_and_a_cookie(client: TestClient) -> None:
    answer = client.get("/theme?to=dark&back=/p/default/traces")
    assert answer.headers["location"] == "/p/default/traces"
    assert "httponly" in answer.headers["set-cookie"].lower()
    client.cookies.set("sightline_theme", "dark")
    assert '<html lang="en" data-theme="dark">' in client.get("/p/default/traces").text
    client.cookies.clear()
    odd = client.get("/p/default/traces", headers={"cookie": 'sightline_theme="><script>'})
    assert '<html lang="en">' in odd.text
    assert client.get("/theme?to=dark&back=//evil.example").headers["location"] == "/"


class Broken:
    """A store that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        """Fail."""
        raise self.error


def test_a_failing_store_is_a_page_with_an_id(client: TestClient, parts: Parts) -> None:
    parts.store = Broken(StoreError("disk on fire at /secret/path"))  # type: ignore[assignment]
    page = client.get("/p/default/traces")
    assert page.status_code == 500
    assert re.search(r"Id <span class=\"mono\">[0-9a-f]{12}<", page.text) and "/secret/path" not in page.text
    parts.store = Broken(QueryTimeout("too slow", 159))  # type: ignore[assignment]
    slow = client.get("/p/default/traces")
    assert slow.status_code == 503 and "range=1h" in slow.text


def test_hostile_texts_stay_text_on_every_page(client: TestClient, store: Store, parts: Parts) -> None:
    told = story.Told()
    trace = "ab" * 16
    everything = {
        "service": ALL,
        "user_id": ALL,
        "session_id": ALL,
        "team": ALL,
        "environment": "x<script>",
        "project": "hostile",
        "request_model": ALL,
        "tool_name": ALL,
        "status": "error",
        "status_message": ALL,
    }
    told.span(
        trace,
        1,
        None,
        ALL,
        "llm",
        story.NOW - story.S,
        story.S,
        0,
        content={
            "input_messages": f'[{{"role":{_json(ALL)},"content":{_json(ALL)}}}]',
            "output_value": ALL,
            "tool_result": ALL,
            ALL[:20]: ALL,
        },
        attributes={text.replace(".", "") or "k": text for text in CORPUS},
        events=[(story.NOW, ALL, {ALL: ALL})],
        **everything,
    )
    told.span(trace, 2, 1, "<script>child", "<script>", story.NOW - story.S, story.S, 1, project="hostile")
    writer = store.writer()
    try:
        story.store(told, writer)
    finally:
        writer.close()
    base = f"/p/hostile/traces/{trace}"
    plain = Elements(client.get(f"{PAGE}?span={SPAN}&tab=messages").text)
    allowed = {tag for tag, _ in plain.found} | {
        "table",
        "tbody",
        "thead",
        "tr",
        "th",
        "td",
        "colgroup",
        "col",
        "mark",
    }
    allowed |= {"pre", "b", "br", "h3", "ul", "li", "section", "aside", "text"}
    allowed |= {"em", "strong", "p", "code", "details", "summary", "blockquote", "ol", "hr", "small"}
    allowed |= {"filter-bar", "input", "label", "fieldset", "legend", "figure", "figcaption", "g", "pattern"}
    allowed |= {"textarea", "datalist", "option"}  # the form over selected lines
    for path in (
        "/p/hostile/traces",
        "/p/hostile/traces?env=%3Cscript%3E&range=%22%3E%3Cscript%3E&%3Cscript%3E=1",
        base,
        *(f"{base}?tab={tab}" for tab in ("messages", "attributes", "cost", "events", "raw")),
        f"/p/hostile/traces/{ALL[:60]}".replace("/p/hostile/traces/<", "/p/hostile/traces/%3C"),
        "/%3Cscript%3E",
    ):
        page = client.get(path)
        found = Elements(page.text).found
        assert {tag for tag, _ in found} <= allowed, (path, {t for t, _ in found} - allowed)
        assert sum(tag == "script" for tag, _ in found) == 1, path
        for _, attributes in found:
            assert not any(name.startswith("on") for name in attributes), path
            assert not str(attributes.get("href", "")).lower().startswith(("javascript", "data", "//")), path
        for char in "\u202e\u2066\x1b\x00\x07\x9b":
            assert char not in page.text, (path, hex(ord(char)))
    assert "␛[31mred" in client.get(f"{base}?tab=messages").text


def _json(text: str) -> str:
    return json.dumps(text)
