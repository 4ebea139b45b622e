"""Environments are on the list soon after something names them, also when the process dies meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sightline.control.control import Control
from sightline.testing import ServerProcess, span, traces_request, wait_until

pytestmark = pytest.mark.flow


@contextmanager
def opened(data: Path) -> Iterator[Control]:
    """The server's control database, beside the server."""
    control = Control(f"sqlite:///{data / 'control.db'}")
    try:
        yield control
    finally:
        control.close()


def send(server: ServerProcess, *environments: str) -> None:
    spans = [span(attributes={"deployment.environment.name": name}) for name in environments]
    assert server.post("/v1/traces", traces_request(spans).SerializeToString()).status == 200


def test_environments_list_themselves(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        send(server, "production", "staging", "production", "x" * 300)
        server.settled()
        with opened(server.data) as control:
            wait_until(lambda: len(control.environments("default")) == 2, "two environments")
            assert [e.name for e in control.environments("default")] == ["production", "staging"]
            assert control.audit("default")[0].actor == "system"
        name = 'sightline_environments_refused_total{reason="name"}'
        wait_until(lambda: server.measures().get(name) == 1, "the refused name to be counted")
        assert server.output().count("not put on its project") == 1


def test_what_was_digested_before_a_kill_is_found_after_it(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        send(server, "production")
        server.settled()
        server.kill()
        server.start()
        with opened(server.data) as control:
            wait_until(lambda: control.environments("default"), "the environment")
