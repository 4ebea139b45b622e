"""Every command and every query of the guides is run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.api.api_server import Server

from sightline.api.table import OPERATIONS

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
COMMANDS = [
    line
    for name in ("api.md", "sql.md", "connect.md")
    for block in re.findall(r"```sh\n(.*?)```", (GUIDES / name).read_text(), re.DOTALL)
    for line in block.strip().splitlines()
]
QUERIES = re.findall(r"```sql\n(.*?)```", (GUIDES / "sql.md").read_text(), re.DOTALL)


def run_curl(server: Server, command: str) -> int:
    """What `curl` would do with these words, against the application itself."""
    program, *words = shlex.split(command)
    assert program == "curl"
    method, body, url = "", None, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "--json":
            body = json.loads(words.pop(0))
        else:
            url = word
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    more = {"json": body} if body is not None else {}
    assert parts.netloc == "127.0.0.1:4318"
    return server.ask(method or ("POST" if body is not None else "GET"), path, **more).status_code


def test_commands_in_their_order(server: Server) -> None:
    # The trace of the guide is in project alpha of this server, and default has none.
    statuses = {command: run_curl(server, command) for command in COMMANDS if "/keys" not in command}
    wrong = {
        c: s
        for c, s in statuses.items()
        if s not in {200, 201, 202} and not (s == 404 and "/traces/0af" in c)
    }
    assert not wrong
    assert len(statuses) > 10
    [last] = [command for command in COMMANDS if "/keys" in command]
    assert run_curl(server, last) == 201
    assert run_curl(server, COMMANDS[1]) == 401


@pytest.mark.parametrize("query", QUERIES)
def test_queries(server: Server, query: str) -> None:
    answer = server.run(server.services.sql.answer("alpha", query))
    assert answer.columns


def test_guides_name_every_operation_and_limit() -> None:
    text = "".join(page.read_text() for page in GUIDES.glob("*.md"))
    for operation in OPERATIONS:
        first = operation.path.split("/")[1]
        assert f"/api/v1/{first}" in text or f"/{first}" in text, operation.path
    for word in ("openapi.json", "/scrape/settings", "RateLimit-Policy", "If-None-Match"):
        assert word in text
