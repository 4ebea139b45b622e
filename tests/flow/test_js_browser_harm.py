"""The browser's part where pages hide, networks fail and blockers block: nothing twice, nothing thrown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from js_parts import Installed
from tests.pages.pages_browser import Browser, Tab, chromium

from sightline.testing import wait_until

PROGRAM = chromium()
pytestmark = [
    pytest.mark.flow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]
HIDE = (
    "Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });"
    "document.dispatchEvent(new Event('visibilitychange'))"
)


@dataclass
class Page:
    """A page and what it sent; it answers when it is let, with what it is told."""

    url: str = ""
    script: bytes = b""
    got: list[dict[str, Any]] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    body: bytes = b"{}"
    asked: list[dict[str, str]] = field(default_factory=list)

    def names(self) -> list[str]:
        """The names of all spans, in their order."""
        return [
            span["name"]
            for request in list(self.got)
            for resource in request.get("resourceSpans", [])
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    found = Page()
    package = Installed().folder / "node_modules" / "@sightline" / "sdk"
    found.script = (package / "dist" / "browser.min.js").read_bytes()

    class Serve(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.startswith("/api"):
                found.asked.append({name.lower(): value for name, value in self.headers.items()})
            script = self.path == "/sdk.js"
            html = b"<!doctype html><title>s</title><link rel=icon href=data:,><script src=/sdk.js></script>"
            self._answer(found.script if script else html, "text/javascript" if script else "text/html")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append(json.loads(body))
            found.go.wait(20)
            self._answer(found.body, "application/json")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("content-security-policy", "default-src 'self'; img-src data:")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Serve) as serving:
        serving.daemon_threads = True
        found.url = f"http://127.0.0.1:{serving.server_port}"
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield found
        found.go.set()
        serving.shutdown()
        thread.join()


@pytest.fixture
def tab(chrome: Browser, page: Page) -> Tab:
    page.got.clear()
    page.asked.clear()
    page.go.set()
    page.body = b"{}"
    found = chrome.tab()
    found.open(page.url)
    found.run("window.said = []; console.warn = (text) => said.push(text)")
    return found


def start(tab: Tab, page: Page, **options: Any) -> None:
    tab.run(f"sightline.init({json.dumps({'endpoint': page.url, 'key': 'sl_p_x', **options})})")


def test_what_is_on_its_way_while_the_page_is_hidden_arrives_once(page: Page, tab: Tab) -> None:
    start(tab, page)
    page.go.clear()
    tab.run("for (let i = 0; i < 3; i++) sightline.trace('flying', () => i); void sightline.flush()")
    wait_until(lambda: len(page.got) == 1, "the request")
    tab.run("sightline.trace('late', () => 1)")
    tab.run(HIDE)
    wait_until(lambda: len(page.got) == 2, "the beacon")
    page.go.set()
    tab.wait("sightline.counts().sent === 4")
    assert page.names() == ["flying"] * 3 + ["late"]
    assert tab.run("sightline.counts()") == {"ended": 4, "sent": 4, "dropped": 0}


def test_a_blocked_address_is_said_once_and_bounded(page: Page, tab: Tab) -> None:
    tab.call("Network.enable")
    tab.call("Network.setBlockedURLs", urls=["*/v1/*"])
    start(tab, page, maxQueue=20)
    assert tab.run("Promise.all(Array.from({ length: 50 }, (_, i) => sightline.trace('n', async () => i)))")
    for _ in range(3):
        assert tab.run("sightline.flush()") is False
    assert tab.run("sightline.counts()") == {"ended": 50, "sent": 0, "dropped": 30}
    said = tab.run("said")
    assert len(said) == 1 and "cannot reach" in said[0]
    tab.call("Network.setBlockedURLs", urls=[])
    assert tab.run("sightline.flush()") is True
    assert len(page.names()) == 20


def test_offline_it_waits_and_goes_when_the_network_is_back(page: Page, tab: Tab) -> None:
    start(tab, page)
    conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.call("Network.emulateNetworkConditions", offline=True, **conditions)
    tab.run(
        "sightline.trace('on a train', () => 1); sightline.feedback({ traceId: '1'.repeat(32), value: 'up' })"
    )
    assert tab.run("sightline.flush()") is False and page.got == []
    tab.call("Network.emulateNetworkConditions", offline=False, **conditions)
    wait_until(lambda: len(page.got) == 2, "spans and feedback")
    tab.wait("sightline.counts().sent === 2")


def test_requests_are_followed_also_where_sightline_has_the_pages_own_origin(page: Page, tab: Tab) -> None:
    start(tab, page, propagateTo=[])
    tab.run("sightline.trace('ask', () => fetch('/api/chat'))")
    tab.run("sightline.trace('again', () => fetch(new Request('/api/chat', { headers: { 'x-mine': '1' } })))")
    assert tab.run("sightline.flush()") is True
    assert [bool(headers.get("traceparent")) for headers in page.asked] == [True, True]
    assert page.asked[1]["x-mine"] == "1"
    assert sorted(page.names()) == ["GET /api/chat", "GET /api/chat", "again", "ask"]


def test_a_pattern_with_the_flag_g_allows_every_time(page: Page, tab: Tab) -> None:
    other = page.url.replace("127.0.0.1", "localhost")
    tab.run(f"sightline.init({{ endpoint: {json.dumps(page.url)}, propagateTo: [/localhost/g] }})")
    ask = f"sightline.trace('ask', () => fetch({json.dumps(other + '/api')}).catch(() => 0))"
    tab.run(f"(async () => {{ for (let i = 0; i < 4; i++) await {ask} }})()")
    assert tab.run("sightline.counts().ended") == 8


def test_a_body_that_is_a_stream_or_used_is_not_touched(page: Page, tab: Tab) -> None:
    start(tab, page)
    page.body = json.dumps({"answer": 5}).encode()
    said = tab.run(
        "(async () => { const request = new Request('/api/x', { method: 'POST', body: '{\"a\":1}' });"
        " const answer = await (await fetch(request)).json();"
        " return [answer, request.bodyUsed, await fetch(request).catch((error) => error.name)] })()"
    )
    assert said == [{"answer": 5}, True, "TypeError"]
    assert page.got[0] == {"a": 1}


def test_nonsense_from_the_server_is_no_error_of_the_page(page: Page, tab: Tab) -> None:
    start(tab, page)
    page.body = b"<h1>Welcome</h1>"
    tab.run("sightline.trace('x', () => 1)")
    assert isinstance(tab.run("sightline.flush()"), bool)
    assert tab.problems == []
