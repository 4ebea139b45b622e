"""Settings: what a project counts for its own Prometheus."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pages_story as story
import pytest
from pages_parts import Parts
from pages_people import ANN, BOB, EVE, inhabited, signed_in

from sightline.query.scrape import ScrapeSettings
from sightline.query.scrape_keeper import SETTING, ScrapeKeeper
from sightline.store.store import Store

SCRAPE = "/settings/scrape"


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        parts.scrapes = ScrapeKeeper(parts.store, parts.control, lambda: story.NOW)
        yield parts


def test_what_is_chosen_is_kept_and_counted_anew(town: Parts) -> None:
    bob = signed_in(town, BOB)
    page = html.unescape(bob.get(SCRAPE + "?project=talk").text)
    assert 'name="label_model" value="yes" checked' in page and 'name="label_feature" value="yes">' in page
    assert "job_name: sightline-talk" in page and "targets: ['localhost:4318']" in page
    forgotten: list[str] = []
    assert town.scrapes is not None
    town.scrapes.forget = forgotten.append  # type: ignore[method-assign]
    chosen = {
        "label_model": "yes",
        "label_feature": "yes",
        "label_secret": "yes",
        "kind_llm": "yes",
        "sets": "50",
    }
    done = bob.post(SCRAPE, csrf=bob.token(), project="talk", **chosen)
    assert done.status_code == 303 and forgotten == ["talk"]
    kept = ScrapeSettings.of(town.control.setting("talk", SETTING))
    assert kept == ScrapeSettings(("model", "feature"), ("llm",), 50)
    assert "Counting begins anew" in bob.get(done.headers["location"]).text
    assert town.control.audit("talk")[0].action == "setting.set"


def test_a_wrong_choice_says_why_and_keeps_what_was_chosen(town: Parts) -> None:
    ann = signed_in(town, ANN)
    good = {"project": "talk", "label_team": "yes", "kind_llm": "yes", "sets": "50"}
    for wrong, sentence in (
        ({"sets": "0"}, "from 1 to 2000"), ({"sets": "2001"}, "from 1 to 2000"), ({"sets": "many"}, "from 1"),
        ({"sets": ""}, "from 1"), ({"kind_llm": "no"}, "choose at least one"),
    ):  # fmt: skip
        answer = ann.post(SCRAPE, csrf=ann.token(), **{**good, **wrong})
        assert answer.status_code == 422 and sentence in answer.text, wrong
    assert 'name="label_team" value="yes" checked' in answer.text
    assert town.control.setting("talk", SETTING) is None


def test_it_is_for_admins_of_the_project(town: Parts) -> None:
    bob = signed_in(town, BOB)
    assert bob.get(SCRAPE + "?project=default").status_code == 404
    answer = bob.post(SCRAPE, csrf=bob.token(), project="default", kind_llm="yes", sets="5")
    assert answer.status_code == 403
    assert signed_in(town, EVE).get(SCRAPE).status_code == 403
