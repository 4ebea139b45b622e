"""The account of senders over HTTP: its shape, and nothing of another project."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.api_server import Server, serve
from tests.digest.engine import NOW, SECOND, Engine
from tests.query.sender_story import BEGAN, reported, sent

PROJECT, OTHER = "accounts", "others"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("senders_api")
    with serve(folder) as server:
        reader = server.services.store.writer()
        engine = Engine(folder, server.services.store, reader)
        for name in (PROJECT, OTHER):
            server.services.control.create_project(name)
        sent(engine, PROJECT, "p-1", [1, 2, 5])
        reported(engine, PROJECT, "p-1", {"ended": 9, "sampled_out": 4, "acknowledged": 5}, spool=0)
        sent(engine, PROJECT, "", [None])
        sent(engine, OTHER, "p-secret", [1])
        engine.close()
        reader.close()
        yield server


def test_an_account(told: Server) -> None:
    times = {"since": str(BEGAN - SECOND), "until": str(NOW)}
    answer = told.ask("GET", "/senders", params={"project": PROJECT, **times})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    first, second = body["senders"]
    assert (first["sender"], first["service"], first["sdk"]) == ("p-1", "shop", "sightline 1.2")
    spans = first["spans"]
    assert (spans["state"], spans["stored"], spans["missing"], first["missing"]) == ("missing", 3, 2, 2)
    assert spans["report"] | {"began": 0, "at": 0} == {
        "began": 0, "at": 0, "made": 9, "sampled_out": 4, "dropped": {}, "acknowledged": 5, "waiting": 0,
    }  # fmt: skip
    [gap] = spans["numbers"]["gaps"]
    assert (gap["first"], gap["last"], gap["count"]) == (3, 4, 2)
    assert (second["sender"], second["spans"]["state"], second["spans"]["report"]) == (
        None,
        "unnumbered",
        None,
    )
    assert first["logs"] is None and body["more"] is False
    assert "p-secret" not in answer.text


def test_a_time_without_senders(told: Server) -> None:
    answer = told.ask("GET", "/senders", params={"project": PROJECT, "since": "1", "until": "2"})
    assert answer.json()["senders"] == []
