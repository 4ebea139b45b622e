"""Settings: one's own account, and the people of the server and of a project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_parts import Parts
from pages_people import ANN, BOB, EVE, PASSWORD, ZOE, Visitor, inhabited, signed_in

from sightline.control.control import Control
from sightline.control.gate import Gate
from sightline.records.people import Person, Role
from sightline.store.store import Store

PEOPLE = "/settings/people"


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Parts]:
    with inhabited(store, tmp_path) as parts:
        yield parts


def known(parts: Parts, email: str) -> Person:
    person = parts.control.person(email)
    assert person is not None
    return person


def test_the_user_menu_and_where_settings_lead(town: Parts) -> None:
    page = signed_in(town, ANN).get("/p/default/traces").text
    assert "Ann Archer" in page and 'action="/logout"' in page and 'href="/settings"' in page
    assert signed_in(town, ANN).get("/settings").headers["location"] == PEOPLE
    assert signed_in(town, EVE).get("/settings").headers["location"] == "/settings/prices"


def test_who_is_in_which_project_sees_which(town: Parts) -> None:
    eve = signed_in(town, EVE)
    assert eve.get("/").headers["location"] == "/p/talk/"
    assert eve.get("/p/default/traces").status_code == 403
    assert "You have no role in project &#39;default&#39;" in eve.get("/p/default/traces").text
    assert (
        eve.get("/p/nowhere/traces").text.replace("nowhere", "default") == eve.get("/p/default/traces").text
    ), "nobody learns which projects exist"
    assert eve.get("/p/talk/traces").status_code == 200
    assert ">default<" not in eve.get("/p/talk/traces").text
    assert signed_in(town, ZOE).get("/p/talk/traces").status_code == 403


def test_a_server_administrator_sees_everyone(town: Parts) -> None:
    page = signed_in(town, ANN).get(PEOPLE).text
    assert all(email in page for email in (ANN, BOB, EVE, ZOE))
    assert "admin in talk" in page and "Make server administrator" in page


def test_a_project_admin_sees_the_people_of_their_projects(town: Parts) -> None:
    page = signed_in(town, BOB).get(PEOPLE).text
    assert EVE in page and BOB in page
    assert ZOE not in page and ANN not in page
    assert "reader in default" not in page, "what someone is elsewhere is not theirs to see"
    assert "Make server administrator" not in page and "Remove" not in page


def test_adding_shows_a_link_once(town: Parts) -> None:
    ann = signed_in(town, ANN)
    fields = {"email": "new@example.com", "name": "New <b>", "project": "talk", "role": "editor"}
    made = ann.post(PEOPLE, csrf=ann.token(), **fields)
    assert made.status_code == 200
    assert "New &lt;b&gt;" in made.text
    found = re.search(r'value="(http://localhost:4318/set-password\?token=\w+)"', made.text)
    assert found
    person = known(town, "new@example.com")
    assert (person.roles, person.server_admin) == ({"talk": Role.EDITOR}, False)
    assert town.control.audit()[0].actor == f"person:{ANN}"
    assert "set-password" not in ann.get(PEOPLE).text
    fresh = Visitor(town)
    assert fresh.get(found[1].removeprefix("http://localhost:4318")).status_code == 200


def test_an_error_keeps_what_was_typed(town: Parts) -> None:
    ann = signed_in(town, ANN)
    answer = ann.post(PEOPLE, csrf=ann.token(), email="no address", name="Nemo", project="talk", role="admin")
    assert answer.status_code == 422
    assert "does not fit" in answer.text and 'value="Nemo"' in answer.text
    assert '<option value="admin" selected>' in answer.text


def test_adding_who_is_here_gives_the_role(town: Parts) -> None:
    bob = signed_in(town, BOB)
    answer = bob.post(PEOPLE, csrf=bob.token(), email=ZOE, name="", project="talk", role="reader")
    assert answer.status_code == 303
    assert "They were here already" in bob.get(answer.headers["location"]).text
    assert known(town, ZOE).roles == {"talk": Role.READER}


def test_roles_are_changed_and_taken(town: Parts) -> None:
    bob, eve = signed_in(town, BOB), known(town, EVE)
    for role, left in (("reader", {"talk": Role.READER}), ("", {})):
        answer = bob.post(f"{PEOPLE}/{eve.id}/role", csrf=bob.token(), project="talk", role=role)
        assert answer.status_code == 303
        assert known(town, EVE).roles == left


def test_a_project_admin_does_nothing_beyond_their_projects(town: Parts) -> None:
    bob, token = signed_in(town, BOB), signed_in(town, BOB).token()
    token = bob.token()
    eve, zoe = known(town, EVE), known(town, ZOE)
    for path, fields in (
        (f"{PEOPLE}/{eve.id}/role", {"project": "default", "role": "reader"}),
        (f"{PEOPLE}/{eve.id}/link", {}),
        (f"{PEOPLE}/{eve.id}/sessions", {}),
        (f"{PEOPLE}/{eve.id}/remove", {}),
        (f"{PEOPLE}/{known(town, BOB).id}/server-admin", {"value": "yes"}),
        (PEOPLE, {"email": "x@example.com", "project": "default", "role": "admin"}),
    ):
        assert bob.post(path, csrf=token, **fields).status_code == 403, path
    assert bob.post(f"{PEOPLE}/{zoe.id}/role", csrf=token, project="talk", role="admin").status_code == 404
    assert known(town, BOB).server_admin is False


def test_a_project_admin_renews_a_link_that_opens_nothing_else(town: Parts) -> None:
    bob = signed_in(town, BOB)
    bob.post(PEOPLE, csrf=bob.token(), email="new@example.com", name="", project="talk", role="reader")
    path = f"{PEOPLE}/{known(town, 'new@example.com').id}/link"
    assert bob.post(path, csrf=bob.token()).status_code == 200
    town.control.set_role("new@example.com", "default", "reader")
    assert bob.post(path, csrf=bob.token()).status_code == 403


def test_signing_out_removing_and_administering(town: Parts) -> None:
    ann, eve = signed_in(town, ANN), signed_in(town, EVE)
    row = f"{PEOPLE}/{known(town, EVE).id}"
    assert "Sign out of 1 browser" in ann.get(PEOPLE).text
    assert ann.post(f"{row}/sessions", csrf=ann.token()).status_code == 303
    assert eve.get("/settings/me").status_code == 302
    ann.post(f"{row}/server-admin", csrf=ann.token(), value="yes")
    assert known(town, EVE).server_admin
    ann.post(f"{row}/server-admin", csrf=ann.token(), value="no")
    own = f"{PEOPLE}/{known(town, ANN).id}"
    for act in ("server-admin", "remove"):
        last = ann.post(f"{own}/{act}", csrf=ann.token(), value="no")
        assert last.status_code == 422
        assert "is the last server administrator" in last.text
    assert ann.post(f"{row}/remove", csrf=ann.token()).status_code == 303
    assert town.control.person(EVE) is None
    assert ann.post(f"{row}/remove", csrf=ann.token()).status_code == 404


def test_ones_own_password_and_browsers(town: Parts) -> None:
    one, two = signed_in(town, EVE), signed_in(town, EVE)
    page = one.get("/settings/me").text
    assert page.count('<b class="strong">testclient</b>') == 2 and "this one" in page
    wrong = one.post("/settings/me/password", csrf=one.token(), current="x", password="y" * 12, again="z")
    assert wrong.status_code == 422 and "differ" in wrong.text
    new = "another good long one"
    wrong = one.post("/settings/me/password", csrf=one.token(), current="x", password=new, again=new)
    assert wrong.status_code == 422 and "The current password is not right" in wrong.text
    done = one.post("/settings/me/password", csrf=one.token(), current=PASSWORD, password=new, again=new)
    assert done.headers["location"] == "/settings/me?done=password"
    assert "Your password is changed" in one.get(done.headers["location"]).text
    assert two.get("/settings/me").status_code == 302
    two.sign_in(EVE, new)
    one.post("/settings/me/sessions", csrf=one.token())
    assert two.get("/settings/me").status_code == 302
    assert one.get("/settings/me").status_code == 200


def test_nobody_ends_the_sessions_of_others(town: Parts) -> None:
    eve, ann = signed_in(town, EVE), signed_in(town, ANN)
    [session] = town.control.sessions(known(town, ANN).id, 1e6)
    eve.post("/settings/me/sessions", csrf=eve.token(), session=session.id)
    assert ann.get("/settings/me").status_code == 200


def test_on_an_open_server_the_first_person_is_added_on_the_page(
    store: Store, parts: Parts, tmp_path: Path
) -> None:
    control = Control(f"sqlite:///{tmp_path}/control.db")
    control.migrate()
    gate = Gate(control, loopback=True)
    parts.control, parts.gate = control, gate  # type: ignore[assignment]
    parts.projects = lambda: ["default"]
    visitor = Visitor(parts)
    try:
        assert visitor.get("/settings").headers["location"] == PEOPLE
        page = visitor.get(PEOPLE).text
        assert "from then on everyone signs in" in page and 'action="/logout"' not in page
        fields = {"email": ANN, "name": "", "project": "default", "role": "reader"}
        assert visitor.post(PEOPLE, {"origin": "https://evil.example"}, **fields).status_code == 403
        made = visitor.post(PEOPLE, **fields)
        assert made.status_code == 200 and "/set-password?token=" in made.text
        assert visitor.get("/p/default/traces").headers["location"].startswith("/login")
        assert known(parts, ANN).server_admin
    finally:
        gate.close()
        control.close()
