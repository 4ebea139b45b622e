"""The feedback widget in a real browser, on a page of another site with a strict policy."""

from __future__ import annotations

import gzip
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.pages.pages_browser import Browser, Tab, chromium

from sightline.control.control import Control
from sightline.testing import ServerProcess, free_port, wait_until

PROGRAM = chromium()
pytestmark = [pytest.mark.flow, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "sdk-js" / "tests" / "widget.html").read_text()
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 24px; background: Canvas; color: CanvasText; }
h1 { font-size: 20px } h2 { font-size: 15px; margin: 28px 0 8px }
#own { --sightline-accent: #0a6b4a; --sightline-on-accent: #fff; --sightline-radius: 999px; color: #7a1fa2 }
#own::part(question) { font-weight: 600 }
@media (prefers-color-scheme: dark) { #own { color: #e0b3f5 } }
"""
TRACE = "0af7651916cd43dd8448eb211c80319c"
SHAPES = {"light": (900, 900, False), "dark": (900, 900, True), "phone": (390, 1100, False)}


class Site(BaseHTTPRequestHandler):
    """Somebody else's site, which lets its pages do as little as they can."""

    server_url = key = ""

    def do_GET(self) -> None:
        style = self.path == "/page.css"
        text = STYLE if style else PAGE.replace("SERVER", self.server_url).replace("KEY", self.key)
        self.send_response(200)
        self.send_header("content-type", "text/css" if style else "text/html; charset=utf-8")
        self.send_header(
            "content-security-policy",
            f"default-src 'none'; script-src {self.server_url}; connect-src {self.server_url};"
            " style-src 'self'; img-src data:; require-trusted-types-for 'script'",
        )
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Place:
    """A server with keys, and a site whose pages may use the public one."""

    server: ServerProcess
    site: str
    admin: str
    key: str
    control: Control

    def scores(self, trace: str) -> list[dict[str, Any]]:
        """What is stored of a trace's scores, oldest first."""
        rows = self.server.sql(
            "SELECT toString(time) AS at, source, event_name, span_id, toJSONString(attributes) AS attributes"
            f" FROM logs WHERE trace_id = '{trace}' ORDER BY time, observed_time",
            self.admin,
        )
        return [{**row, **flat(json.loads(row["attributes"]))} for row in rows]

    def score(self, where: str) -> list[dict[str, Any]]:
        """What counts of scores: the newest record of each, as readers see it."""
        return self.server.sql(
            "SELECT id, name, target, trace_id, span_id, session_id, data_type, value, comment, source,"
            f" method FROM scores WHERE {where}",
            self.admin,
        )

    def wait(self, trace: str, count: int) -> list[dict[str, Any]]:
        """The scores of a trace once there are so many; also that there come no more."""
        wait_until(lambda: len(self.scores(trace)) >= count, f"{count} scores of {trace}")
        self.server.settled()
        found = self.scores(trace)
        assert len(found) == count, found
        return found


def flat(tree: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Attributes by their whole names, however nested the store tells them."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        found |= flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("widget") / "data"
    data.mkdir()
    port = free_port()
    site = f"http://localhost:{port}"
    control = Control(f"sqlite:///{data}/control.db")
    control.migrate()
    _, admin = control.create_key("default", "admin")
    _, key = control.create_key("default", "public", "the shop", origins=[site])
    with ServerProcess(data) as server, ThreadingHTTPServer(("127.0.0.1", port), Site) as serving:
        Site.server_url, Site.key = server.url, key
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield Place(server, site, admin, key, control)
        serving.shutdown()
        thread.join()
    control.close()


@pytest.fixture
def tab(chrome: Browser, place: Place) -> Tab:
    """The page, with a trace of its own in the first widget."""
    found = chrome.tab()
    found.size(900, 900)
    found.open(place.site)
    return found


def inside(selector: str, of: str = "plain") -> str:
    return f"document.getElementById('{of}').shadowRoot.querySelector('{selector}')"


def new_trace(tab: Tab, of: str = "plain") -> str:
    trace = secrets.token_hex(16)
    tab.run(f"document.getElementById('{of}').trace = '{trace}'")
    return trace


def pressed(tab: Tab, of: str = "plain") -> list[str]:
    return [tab.run(f"{inside(part, of)}.getAttribute('aria-pressed')") for part in (".up", ".down")]


def status(tab: Tab, of: str = "plain") -> str:
    return str(tab.run(f"{inside('[role=status]', of)}.textContent"))


def click(tab: Tab, selector: str, of: str = "plain", times: int = 1) -> None:
    """As a mouse does it, at its middle; `times` quickly one after the other."""
    at = tab.run(
        f"(() => {{ const e = {inside(selector, of)}; e.scrollIntoView();"
        " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
    )
    for count in range(1, times + 1):
        for kind in ("mousePressed", "mouseReleased"):
            tab.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=count)


def test_a_thumb_is_stored_as_a_score_of_an_end_user(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    click(tab, ".up")
    [score] = place.wait(trace, 1)
    assert score["source"] == "otlp-public"
    assert score["event_name"] == "gen_ai.evaluation.result"
    assert score["gen_ai.evaluation.name"] == "helpful"
    assert float(score["gen_ai.evaluation.score.value"]) == 1
    assert score["sightline.score.target"] == "trace"
    assert score["sightline.score.source"] == "end_user"
    assert score["sightline.score.id"].startswith("public:")
    assert status(tab) == "Thanks for your feedback."
    assert pressed(tab) == ["true", "false"]
    assert tab.problems == []
    [counts] = place.score(f"trace_id = '{trace}'")
    assert counts == counts | {
        "name": "helpful", "target": "trace", "data_type": "boolean", "value": 1, "source": "end_user",
        "method": "widget", "id": score["sightline.score.id"],
    }  # fmt: skip


def test_a_change_of_mind_is_the_same_score_and_undo_takes_it_back(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    click(tab, ".up")
    place.wait(trace, 1)
    click(tab, ".down")
    place.wait(trace, 2)
    assert pressed(tab) == ["false", "true"]
    [counts] = place.score(f"trace_id = '{trace}'")
    assert counts["value"] == 0
    click(tab, ".undo")
    first, second, third = place.wait(trace, 3)
    assert len({score["sightline.score.id"] for score in (first, second, third)}) == 1
    values = [float(score["gen_ai.evaluation.score.value"]) for score in (first, second)]
    assert values == [1, 0]
    assert str(third["sightline.score.deleted"]).lower() == "true"
    assert "gen_ai.evaluation.score.value" not in third
    assert pressed(tab) == ["false", "false"]
    assert status(tab) == "Your feedback was taken back."
    assert place.score(f"trace_id = '{trace}'") == []
    assert tab.run("document.activeElement.shadowRoot.activeElement.part.contains('down')"), "focus stays"
    click(tab, ".up")
    again = place.wait(trace, 4)[-1]
    assert again["sightline.score.id"] != first["sightline.score.id"], "what was deleted stays deleted"


def test_a_double_click_is_one_score(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    click(tab, ".up", times=2)
    place.wait(trace, 1)
    assert pressed(tab) == ["true", "false"]


def test_a_comment_goes_with_the_thumb_on_a_span(place: Place, tab: Tab) -> None:
    trace = new_trace(tab, "span")
    assert tab.run(f"getComputedStyle({inside('.more', 'span')}).display") == "none"
    click(tab, ".down", "span")
    tab.wait(f"getComputedStyle({inside('.more', 'span')}).display !== 'none'")
    tab.run(f"{inside('textarea', 'span')}.focus()")
    tab.call("Input.insertText", text="<b>wrong</b> street")
    click(tab, ".send", "span")
    first, second = place.wait(trace, 2)
    assert first["sightline.score.id"] == second["sightline.score.id"]
    assert second["gen_ai.evaluation.explanation"] == "<b>wrong</b> street"
    assert (second["span_id"], second["sightline.score.target"]) == ("b7ad6b7169203331", "span")
    assert second["gen_ai.evaluation.name"] == "correct"
    [counts] = place.score(f"trace_id = '{trace}'")
    assert counts == counts | {
        "span_id": "b7ad6b7169203331", "target": "span", "value": 0, "comment": "<b>wrong</b> street",
    }  # fmt: skip
    assert tab.run(f"getComputedStyle({inside('.more', 'span')}).display") == "none"


def test_by_keyboard_alone(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    tab.press("Tab")
    assert tab.run("document.activeElement.id") == "plain"
    tab.call("Input.dispatchKeyEvent", type="keyDown", key=" ", code="Space", text=" ")
    tab.call("Input.dispatchKeyEvent", type="keyUp", key=" ", code="Space")
    [score] = place.wait(trace, 1)
    assert float(score["gen_ai.evaluation.score.value"]) == 1
    ring = tab.run(f"getComputedStyle({inside('.up')}).outlineWidth")
    assert ring == "2px"


def test_a_session_and_words_of_ones_own(place: Place, tab: Tab) -> None:
    assert tab.run(f"{inside('.up', 'session')}.ariaLabel") == "Ja, hilfreich"
    session = f"s-{secrets.token_hex(4)}"
    tab.run(f"document.getElementById('session').session = '{session}'")
    click(tab, ".up", "session")
    tab.wait(f"{inside('[role=status]', 'session')}.textContent === 'Danke.'")
    [counts] = wait_until(lambda: place.score(f"session_id = '{session}'"), "the session's score")
    assert counts == counts | {"target": "session", "trace_id": "", "value": 1, "source": "end_user"}


def test_the_host_page_hears_of_it(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    tab.run(
        "window.heard = []; document.body.addEventListener('sightline-feedback', (e) =>"
        " e.detail.sent.then((sent) => heard.push({...e.detail, sent})))"
    )
    click(tab, ".up")
    tab.wait("heard.length === 1")
    [detail] = tab.run("heard")
    assert (detail["name"], detail["value"], detail["trace"]) == ("helpful", True, trace)
    assert detail["sent"] == "sent"
    assert tab.run("document.getElementById('plain').give(null)") == "sent"
    assert tab.run("document.getElementById('plain').give(null)") is None


def test_offline_it_waits_and_is_sent_later_once(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.call("Network.emulateNetworkConditions", offline=True, **conditions)
    click(tab, ".up")
    tab.wait(f"{inside('[role=status]')}.textContent === 'Thanks. It will be sent later.'")
    click(tab, ".down")
    tab.wait("JSON.parse(localStorage['sightline.feedback.queue']).length === 1")
    assert pressed(tab) == ["false", "true"]
    tab.call("Network.emulateNetworkConditions", offline=False, **conditions)
    [score] = place.wait(trace, 1)
    assert float(score["gen_ai.evaluation.score.value"]) == 0
    tab.wait("localStorage['sightline.feedback.queue'] === '[]'")


def test_what_waited_when_the_page_closed_goes_as_a_beacon(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    tab.run("window.fetch = () => Promise.reject(new TypeError('away'))")
    click(tab, ".up")
    tab.wait(f"{inside('[role=status]')}.textContent === 'Thanks. It will be sent later.'")
    tab.open("about:blank")
    wait_until(lambda: place.scores(trace), "the beacon's score")
    # The next page sends what nobody confirmed; the same bytes again are one record.
    tab.open(place.site)
    tab.wait("localStorage['sightline.feedback.queue'] === '[]'")
    place.wait(trace, 1)


def test_a_page_drawn_anew_shows_what_was_said(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    click(tab, ".up")
    place.wait(trace, 1)
    new_trace(tab)
    assert pressed(tab) == ["false", "false"]
    tab.run(f"document.getElementById('plain').trace = '{trace}'")
    assert pressed(tab) == ["true", "false"]
    tab.open(place.site)
    tab.run(
        "(() => { const one = document.createElement('sightline-feedback');"
        f" Object.assign(one, {{trace: '{trace}', key: '{place.key}', comment: false,"
        f" server: '{place.server.url}'}});"
        " one.id = 'made'; document.querySelector('main').prepend(one) })()"
    )
    assert pressed(tab, "made") == ["true", "false"]
    assert tab.run("document.getElementById('made').hasAttribute('comment')") is False


def test_properties_set_before_the_element_is_known(place: Place, tab: Tab) -> None:
    # An element made by a document without the script, given its property, then adopted and upgraded.
    tab.run(
        "(() => { const other = document.implementation.createHTMLDocument();"
        " const one = other.createElement('sightline-feedback');"
        f" one.trace = '{TRACE}'; one.key = '{place.key}'; one.id = 'early';"
        " document.querySelector('main').append(one) })()"
    )
    assert tab.run("document.getElementById('early').getAttribute('trace')") == TRACE
    assert tab.run(f"{inside('.up', 'early')}.disabled") is False


def test_without_a_key_it_is_off(tab: Tab) -> None:
    assert tab.run(f"{inside('.up', 'nokey')}.disabled") is True
    tab.run("document.getElementById('plain').disabled = true")
    assert tab.run(f"{inside('.up')}.disabled") is True


def test_a_revoked_key_is_said_to_the_reader_and_seen_on_the_health_page(place: Place, tab: Tab) -> None:
    key, text = place.control.create_key("default", "public", "given up", origins=[place.site])
    place.control.revoke_key(key.id)
    trace = new_trace(tab)
    tab.run(f"document.getElementById('plain').key = '{text}'")
    click(tab, ".up")
    tab.wait(f"{inside('[role=status]')}.textContent === 'Your feedback could not be sent.'")
    assert pressed(tab) == ["false", "false"]
    assert tab.run("localStorage['sightline.feedback.queue']") == "[]"
    told = place.server.json("/api/v1/health", place.admin)["public_keys"]
    mine = next(row for row in told if row["id"] == key.id)
    assert (mine["refused"], mine["last_reason"], mine["last_origin"]) == (
        {"revoked": 1},
        "revoked",
        place.site,
    )
    assert place.scores(trace) == []


def test_a_page_of_another_site_cannot_send(place: Place, tab: Tab) -> None:
    key, text = place.control.create_key("default", "public", "elsewhere", origins=["https://other.example"])
    trace = new_trace(tab)
    tab.run(f"document.getElementById('plain').key = '{text}'")
    click(tab, ".up")
    # The browser may ask, since another key is for this site; the key's own sites decide.
    tab.wait(f"{inside('[role=status]')}.textContent === 'Your feedback could not be sent.'")
    told = place.server.json("/api/v1/health", place.admin)["public_keys"]
    assert next(row["refused"] for row in told if row["id"] == key.id) == {"origin": 1}
    assert place.scores(trace) == []


def test_the_key_is_in_no_log(place: Place) -> None:
    texts = [key.text for key in place.control.keys("default") if key.text]
    assert place.key in texts
    assert not [text for text in texts if text in place.server.output()]


def test_the_script_is_small_cacheable_and_for_every_site(place: Place) -> None:
    answer = place.server.get("/widget.js")
    assert answer.status == 200
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["content-type"].startswith("text/javascript")
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=3600" in headers["cache-control"]
    assert len(gzip.compress(answer.body, 9)) <= 4000
    version = headers["etag"].strip('"')
    pinned = place.server.get(f"/widget.js?v={version}")
    assert "immutable" in {n.lower(): v for n, v in pinned.headers.items()}["cache-control"]
    other = place.server.get("/widget.js?v=other")
    assert "max-age=3600" in {n.lower(): v for n, v in other.headers.items()}["cache-control"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `make setup`")
@pytest.mark.parametrize("shape", SHAPES)
def test_axe_finds_nothing_and_targets_are_large(place: Place, tab: Tab, shape: str) -> None:
    width, height, dark = SHAPES[shape]
    tab.size(width, height, dark=dark)
    tab.call("Page.setBypassCSP", enabled=True)
    tab.open(place.site)
    for of in ("plain", "span", "session", "own"):
        click(tab, ".down", of)
    tab.run(f"{AXE.read_text()}; true")
    found = tab.run(
        "axe.run(document).then((r) => JSON.stringify(r.violations.map((v) =>"
        " [v.id, v.nodes.map((n) => [n.target.flat().join(' '), n.any.map((a) => a.message)])])))"
    )
    assert json.loads(found) == []
    sizes = tab.run(
        "[...document.querySelectorAll('sightline-feedback')].flatMap((one) =>"
        " [...one.shadowRoot.querySelectorAll('button, textarea')].map((b) => b.getBoundingClientRect())"
        ".filter((r) => r.width).map((r) => [r.width, r.height]))"
    )
    assert sizes
    assert all(w >= 44 and h >= 44 for w, h in sizes), sizes
    assert tab.run("document.documentElement.scrollWidth") <= width
    if folder := os.environ.get("PICTURES"):
        tab.run("scrollTo(0, 0)")
        tab.picture(Path(folder) / f"widget-{shape}.png")
        sys.stderr.write(f"widget-{shape}.png\n")


def test_a_visitor_does_not_outvote_an_evaluator(place: Place, tab: Tab) -> None:
    trace = new_trace(tab)
    span = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one_span(trace)]}]}]})
    assert place.server.post("/v1/traces", span.encode(), "application/json", place.admin).status == 200
    click(tab, ".up")
    place.wait(trace, 1)

    def found(text: str) -> bool:
        query = urlencode({"q": f"trace_id:{trace} {text}"})
        return bool(place.server.json(f"/api/v1/traces?{query}", place.admin)["traces"])

    wait_until(lambda: found("score.helpful:1"), "the thumb on the trace")
    judged = json.dumps(
        {"scores": [{"name": "helpful", "value": 0, "trace_id": trace, "source": "evaluator"}]}
    )
    answer = place.server.post("/api/v1/scores", judged.encode(), "application/json", place.admin)
    assert answer.status < 300, answer.reason
    wait_until(lambda: found("score.helpful:0"), "the evaluator's word to stand")
    click(tab, ".down")
    click(tab, ".up")
    place.wait(trace, 4)
    assert found("score.helpful:0") and not found("score.helpful:1")


def one_span(trace: str) -> dict[str, Any]:
    """A span of a trace, ended just now."""
    now = time.time_ns()
    return {
        "traceId": trace, "spanId": secrets.token_hex(8), "name": "answer", "kind": 1,
        "startTimeUnixNano": str(now - 10**6), "endTimeUnixNano": str(now),
    }  # fmt: skip
