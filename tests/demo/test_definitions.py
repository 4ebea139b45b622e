from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.demo.receiver import receiver

from sightline.client.transport import Transport
from sightline.demo import feedback
from sightline.demo.definitions import DEFINITIONS, PATH, define
from sightline.testing import ServerProcess, sightline


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("definitions") / "data") as running:
        yield running


def _kept(server: ServerProcess) -> dict[str, dict[str, object]]:
    transport = Transport(server.url)
    found = transport.request("GET", PATH).json()["definitions"]
    transport.close()
    return {one["name"]: one for one in found}


def test_every_score_of_the_demo_is_defined() -> None:
    text = Path(feedback.__file__).read_text()
    given = dict(re.findall(r'"(\w+)", "(numeric|boolean|categorical|correction)"', text))
    assert {name: one["data_type"] for name, one in DEFINITIONS.items()} == given


def test_they_are_defined_once_and_what_somebody_said_stays(server: ServerProcess) -> None:
    transport = Transport(server.url)
    mine = json.dumps({"data_type": "numeric", "min": 0, "max": 10, "description": "Ours."}).encode()
    sent = {"content-type": "application/json"}
    transport.request("PUT", f"{PATH}/satisfaction", body=mine, headers=sent)
    transport.close()
    assert define(server.url) == ""
    found = _kept(server)
    assert found.keys() == DEFINITIONS.keys()
    assert (found["satisfaction"]["max"], found["satisfaction"]["description"]) == (10, "Ours.")
    assert (found["groundedness"]["max"], found["helpful"]["direction"]) == (1, "higher")
    assert define(server.url) == "" and _kept(server) == found


def test_a_key_that_may_not_says_so(server: ServerProcess) -> None:
    place = {"SIGHTLINE_DATA": str(server.data)}
    made = sightline("keys", "create", "--scope", "ingest", "--json", env=place)
    said = define(server.url, json.loads(made.stdout)["key"])
    assert said.startswith("The demo's scores are not defined: ") and "scope admin" in said


def test_what_is_no_sightline_stops_nothing() -> None:
    with receiver() as other:
        assert "are not defined (" in define(other.url)
    assert "are not defined (" in define(other.url)
