"""The feedback widget as a guest: in React and Vue, in a shadow root, in other scripts, sizes and tastes."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from js_parts import SDK, Installed, run
from tests.pages.pages_browser import Browser, Tab, chromium

from sightline.control.control import Control
from sightline.testing import ServerProcess, free_port, wait_until

PROGRAM = chromium()
pytestmark = [
    pytest.mark.flow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]


@dataclass
class House:
    """The site that the widget visits, and the server that it sends to."""

    server: ServerProcess
    site: str
    key: str
    admin: str

    def scores(self, trace: str, count: int) -> list[dict[str, Any]]:
        """The scores of a trace, when there are so many."""
        query = f"SELECT value FROM scores WHERE trace_id = '{trace}'"
        wait_until(lambda: len(self.server.sql(query, self.admin)) >= count, f"{count} scores of {trace}")
        self.server.settled()
        return self.server.sql(query, self.admin)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    installed = Installed()
    esbuild = SDK / "node_modules" / "esbuild" / "bin" / "esbuild"
    scripts = {}
    for name in ("react", "vue"):
        flags = ("--bundle", "--minify", '--define:process.env.NODE_ENV="production"', "--log-level=error")
        scripts[f"/{name}.js"] = run(str(esbuild), f"{name}.mjs", *flags, cwd=installed.folder)
    plain = 'import "@sightline/sdk/widget";'
    (installed.folder / "plain.mjs").write_text(plain)
    scripts["/plain.js"] = run(str(esbuild), "plain.mjs", "--bundle", cwd=installed.folder)
    data = tmp_path_factory.mktemp("guest") / "data"
    data.mkdir()
    port = free_port()
    site = f"http://localhost:{port}"
    control = Control(f"sqlite:///{data}/control.db")
    control.migrate()
    _, admin = control.create_key("default", "admin")
    _, key = control.create_key("default", "public", origins=[site])
    control.close()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = scripts.get(self.path)
            page = (
                "<!doctype html><html lang=en><title>s</title><meta name=viewport content=width=device-width>"
                "<link rel=icon href=data:,>"
                f'<body data-server="{server.url}" data-key="{key}"><div id=root></div>'
                f"<script src={self.path}.js></script>"
            )
            self.send_response(200)
            self.send_header("content-type", "text/html" if script is None else "text/javascript")
            self.send_header(
                "content-security-policy",
                f"default-src 'none'; script-src 'self'; connect-src {server.url}; img-src data:;"
                " require-trusted-types-for 'script'; trusted-types vue",
            )
            self.end_headers()
            self.wfile.write((page if script is None else script).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ServerProcess(data) as server, ThreadingHTTPServer(("127.0.0.1", port), Site) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield House(server, site, key, admin)
        serving.shutdown()
        thread.join()


@pytest.fixture
def tab(chrome: Browser, house: House) -> Tab:
    """A page with the element's script, wide enough."""
    found = chrome.tab()
    found.size(900, 900)
    found.open(house.site + "/plain")
    return found


def add(tab: Tab, house: House, into: str = "document.body", **attributes: str) -> str:
    """Put an element into the page; the id of its trace."""
    trace = secrets.token_hex(16)
    said = {"server": house.server.url, "key": house.key, "trace": trace} | attributes
    tab.run(
        "{ const made = document.createElement('sightline-feedback');"
        f" for (const [name, value] of Object.entries({json.dumps(said)})) made.setAttribute(name, value);"
        f" {into}.append(made); window.last = made; }}"
    )
    return trace


UP, DOWN = ("last.shadowRoot.querySelector('.up')", "last.shadowRoot.querySelector('.down')")


@pytest.mark.parametrize("framework", ["react", "vue"])
def test_in_an_application_of_a_framework(house: House, tab: Tab, framework: str) -> None:
    tab.open(f"{house.site}/{framework}")
    tab.wait("document.querySelector('sightline-feedback')")
    thumb = "document.querySelector('sightline-feedback').shadowRoot.querySelector('.up')"
    assert tab.run(f"{thumb}.disabled"), "there is nothing yet to be about"
    trace = secrets.token_hex(16)
    tab.run(f"document.body.dataset.trace = '{trace}'; document.getElementById('ask').click()")
    tab.wait(f"!{thumb}.disabled")
    tab.run(f"{thumb}.click()")
    tab.wait("document.querySelector('output').textContent === '[true]'")
    assert [row["value"] for row in house.scores(trace, 1)] == [1]
    assert tab.run("document.querySelector('sightline-feedback').comment") is True
    # Taken out of the page and put in again it says the same.
    tab.run("document.getElementById('toggle').click()")
    tab.wait("!document.querySelector('sightline-feedback')")
    tab.run("document.getElementById('toggle').click()")
    tab.wait(f"document.querySelector('sightline-feedback') && {thumb}.ariaPressed === 'true'")
    tab.run(
        f"document.body.dataset.trace = '{secrets.token_hex(16)}'; document.getElementById('ask').click()"
    )
    tab.wait(f"{thumb}.ariaPressed === 'false'")
    assert tab.problems == []


def test_in_a_shadow_root_it_works_and_is_heard_outside(house: House, tab: Tab) -> None:
    tab.run("document.addEventListener('sightline-feedback', (event) => (window.heard = event.detail.value))")
    tab.run("window.root = document.getElementById('root').attachShadow({ mode: 'open' })")
    trace = add(tab, house, "root")
    tab.run(f"{UP}.focus(); {UP}.click()")
    tab.wait("window.heard === true")
    assert [row["value"] for row in house.scores(trace, 1)] == [1]
    assert tab.run("root.activeElement === last && last.shadowRoot.activeElement.ariaLabel") == "Helpful"


def test_moved_and_added_again_it_counts_once(house: House, tab: Tab) -> None:
    trace = add(tab, house)
    tab.run("for (let i = 0; i < 3; i++) { last.remove(); document.getElementById('root').append(last) }")
    tab.run(f"{UP}.click()")
    tab.wait(f"{UP}.ariaPressed === 'true'")
    assert len(house.scores(trace, 1)) == 1


def test_two_about_the_same_say_the_same_and_others_nothing(house: House, tab: Tab) -> None:
    trace = add(tab, house)
    tab.run("window.first = last")
    add(tab, house, trace=trace)
    tab.run("window.second = last")
    add(tab, house)
    pressed = "[first, second, last].map((one) => one.shadowRoot.querySelector('.up').ariaPressed)"
    tab.run("first.shadowRoot.querySelector('.up').click()")
    tab.wait(f"{pressed}.join() === 'true,true,false'")
    tab.run("second.shadowRoot.querySelector('.down').click()")
    tab.wait(f"{pressed}.join() === 'false,false,false'")
    assert [row["value"] for row in house.scores(trace, 1)] == [0], "it is one score"


def test_what_a_screen_reader_is_told(house: House, tab: Tab) -> None:
    add(tab, house, comment="")
    tab.call("Accessibility.enable")

    def tree() -> list[tuple[str, str, dict[str, Any]]]:
        nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (
                n["role"]["value"],
                n.get("name", {}).get("value", ""),
                {p["name"]: p["value"].get("value") for p in n.get("properties", ())},
            )
            for n in nodes
            if not n.get("ignored")
        ]

    def one(role: str, name: str = "") -> dict[str, Any]:
        (found,) = [more for r, n, more in tree() if r == role and (not name or n == name)]
        return found

    assert one("group", "Was this helpful?") is not None
    assert one("button", "Helpful")["pressed"] == "false"
    status = one("status")
    assert (status["live"], status["atomic"]) == ("polite", True)
    tab.run(f"{UP}.click()")
    tab.wait(f"{UP}.ariaPressed === 'true'")
    assert (
        one("button", "Helpful")["pressed"] == "true" and one("button", "Not helpful")["pressed"] == "false"
    )
    assert "Thanks for your feedback." in [name for _, name, _ in tree()]
    assert one("textbox", "Tell us more (optional)") is not None and one("button", "Undo") is not None


def test_from_right_to_left(house: House, tab: Tab) -> None:
    tab.run("document.documentElement.dir = 'rtl'")
    add(tab, house, **{"text-question": "هل كان هذا مفيدًا؟"})
    up, down, question = (
        tab.run(f"{part}.getBoundingClientRect().x")
        for part in (UP, DOWN, "last.shadowRoot.querySelector('[part=question]')")
    )
    assert question > up > down


@pytest.mark.parametrize("size", ["200%", "32px"])
def test_with_large_text_on_a_small_screen_nothing_is_cut(house: House, tab: Tab, size: str) -> None:
    tab.size(320, 900)
    tab.open(house.site + "/plain")
    tab.run(f"document.documentElement.style.fontSize = '{size}'")
    add(tab, house, comment="")
    tab.run(f"{DOWN}.click()")
    tab.wait(f"{DOWN}.ariaPressed === 'true'")
    assert tab.run("document.documentElement.scrollWidth") <= 320
    cut = "[...last.shadowRoot.querySelectorAll('button, [part=question], [role=status]')]"
    assert tab.run(f"{cut}.filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).length") == 0
    assert tab.run(f"Math.round(parseFloat(getComputedStyle({DOWN}).fontSize))") == 32


def test_nothing_moves_and_colours_are_the_pages_own(house: House, tab: Tab) -> None:
    add(tab, house)
    tab.run(f"{UP}.click()")
    tab.wait(f"{UP}.ariaPressed === 'true'")
    moving = "[...last.shadowRoot.querySelectorAll('*')].map((e) => getComputedStyle(e))"
    assert tab.run(f"{moving}.every((s) => s.transitionDuration === '0s' && s.animationName === 'none')")
    look = f"[getComputedStyle({UP}).backgroundColor, getComputedStyle({UP}).borderRadius]"
    assert tab.run(look) == ["rgb(29, 95, 209)", "8px"]
    tab.run("last.style.colorScheme = 'dark'")
    assert tab.run(look)[0] == "rgb(138, 180, 255)"
    tab.run("for (const [name, value] of [['accent', '#0a6b4a'], ['radius', '20px']])"
            " last.style.setProperty('--sightline-' + name, value)")  # fmt: skip
    assert tab.run(look) == ["rgb(10, 107, 74)", "20px"]
