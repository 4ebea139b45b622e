"""Every route, asked by everyone of one project for what belongs to another: nothing of it is in any answer.

The routes are those of the table of rights, which `tests/api/test_rights.py` holds against the application.
A route without a sample fails here: see `isolation_samples.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flow_city import Answer, City, Said, opened, quarantined, send, settle, stored
from isolation_samples import SAMPLES, WITHOUT, Ask

from sightline.api.rights import RIGHTS

pytestmark = pytest.mark.flow
OURS, THEIRS = Said("heron"), Said("quillon")
ROUTES = [route for route in SAMPLES if route in RIGHTS]
ASKERS = ("alpha read", "alpha admin", "alpha reader", "alpha admin person")


@dataclass
class Neighbours:
    """The city, and what belongs to the other project."""

    city: City
    values: dict[str, str]

    def ask(self, route: str, ask: Ask, who: str, project: str) -> tuple[Answer, str]:
        """A sample as somebody; also the text of what was asked."""
        method, path = route.split(" ", 1)
        values = {**self.values, "project": project}
        given = {name: _filled(text, values) for name, text in ask.path.items()} | {"project": project}
        address = re.sub(r"\{(\w+)(?::path)?\}", lambda found: given[found[1]], path)
        query = {"project": project} | {name: _filled(text, values) for name, text in ask.query.items()}
        if path.startswith("/p/"):
            del query["project"]
        person = who.endswith((" reader", " person"))
        name = who.replace(" admin person", " admin")
        headers = self.city.as_person(name) if person else self.city.as_key(name)
        form = None
        if ask.form is not None or (method == "POST" and ask.body is None and "/clickhouse" not in path):
            token = {"csrf": self.city.form_token(name)} if person else {}
            form = {n: _filled(t, values) for n, t in (ask.form or {}).items()} | token
        body = json.loads(_filled(json.dumps(ask.body), values)) if ask.body is not None else None
        answer = self.city.ask(method, address, headers, query, body, form)
        return answer, json.dumps([address, query, body, form], ensure_ascii=False)

    def snapshot(self) -> list[Any]:
        """What the other project has, as far as someone could change it."""
        control = self.city.parts.control
        return [
            control.project("bravo"),
            [key.id for key in control.keys("bravo") if key.revoked_at is None],
            [price.version for price in control.prices() if price.project == "bravo"],
            [entry.id for entry in self.city.parts.journal.quarantined() if entry.project == "bravo"],
            sorted(
                (p.email, p.server_admin, str(p.role_in("bravo")))
                for p in control.people()
                if "bravo" in p.roles
            ),
            sorted(str(p.role_in("bravo")) for p in control.people() if p.role_in("bravo")),
        ]


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    with opened(tmp_path_factory.mktemp("isolation")) as city:
        for project in ("alpha", "bravo"):
            settle(city, project)
        send(city, "alpha", OURS)
        values = send(city, "bravo", THEIRS)
        stored(city, "alpha", 6)
        stored(city, "bravo", 6)
        control = city.parts.control
        label = THEIRS.word("label")
        price = control.add_price(
            "acme",
            THEIRS.word("price"),
            date(2026, 1, 1),
            {"input": 1.0},
            project="bravo",
            note="theirs",
            by="x",
        )
        key = control.create_key("bravo", "read", label)[0]
        person = next(p for p in control.people() if p.email == "reader@bravo.example")
        admin = city.as_key("bravo admin")
        city.ask("PUT", "/api/v1/scrape/settings", admin, body={"labels": ["model"]})
        cursors = {
            f"{list_}_cursor": json.loads(city.ask("GET", f"/api/v1/{list_}", admin, {"limit": "1"}).text)[
                "next"
            ]
            for list_ in ("traces", "spans")
        }
        details = json.loads(city.ask("GET", f"/api/v1/traces/{values['trace']}", admin).text)
        refs = [ref["hash"] for span in details["spans"] for ref in span["contents"]]
        values |= {
            **cursors,
            "other": "bravo", "hash": refs[0], "call": values["trace"][16:], "mark": THEIRS.mark,
            "price": str(price.version), "key": key.id, "person": str(person.id),
            "entry": quarantined(city, "bravo"), "word": THEIRS.word("question"),
            "environment": THEIRS.word("environment"), "attribute": THEIRS.word("key"), "view": "1",
            "metric": THEIRS.word("metric"), "metrickey": THEIRS.word("metrickey"),
        }  # fmt: skip
        yield Neighbours(city, values)


def test_every_route_has_a_sample() -> None:
    missing = sorted(set(RIGHTS) - set(SAMPLES) - set(WITHOUT))
    assert not missing, "say in isolation_samples.py how each of these is asked"
    assert not set(SAMPLES) & set(WITHOUT)
    assert all(SAMPLES.values()) and all(WITHOUT.values())


def revealed(answer: Answer, asked: str, values: Mapping[str, str]) -> list[str]:
    """What of the other project is in an answer, beyond what the question itself said."""
    text = answer.text.lower() + json.dumps(answer.headers).lower()
    found = set(re.findall(rf"{THEIRS.mark}\w*", text))
    found |= {values[name].lower() for name in ("trace", "span", "hash") if values[name].lower() in text}
    return sorted(word for word in found if word not in asked.lower())


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_of_another_project_is_in_any_answer(neighbours: Neighbours, route: str) -> None:
    before = neighbours.snapshot()
    reads = route.startswith("GET") or "/sql" in route or "/clickhouse" in route
    statuses = []
    for ask in SAMPLES[route]:
        for who in ASKERS:
            # What they may do in their own project they may go on doing; it is theirs they look for.
            for project in ("bravo", "alpha"):
                if project == "alpha" and not reads and not ask.path:
                    continue
                answer, asked = neighbours.ask(route, ask, who, project)
                statuses.append(answer.status)
                assert answer.status, (who, asked)
                assert answer.status < 500, (who, asked, answer.text)
                assert revealed(answer, asked, neighbours.values) == [], (who, project, asked)
    assert neighbours.snapshot() == before
    # Not only because nobody was let in at all.
    assert not reads or any(status < 400 or status == 404 for status in statuses), statuses


@pytest.mark.parametrize("route", [r for r in ROUTES if any(ask.shows for ask in SAMPLES[r])])
def test_their_own_people_see_it_there(neighbours: Neighbours, route: str) -> None:
    for ask in SAMPLES[route]:
        if ask.shows:
            who = "bravo admin" if "/api/" in route or "/clickhouse" in route else "bravo admin person"
            answer, asked = neighbours.ask(route, ask, who, "bravo")
            assert answer.status == 200, (asked, answer.text)
            assert revealed(answer, "", neighbours.values), (asked, answer.text[:2000])
