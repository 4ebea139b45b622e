"""A browser's exporter: pages of another origin send OTLP/JSON, which a real browser lets through or not."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from js_parts import Installed
from tests.pages.pages_browser import Browser, Tab, chromium

from sightline.control.control import Control
from sightline.testing import ServerProcess, free_port, wait_until

PROGRAM = chromium()
pytestmark = [pytest.mark.flow, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]


class Page(BaseHTTPRequestHandler):
    """An empty page of somebody else's application."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>a shop</title><link rel=icon href=data:,>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The origin of a page that is not Sightline's: another site, not only another port."""
    with ThreadingHTTPServer(("127.0.0.1", free_port()), Page) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://localhost:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.fixture
def tab(chrome: Browser, shop: str) -> Tab:
    """The page of the shop in a browser."""
    found = chrome.tab()
    found.open(shop)
    return found


@pytest.fixture(scope="module")
def allowing(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that takes telemetry from pages of the shop."""
    data = tmp_path_factory.mktemp("allowing") / "data"
    with ServerProcess(data, "--http-cors-origins", shop) as running:
        yield running


@pytest.fixture(params=["none", "another"])
def closed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that does not: CORS is off, or allowed for another origin."""
    options = ["--http-cors-origins", "https://another.example"] if request.param == "another" else []
    with ServerProcess(tmp_path / "data", *options) as running:
        yield running


def otlp(trace: str) -> str:
    """An export request as the JavaScript exporter writes it."""
    now = time.time_ns()
    span = {
        "traceId": trace,
        "spanId": secrets.token_hex(8),
        "name": "click",
        "kind": 1,
        "startTimeUnixNano": str(now - 10**6),
        "endTimeUnixNano": str(now),
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "web"}, "spans": [span]}]}]})


def fetch(tab: Tab, url: str, body: str, **more: Any) -> Any:
    """The status of a fetch in the page; the error's name where the browser does not let it see one."""
    options = {"method": "POST", "headers": {"content-type": "application/json"}, "body": body} | more
    return tab.run(f"fetch({json.dumps(url)}, {json.dumps(options)}).then(r => r.status, e => e.name)")


def stored(server: ServerProcess, trace: str) -> bool:
    server.settled()
    return bool(server.sql(f"SELECT 1 AS found FROM spans WHERE trace_id = '{trace}'"))


def test_an_allowed_page_sends(allowing: ServerProcess, tab: Tab) -> None:
    trace = secrets.token_hex(16)
    assert fetch(tab, f"{allowing.url}/v1/traces", otlp(trace)) == 200
    assert stored(allowing, trace)
    assert tab.problems == []


def test_an_allowed_page_sends_headers_of_its_own(allowing: ServerProcess, tab: Tab) -> None:
    trace = secrets.token_hex(16)
    headers = {"content-type": "application/json", "x-api-key": "sl_i_unknown", "traceparent": "00"}
    assert fetch(tab, f"{allowing.url}/v1/traces", otlp(trace), headers=headers) == 200
    assert stored(allowing, trace)


def test_an_allowed_page_sends_as_it_is_closed(allowing: ServerProcess, tab: Tab) -> None:
    trace = secrets.token_hex(16)
    blob = f"new Blob([{json.dumps(otlp(trace))}], {{type: 'application/json'}})"
    assert tab.run(f"navigator.sendBeacon({json.dumps(allowing.url + '/v1/traces')}, {blob})")
    allowing.wait_for(f"SELECT count() AS n FROM spans WHERE trace_id = '{trace}'", lambda r: r[0]["n"] == 1)
    assert tab.problems == []


def test_an_allowed_page_cannot_read(allowing: ServerProcess, tab: Tab) -> None:
    question = json.dumps({"query": "SELECT 1"})
    assert fetch(tab, f"{allowing.url}/api/v1/sql", question) == "TypeError"
    assert tab.run(
        f"fetch({json.dumps(allowing.url + '/api/v1/traces')}).then(r => r.status, e => e.name)"
    ) == ("TypeError")


def test_another_page_is_refused_by_the_browser(closed: ServerProcess, tab: Tab) -> None:
    trace = secrets.token_hex(16)
    url = f"{closed.url}/v1/traces"
    assert fetch(tab, url, otlp(trace)) == "TypeError"
    assert any("CORS" in problem for problem in tab.problems)
    # Without a preflight the browser sends it, blindly; then the server refuses.
    assert fetch(tab, url, otlp(trace), mode="no-cors", headers={}) == 0
    assert not stored(closed, trace)


@dataclass
class Keyed:
    """A server with a public key for the pages of the shop, and nothing in its settings about them."""

    server: ServerProcess
    public: str
    admin: str

    def sources(self, trace: str) -> list[str]:
        """From where the spans of a trace came, once all are stored."""
        self.server.settled()
        rows = self.server.sql(f"SELECT source FROM spans WHERE trace_id = '{trace}'", self.admin)
        return [row["source"] for row in rows]


@pytest.fixture(scope="module")
def keyed(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    data = tmp_path_factory.mktemp("keyed") / "data"
    data.mkdir()
    control = Control(f"sqlite:///{data}/control.db")
    control.migrate()
    _, admin = control.create_key("default", "admin")
    _, public = control.create_key("default", "public", "shop", origins=[shop])
    control.create_key("default", "public", "elsewhere", origins=["https://elsewhere.example"])
    control.close()
    with ServerProcess(data) as running:
        yield Keyed(running, public, admin)


@pytest.mark.parametrize("how", [{}, {"keepalive": True}, {"credentials": "include"}])
def test_a_page_sends_with_a_public_key(keyed: Keyed, tab: Tab, how: dict[str, Any]) -> None:
    trace = secrets.token_hex(16)
    headers = {"content-type": "application/json", "x-api-key": keyed.public}
    assert fetch(tab, f"{keyed.server.url}/v1/traces", otlp(trace), headers=headers, **how) == 200
    assert keyed.sources(trace) == ["otlp-public"]
    assert tab.problems == []


def test_a_page_sends_with_the_key_in_the_address_without_asking_first(keyed: Keyed, tab: Tab) -> None:
    trace = secrets.token_hex(16)
    url = f"{keyed.server.url}/v1/traces?key={keyed.public}"
    assert fetch(tab, url, otlp(trace), headers={"content-type": "text/plain"}) == 200
    assert keyed.sources(trace) == ["otlp-public"]


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_page_sends_a_beacon_with_a_public_key(keyed: Keyed, tab: Tab, kind: str) -> None:
    trace = secrets.token_hex(16)
    url = json.dumps(f"{keyed.server.url}/v1/traces?key={keyed.public}")
    blob = f"new Blob([{json.dumps(otlp(trace))}], {{type: '{kind}'}})"
    assert tab.run(f"navigator.sendBeacon({url}, {blob})")
    wait_until(lambda: keyed.sources(trace) == ["otlp-public"], "the beacon's span")
    assert tab.problems == []


def test_a_page_reads_nothing_with_a_public_key(keyed: Keyed, tab: Tab) -> None:
    for path in ("/api/v1/traces", "/api/v1/health", f"/api/v1/traces?key={keyed.public}"):
        url, headers = json.dumps(keyed.server.url + path), json.dumps({"x-api-key": keyed.public})
        told = tab.run(f"fetch({url}, {{headers: {headers}}}).then(r => r.status, e => e.name)")
        assert told == "TypeError", "the browser keeps it from the page"
    assert keyed.server.get("/api/v1/traces", keyed.public).status == 403
    headers = {"content-type": "application/json", "x-api-key": keyed.public}
    assert fetch(tab, f"{keyed.server.url}/v1/metrics", "{}", headers=headers) == "TypeError"


def test_neither_log_nor_measures_tell_a_public_key(keyed: Keyed) -> None:
    assert keyed.public not in keyed.server.output()
    evil = {"origin": "https://evil.example", "x-api-key": keyed.public}
    for _ in range(20):
        assert keyed.server.post("/v1/logs", b"{}", "application/json", **evil).status == 403
    assert '"/v1/logs", "status": 403' not in keyed.server.output(), "strangers fill no log"
    measures = keyed.server.measures()
    assert keyed.public not in str(measures)
    name = f'sightline_public_key_requests_total{{key="{keyed.public.split("_")[2]}",outcome="origin"}}'
    assert measures[name] == 20


@pytest.fixture(scope="module")
def sdk() -> str:
    """The SDK for browsers, as it is packed."""
    return (Installed().folder / "node_modules/@sightline/sdk/dist/browser.min.js").read_text()


@pytest.mark.timeout(300)
def test_our_own_sdk_sends_with_a_public_key(keyed: Keyed, tab: Tab, sdk: str) -> None:
    tab.run(f"{sdk}; true")
    options = {"endpoint": keyed.server.url, "key": keyed.public, "service": "shop-web"}
    tab.run(f"sightline.init({json.dumps(options)})")
    trace = tab.run(
        "(() => { let id; sightline.trace('work', (span) => { id = span.traceId });"
        " sightline.feedback({ value: 'up', traceId: id, comment: 'well' }); return id })()"
    )
    tab.run("sightline.flush()")
    assert keyed.sources(trace) == ["otlp-public"]
    question = f"SELECT id, source, value, comment FROM scores WHERE trace_id = '{trace}'"
    [score] = keyed.server.sql(question, keyed.admin)
    assert score["id"].startswith("public:")
    assert (score["source"], score["value"], score["comment"]) == ("end_user", 1, "well")
    last = tab.run(
        "(() => { let id; sightline.trace('last', (span) => { id = span.traceId }); return id })()"
    )
    tab.open("about:blank")
    wait_until(lambda: keyed.sources(last) == ["otlp-public"], "what went as the page was closed")
    assert tab.problems == []
