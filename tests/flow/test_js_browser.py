"""The JavaScript SDK in a real browser: from a click to the model, with a page of another origin."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from js_parts import Installed, Provider, http_server
from tests.pages.pages_browser import Browser, Tab, chromium

from sightline.testing import ServerProcess, free_port, wait_until

PROGRAM = chromium()
pytestmark = [
    pytest.mark.flow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]


@dataclass
class Shop:
    """Somebody's web application; its pages load the SDK as a file, under a strict policy."""

    script: bytes = b""
    connect: str = ""
    tail: str = ""
    collected: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    retry_after: str = ""
    port: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def policy(self) -> str:
        return f"default-src 'none'; script-src 'self'; connect-src 'self' {self.connect}; img-src data:"


def pages_of(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/sdk.js"):
                self._answer(shop.script, "text/javascript")
            elif self.path.startswith("/stream"):
                self._stream()
            elif self.path.startswith("/seen"):
                self._answer(json.dumps(dict(self.headers.items())).encode(), "application/json")
            else:
                head = f"<!doctype html><title>shop</title><link rel=icon href=data:,>{shop.tail}"
                self._answer(f"{head}<script src=/sdk.js></script>".encode(), "text/html")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            shop.collected.append((self.path, dict(self.headers.items()), body))
            self.send_response(shop.status)
            if shop.retry_after:
                self.send_header("retry-after", shop.retry_after)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-security-policy", shop.policy())
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            between = threading.Event()
            for word in ("a", "b", "c"):
                between.wait(0.05)
                self.wfile.write(f"data: {word}\n\n".encode())
                self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Pages


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


@pytest.fixture(scope="module")
def shop(installed: Installed) -> Iterator[Shop]:
    found = Shop()
    found.script = (installed.folder / "node_modules/@sightline/sdk/dist/browser.min.js").read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", found.port), pages_of(found)) as serving:
        serving.daemon_threads = True
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield found
        serving.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that takes telemetry from pages of the shop."""
    with ServerProcess(tmp_path_factory.mktemp("js") / "data", "--http-cors-origins", shop.origin) as running:
        yield running


@pytest.fixture
def tab(chrome: Browser, shop: Shop, server: ServerProcess) -> Tab:
    shop.connect, shop.tail, shop.status, shop.retry_after = server.url, "", 200, ""
    shop.collected.clear()
    found = chrome.tab()
    found.open(shop.origin)
    return found


def start(tab: Tab, endpoint: str, **options: Any) -> None:
    tab.run(f"sightline.init({json.dumps({'endpoint': endpoint, 'service': 'shop-web', **options})})")


def spans(server: ServerProcess, trace_id: str, count: int) -> list[dict[str, Any]]:
    where = f"FROM spans WHERE trace_id = '{trace_id}'"
    server.wait_for(f"SELECT count() AS n {where}", lambda rows: rows[0]["n"] >= count)
    server.settled()
    rows = server.sql(f"SELECT * {where} ORDER BY depth, start_time")
    assert len(rows) == count, [row["name"] for row in rows]
    return rows


def test_from_the_click_to_the_model(
    installed: Installed, shop: Shop, server: ServerProcess, tab: Tab
) -> None:
    with http_server(Provider) as provider:
        env = {"SIGHTLINE_ENDPOINT": server.url, "PROVIDER_URL": provider, "ORIGIN": shop.origin}
        with installed.serving("app.mjs", env) as port:
            api = f"http://127.0.0.1:{port}"
            shop.connect = f"{server.url} {api}"
            tab.open(shop.origin)
            start(tab, server.url, propagateTo=[api], propagate=["session"], context={"session": "web-1"})
            trace_id = tab.run(
                "sightline.trace('ask', async span => { const r = await fetch("
                + json.dumps(api)
                + "+'/openai',"
                "{method: 'POST', body: '{}', headers: {'content-type': 'application/json'}});"
                "return (await r.json()).traceId })"
            )
            assert tab.run("sightline.flush()")
            assert tab.run(f"fetch({json.dumps(api)} + '/flush', {{method: 'POST'}}).then(r => r.json())")[
                "flushed"
            ]
    click, request, handled, model = spans(server, trace_id, 4)
    assert [row["service"] for row in (click, request, handled, model)] == [
        "shop-web",
        "shop-web",
        "shop",
        "shop",
    ]
    assert (click["name"], request["name"], request["otel_kind"]) == ("ask", "POST /openai", "client")
    assert (request["parent_span_id"], handled["parent_span_id"]) == (click["span_id"], request["span_id"])
    assert (model["kind"], model["input_tokens"]) == ("llm", 12)
    assert {row["session_id"] for row in (click, request, handled, model)} == {"web-1"}
    assert request["http_status_code"] == 200
    assert tab.problems == []


def test_other_origins_get_no_trace_and_queries_stay_here(
    shop: Shop, server: ServerProcess, tab: Tab
) -> None:
    other = f"http://127.0.0.1:{shop.port}"
    shop.connect = f"{server.url} {other}"
    tab.open(shop.origin)
    start(tab, server.url)
    seen = tab.run("fetch('/seen?token=secret#x').then(r => r.json())")
    assert seen["traceparent"].startswith("00-") and "baggage" not in seen
    assert tab.run(f"fetch('{other}/seen', {{mode: 'no-cors'}}).then(r => r.type)") == "opaque"
    assert tab.run("sightline.flush()") and tab.run("sightline.counts().ended") == 1
    (row,) = spans(server, seen["traceparent"].split("-")[1], 1)
    assert "secret" not in json.dumps(row)
    assert row["http_url"] == f"{shop.origin}/seen"


def test_a_stream_has_its_first_chunk_measured(server: ServerProcess, tab: Tab) -> None:
    start(tab, server.url)
    answer = tab.run(
        "sightline.trace('stream', async span => { const r = await fetch('/stream'); return {t: span.traceId,"
        " text: await r.text(), url: r.url} })"
    )
    assert answer["text"].count("data:") == 3 and answer["url"].endswith("/stream")
    assert tab.run("sightline.flush()")
    _, request = spans(server, answer["t"], 2)
    assert 40e6 < request["time_to_first_token_ns"] < request["duration_ns"] - 80e6


def test_feedback_goes_as_the_page_does(shop: Shop, server: ServerProcess, tab: Tab) -> None:
    start(tab, server.url)
    trace_id = "cd" * 16
    assert tab.run(f"sightline.feedback({{traceId: '{trace_id}', value: 'up', comment: 'good'}})")
    tab.open(shop.origin + "/next")
    server.wait_for(
        f"SELECT count() AS n FROM logs WHERE trace_id = '{trace_id}'", lambda rows: rows[0]["n"] == 1
    )
    assert tab.problems == []


def test_page_loads_navigations_and_errors(shop: Shop, server: ServerProcess, tab: Tab) -> None:
    trace_id = "ef" * 16
    shop.tail = f'<meta name="traceparent" content="00-{trace_id}-{"1" * 16}-01">'
    tab.open(shop.origin + "/cart?coupon=secret")
    start(tab, server.url, pages=True, errors=True, context={"user": "u-7"})
    tab.run("new Promise(ok => setTimeout(ok, 50))")
    tab.run("history.pushState({}, '', '/done')")
    tab.run("setTimeout(() => { throw new TypeError('broken') })")
    tab.run("void Promise.reject(new Error('rejected'))")
    tab.wait("sightline.counts().ended === 4")
    assert tab.run("sightline.flush()")
    (load,) = spans(server, trace_id, 1)
    assert (load["name"], load["user_id"], load["service"]) == ("page /cart", "u-7", "shop-web")
    assert "secret" not in json.dumps(load)
    (moved,) = server.sql("SELECT name FROM spans WHERE name = 'page /done'")
    assert moved
    logs = server.sql("SELECT body, attributes FROM logs WHERE event_name = 'exception' ORDER BY body")
    assert len(logs) == 2 and "TypeError" in json.dumps(logs)


def test_the_key_goes_in_the_header_and_at_the_end_in_the_address(shop: Shop, tab: Tab) -> None:
    start(tab, shop.origin + "/collect", key="sl_p_test")
    tab.run("sightline.trace('one', () => 1)")
    assert tab.run("sightline.flush()")
    tab.run("sightline.trace('two', () => 2)")
    tab.open(shop.origin + "/next")
    wait_until(lambda: len(shop.collected) == 2, "the beacon")
    (path, headers, _), (last, gone, body) = shop.collected
    sent = {key.lower(): value for key, value in headers.items()}
    assert (path, sent["x-api-key"]) == ("/collect/v1/traces", "sl_p_test")
    assert last == "/collect/v1/traces?key=sl_p_test" and "x-api-key" not in {key.lower() for key in gone}
    assert b'"two"' in body and b'"one"' not in body
    assert "cookie" not in sent


def test_patience_with_429_and_bounds(shop: Shop, tab: Tab) -> None:
    shop.status, shop.retry_after = 429, "60"
    start(tab, shop.origin + "/collect", maxQueue=10)
    tab.run("for (let i = 0; i < 25; i++) sightline.trace('n' + i, () => i)")
    assert tab.run("sightline.counts()") == {"ended": 25, "sent": 0, "dropped": 15}
    assert not tab.run("sightline.flush()")
    shop.status = 200
    assert tab.run("sightline.flush()")
    assert tab.run("sightline.counts()") == {"ended": 25, "sent": 10, "dropped": 15}
    assert b'"n15"' in shop.collected[-1][2]


def test_no_content_unless_asked_and_every_text_is_offered_for_redaction(shop: Shop, tab: Tab) -> None:
    start(tab, shop.origin + "/collect")
    tab.run("sightline.trace({name: 'quiet', input: 'secret in'}, () => 'secret out')")
    assert tab.run("sightline.flush()") and b"secret" not in shop.collected[-1][2]
    tab.run("sightline.shutdown()")
    tab.run(
        "sightline.init({endpoint: '/collect', captureContent: true,"
        " redact: (field, text) => text.replace(/secret/g, '***')})"
    )
    tab.run("sightline.trace({name: 'loud', input: 'secret in'}, () => 'secret out')")
    assert tab.run("sightline.flush()")
    body = shop.collected[-1][2]
    assert b"secret" not in body and b"*** in" in body and b"*** out" in body


def test_sampling_holds_for_the_whole_trace_and_carries_its_weight(shop: Shop, tab: Tab) -> None:
    start(tab, shop.origin + "/collect", sampling=0.5, maxQueue=5000)
    headers = tab.run(
        "Promise.all(Array.from({length: 40}, () => fetch('/seen').then(r => r.json())"
        ".then(headers => headers.traceparent)))"
    )
    assert tab.run("sightline.flush()")
    sent = b"".join(body for _, _, body in shop.collected).decode()
    kept = [h for h in headers if h.endswith("-01")]
    assert 5 < len(kept) < 35
    assert all((h.split("-")[1] in sent) == h.endswith("-01") for h in headers)
    assert all(int(h.split("-")[1][-14:], 16) >= 2**55 for h in kept)
    assert '"sightline.sampling.weight","value":{"doubleValue":2}' in sent


def test_nothing_throws_and_the_page_is_left_as_it_was(shop: Shop, tab: Tab) -> None:
    before = tab.run("window.plain = fetch, String(XMLHttpRequest.prototype.send)")
    start(tab, shop.origin + "/collect", sampling="much", context={"user": {"a": 1}})
    hostile = "new Proxy({}, {get() { throw new Error('no') }, ownKeys() { throw new Error('no') }})"
    assert (
        tab.run(
            f"sightline.trace({{name: 5, input: {hostile}, attributes: {hostile}}}, s => {{ s.set({hostile});"
            f" s.output({hostile}); s.event({hostile}, null); s.error({hostile}); return 4 }})"
        )
        == 4
    )
    assert (
        tab.run(f"[{hostile}, null, undefined, 5].map(v => sightline.score(v) ?? sightline.feedback(v) ?? 0)")
        == [0] * 4
    )
    assert (
        tab.run("(() => { try { sightline.trace('odd', () => { throw 5 }) } catch (e) { return e } })()") == 5
    )
    assert tab.run("fetch('http://').then(() => 0, e => e.name)") == "TypeError"
    tab.run("sightline.shutdown()")
    assert tab.run("fetch === window.plain")
    assert tab.run("String(XMLHttpRequest.prototype.send)") == before


def test_it_is_small(installed: Installed) -> None:
    script = (installed.folder / "node_modules/@sightline/sdk/dist/browser.min.js").read_bytes()
    assert len(gzip.compress(script, 9)) < 10_000
