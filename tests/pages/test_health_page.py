"""Settings: how the server is, what was set aside, who changed what, what projects hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pages_story as story
import pytest
from pages_filled import set_aside
from pages_parts import Parts
from pages_people import ANN, BOB, EVE, inhabited, signed_in

from sightline import measures
from sightline.control.public_use import PublicUses, Reason
from sightline.pages import vitals
from sightline.pages.services import Intake, Running
from sightline.store import schema
from sightline.store.rows import StoreError
from sightline.store.store import Store

HEALTH, LOG, PROJECTS = "/settings/health", "/settings/log", "/settings/projects"


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


@pytest.fixture
def journal(town: Parts) -> Path:
    return town.settings.data / "journal"


def test_an_operator_sees_all_of_it(town: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    # What other tests of this process refused is none of this server's.
    monkeypatch.setattr(vitals, "counted", lambda _: iter(()))
    page = signed_in(town, ANN).get(HEALTH).text
    assert "Nothing needs attention" in page
    every = f"{len(schema.steps())} of {len(schema.steps())}"
    for word in ("Backlog", "4.2 MB in 3 segments", "Free disk", "Memory", "Schema steps", every, "spans",
                 "Engine", "genai-prices", "2 h 3 m"):  # fmt: skip
        assert word in page, word


def test_an_admin_sees_their_projects_part(town: Parts, journal: Path) -> None:
    set_aside(journal, "20261120T143000-000000001", "bob may read this", "talk")
    set_aside(journal, "20261120T143000-000000002", "bob may not read this", "default")
    set_aside(journal, "20261120T143000-000000003-d7", "damaged", "", "damage")
    bob = signed_in(town, BOB)
    page = bob.get(HEALTH).text
    assert "bob may read this" in page
    for word in ("bob may not read this", "damaged", "Free disk", "Backlog", "Tables"):
        assert word not in page, word
    for other in ("20261120T143000-000000002", "20261120T143000-000000003-d7"):
        path = f"{HEALTH}/quarantine/{other}/discard"
        assert bob.post(path, csrf=bob.token()).status_code == 404
    assert len(town.journal.quarantined()) == 3
    assert signed_in(town, EVE).get(HEALTH).status_code == 403


def test_what_was_set_aside_is_given_back_or_discarded(town: Parts, journal: Path) -> None:
    first = set_aside(journal, "20261120T143000-000000001", "a wrong <b>", "default")
    second = set_aside(journal, "20261120T143000-000000002", "another", "default")
    damage = set_aside(journal, "20261120T143000-000000003-d7", "damaged", "", "damage")
    ann = signed_in(town, ANN)
    page = ann.get(HEALTH).text
    assert "3 in quarantine" in page and "a wrong &lt;b&gt;" in page
    assert ann.post(f"{HEALTH}/quarantine/{damage.id}/requeue", csrf=ann.token()).status_code == 409
    done = ann.post(f"{HEALTH}/quarantine/{first.id}/requeue", csrf=ann.token())
    assert "given back" in ann.get(done.headers["location"]).text
    assert (journal / "ready" / first.file).exists()
    assert ann.post(f"{HEALTH}/quarantine/{second.id}/discard", csrf=ann.token()).status_code == 303
    assert [e.id for e in town.journal.quarantined()] == [damage.id]
    assert ann.post(f"{HEALTH}/quarantine/{second.id}/discard", csrf=ann.token()).status_code == 404


def test_the_page_opens_when_the_store_and_the_disk_do_not(
    town: Parts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise StoreError("gone")

    async def failing() -> Mapping[str, str]:
        return {"store": "no answer within 2 s", "journal": ""}

    ann = signed_in(town, ANN)
    monkeypatch.setattr(town.store, "fetch", gone)
    town.running = Running(story.NOW, "all", failing)
    town.intake = lambda: Intake(1.5, 22.0, 0, 5, 2, "The key is unknown.", "denied")
    answer = ann.get(HEALTH)
    assert answer.status_code == 200
    for sentence in ("no answer within 2 s", "receiving goes on", "did not tell", "22.00",
                     "The key is unknown.", "Make one under Settings, Keys"):  # fmt: skip
        assert sentence in answer.text, sentence
    assert "What is stored is unknown" in ann.get(PROJECTS).text
    assert "did not answer in time" in ann.get("/settings/prices").text


def test_what_was_refused_is_counted_by_what_stopped_it(town: Parts) -> None:
    measures.REQUESTS.labels("traces", "http", "too_large").inc(3)
    measures.DROPPED.labels("traces", "no_trace_id").inc(7)
    page = signed_in(town, ANN).get(HEALTH).text
    assert "http.max_body" in page and "traces: no trace id" in page


def test_the_foot_leads_to_the_reason_where_one_may_see_it(town: Parts) -> None:
    foot = 'class="foot {}" href="{}"'
    assert foot.format("", HEALTH) in signed_in(town, BOB).get("/settings/me").text
    assert foot.format("", "/p/talk/first") in signed_in(town, EVE).get("/settings/me").text


def test_the_log_tells_who_did_what(town: Parts) -> None:
    for number in range(120):
        town.control.create_environment("talk", f"number {number}", by="cli:root")
    town.control.create_environment("default", "<i>elsewhere</i>", by="cli:root")
    ann, bob = signed_in(town, ANN), signed_in(town, BOB)
    newest = ann.get(LOG).text
    assert "&lt;i&gt;elsewhere&lt;/i&gt;" in newest and "person:ann@example.com" in newest
    by_root = ann.get(f"{LOG}?project=talk&actor=cli:root").text
    assert by_root.count("environment.create") == 100 and "number 119" in by_root
    older = re.search(r'href="([^"]+)" rel="next"', by_root)
    assert older
    page = ann.get(older[1].replace("&amp;", "&")).text
    assert page.count("environment.create") == 20 and "number 0<" in page and 'rel="next"' not in page
    assert "no place in the log" in ann.get(f"{LOG}?before=-1").text
    assert "Nothing was changed in talk by nobody" in ann.get(f"{LOG}?project=talk&actor=nobody").text
    mine = bob.get(LOG).text
    assert "number 119" in mine and "elsewhere" not in mine
    assert bob.get(f"{LOG}?project=default").status_code == 404
    assert signed_in(town, EVE).get(LOG).status_code == 403


def test_projects_say_what_they_hold_and_where_it_runs(town: Parts) -> None:
    town.control.create_environment("talk", "prod & more")
    town.control.create_environment("default", "of another")
    bob = signed_in(town, BOB)
    page = bob.get(PROJECTS).text
    assert "6 spans, 0 log records, 0 metric points" in page and "≈" in page
    assert "prod &amp; more" in page and "of another" not in page
    fields = {"environment": "prod & more", "description": "the <shop>"}
    done = bob.post(f"{PROJECTS}/talk/environment", csrf=bob.token(), **fields)
    assert "The description is kept" in bob.get(done.headers["location"]).text
    assert 'value="the &lt;shop&gt;"' in bob.get(PROJECTS).text
    assert town.control.audit("talk")[0].action == "environment.update"
    unknown = {**fields, "environment": "none"}
    assert bob.post(f"{PROJECTS}/talk/environment", csrf=bob.token(), **unknown).status_code == 404
    assert bob.post(f"{PROJECTS}/default/environment", csrf=bob.token(), **fields).status_code == 403
    wrong = {**fields, "description": "x" * 300}
    assert bob.post(f"{PROJECTS}/talk/environment", csrf=bob.token(), **wrong).status_code == 422


def test_the_abuse_of_a_public_key_is_seen_by_whose_it_is(
    town: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "counted", lambda _: iter(()))
    ours, _ = town.control.create_key("talk", "public", "<b>shop</b>", origins=["https://a.example"])
    theirs, _ = town.control.create_key("default", "public", "of another", origins=["https://a.example"])
    uses = PublicUses(now=lambda: story.NOW - 60 * story.S)
    town.gate.public = uses
    uses.accepted(ours.id)
    assert "Nothing needs attention" in signed_in(town, ANN).get(HEALTH).text
    for _ in range(1234):
        uses.refused(ours.id, Reason.RATE, "https://a.example")
    uses.refused(ours.id, Reason.ORIGIN, "<script>evil")
    uses.refused(theirs.id, Reason.SCOPE, None)
    page = signed_in(town, BOB).get(HEALTH).text
    assert "Refused to public key &lt;b&gt;shop&lt;/b&gt;: 1,235" in page
    assert "<small>1,234 over the key&#39;s rate</small><small>1 from pages of other sites</small>" in page
    assert "&lt;script&gt;evil" in page and "<script>evil" not in page
    assert "of another" not in page and theirs.id not in page
    assert "of another" in signed_in(town, ANN).get(HEALTH).text
