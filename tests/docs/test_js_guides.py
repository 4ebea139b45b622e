"""The guides of the JavaScript SDK, done as a new user does: from an empty folder, block by block."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.docs.blocks import ROOT, blocks, commands
from tests.flow.js_parts import SDK, Installed, run
from tests.pages.pages_browser import Browser

from sightline.control.control import Control
from sightline.testing import ServerProcess, environment, free_port, sightline

GUIDE = ROOT / "docs" / "guide"
NODE = [b.text for b in blocks((GUIDE / "javascript.md").read_text()) if b.language == "js"]
BROWSER = [b.text for b in blocks((GUIDE / "browser.md").read_text()) if b.language == "js"]
README = [b.text for b in blocks((SDK / "README.md").read_text()) if b.language == "js"]
pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]


@dataclass
class Place:
    """A server that asks for keys, and the site that may use the public one."""

    server: ServerProcess
    site: str
    ingest: str
    public: str
    admin: str
    served: dict[str, bytes]

    def filled(self, text: str) -> str:
        """A block with this server and its keys in place of the examples."""
        text = text.replace("https://sightline.example", self.server.url)
        return text.replace("sl_i_…", self.ingest).replace("sl_p_…", self.public)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, when everything sent is stored."""
        self.server.settled()
        return self.server.sql(query, self.admin)


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("guides") / "data"
    data.mkdir()
    served: dict[str, bytes] = {}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = "<!doctype html><title>s</title><link rel=icon href=data:,><script src=/app.js></script>"
            script = served.get(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html" if script is None else "text/javascript")
            policy = f"default-src 'none'; script-src 'self'; connect-src 'self' {server.url}; img-src data:"
            self.send_header("content-security-policy", policy)
            self.end_headers()
            self.wfile.write(page.encode() if script is None else script)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"] or 0))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"answer")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    port = free_port()
    site = f"http://localhost:{port}"
    control = Control(f"sqlite:///{data}/control.db")
    control.migrate()
    keys = {scope: control.create_key("default", scope)[1] for scope in ("ingest", "admin")}
    (command,) = commands(GUIDE / "browser.md")
    words = shlex.split(command.text.replace("https://shop.example", site))
    made = sightline(*words[1:], env={"SIGHTLINE_DATA": str(data)})
    assert made.returncode == 0, made.stderr
    (public,) = re.findall(r"sl_p_\S+", made.stdout)
    with ServerProcess(data) as server, ThreadingHTTPServer(("127.0.0.1", port), Site) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield Place(server, site, keys["ingest"], public, keys["admin"], served)
        serving.shutdown()
        thread.join()
    control.close()


def node(installed: Installed, place: Place, folder: Path, block: str) -> None:
    """Run a block as a program in a folder; it must end well and complain of nothing."""
    (folder / "app.mjs").write_text(place.filled(block))
    env = environment({"SIGHTLINE_ENDPOINT": place.server.url, "SIGHTLINE_API_KEY": place.ingest})
    done = subprocess.run(
        [installed.node, "app.mjs"],
        cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "sightline:" not in done.stderr, done.stderr


def test_from_an_empty_folder_to_the_first_trace(installed: Installed, place: Place, tmp_path: Path) -> None:
    """What README and guide say, with a packed SDK and nothing else."""
    tarball = installed.pack(tmp_path)
    assert tarball.name == "sightline-sdk-0.1.0.tgz"
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    run(*installed.npm, "install", *quiet, f"./{tarball.name}", cwd=tmp_path)
    assert len(list((tmp_path / "node_modules" / "@opentelemetry").iterdir())) <= 6, "few dependencies"
    for text in README:
        node(installed, place, tmp_path, text)
    node(
        installed,
        place,
        tmp_path,
        NODE[0] + '\nimport { trace } from "@sightline/sdk";\ntrace("first", () => 1);',
    )
    assert place.rows("SELECT service FROM spans WHERE name = 'first'") == [{"service": "shop"}]


@pytest.mark.parametrize("index", range(len(NODE)))
def test_every_block_of_the_node_guide(
    installed: Installed, place: Place, tmp_path: Path, index: int
) -> None:
    (tmp_path / "node_modules").symlink_to(installed.folder / "node_modules")
    needs_init = "init(" not in NODE[index]
    start = 'import { init as begin } from "@sightline/sdk";\nbegin();\n' if needs_init else ""
    node(installed, place, tmp_path, start + NODE[index])


def test_what_the_node_guide_says_arrives(installed: Installed, place: Place, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(installed.folder / "node_modules")
    by_hand = next(text for text in NODE if "close_ticket" in text)
    start = 'import { init } from "@sightline/sdk";\ninit({ service: "by-hand" });\n'
    node(installed, place, tmp_path, start + by_hand)
    rows = place.rows("SELECT kind, name, input_tokens FROM spans WHERE service = 'by-hand' ORDER BY kind")
    assert {(row["kind"], row["input_tokens"]) for row in rows} >= {
        ("llm", 31), ("retriever", None), ("tool", None),
    }  # fmt: skip


def test_the_program_is_not_touched_by_register(installed: Installed, place: Place, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(installed.folder / "node_modules")
    (tmp_path / "app.mjs").write_text(
        'import { trace } from "@opentelemetry/api"; trace.getTracer("x").startSpan("untouched").end();'
    )
    env = {"SIGHTLINE_ENDPOINT": place.server.url, "SIGHTLINE_API_KEY": place.ingest}
    run(installed.node, "--import", "@sightline/sdk/register", "app.mjs", cwd=tmp_path, env=env)
    assert place.rows("SELECT service FROM spans WHERE name = 'untouched'") == [{"service": "app"}]


@pytest.mark.parametrize("index", range(len(BROWSER)))
def test_every_block_of_the_browser_guide(
    installed: Installed, place: Place, chrome: Browser, index: int
) -> None:
    """Bundled as an application's bundler does, on a page with a strict policy and a real public key."""
    text = place.filled(BROWSER[index])
    if "init(" not in text and "widget" not in text:
        options = f'{{ endpoint: "{place.server.url}", key: "{place.public}", service: "shop-web" }}'
        text = f'import {{ init }} from "@sightline/sdk/browser";\ninit({options});\n{text}'
    source = installed.folder / f"browser-{index}.mjs"
    ending = '\nimport { flush } from "@sightline/sdk/browser";\nwindow.done = await flush();'
    source.write_text(text + ending)
    esbuild = SDK / "node_modules" / "esbuild" / "bin" / "esbuild"
    bundled = run(
        str(esbuild), source.name, "--bundle", "--format=esm", "--target=es2022", cwd=installed.folder
    )
    # A module at the top level waits; a plain script does not.
    place.served["/app.js"] = f"(async () => {{ {bundled} }})();".encode()
    tab = chrome.tab()
    tab.open(place.site)
    tab.wait("window.done === true")
    assert tab.problems == []
    if index == 0:
        sent = "SELECT name FROM spans WHERE service = 'shop-web' AND source = 'otlp-public' ORDER BY name"
        assert place.rows(sent) == [{"name": "POST /api/chat"}, {"name": "ask"}]
        (row,) = place.rows(
            "SELECT source FROM logs WHERE event_name = 'gen_ai.evaluation.result' AND source = 'otlp-public'"
        )
        assert row
