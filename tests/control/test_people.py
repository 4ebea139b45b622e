"""People, roles and links, over both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.control.conftest import Clock

from sightline.control.control import Control
from sightline.control.errors import AlreadyExists, InvalidValue, NotFound
from sightline.control.schema import LINKS, PEOPLE
from sightline.records.people import Role

PASSWORD = "four words are good"
DAY = 86400


def stored_texts(control: Control) -> str:
    with control._reading() as db:
        return str(list(db.execute(sa.select(PEOPLE)))) + str(list(db.execute(sa.select(LINKS))))


def test_the_first_person_is_server_administrator_and_the_second_is_not(control: Control) -> None:
    assert not control.has_people()
    ann = control.add_person(" Ann@Example.com ", "Ann", by="cli:root")
    bob = control.add_person("bob@example.com", roles={"default": "reader"})
    assert control.has_people()
    assert (ann.email, ann.title, ann.server_admin, ann.has_password) == (
        "ann@example.com",
        "Ann",
        True,
        False,
    )
    assert ann.role_in("any") is Role.ADMIN
    assert (bob.title, bob.server_admin, bob.roles) == ("bob@example.com", False, {"default": Role.READER})
    assert bob.role_in("any") is None
    assert control.people() == [ann, bob]
    assert control.person("ANN@example.com ") == ann
    assert [(a.actor, a.action, a.subject) for a in control.audit()] == [
        ("system", "person.role", "bob@example.com"),
        ("system", "person.add", "bob@example.com"),
        ("cli:root", "person.add", "ann@example.com"),
    ]


def test_an_address_is_taken_once_until_its_person_is_removed(control: Control) -> None:
    first = control.add_person("ann@example.com")
    with pytest.raises(AlreadyExists, match=r"ann@example\.com is here already"):
        control.add_person("ANN@example.com")
    control.add_person("bob@example.com", server_admin=True)
    control.remove_person("ann@example.com")
    again = control.add_person("ann@example.com")
    assert again.id != first.id
    assert not again.server_admin


def test_roles_are_given_changed_and_taken(control: Control) -> None:
    control.create_project("shop")
    control.add_person("ann@example.com")
    control.add_person("bob@example.com")
    assert control.set_role("bob@example.com", "shop", "editor").roles == {"shop": Role.EDITOR}
    assert control.set_role("bob@example.com", "default", Role.ADMIN).roles["default"] is Role.ADMIN
    assert [p.email for p in control.people("shop")] == ["ann@example.com", "bob@example.com"]
    assert control.set_role("bob@example.com", "shop", None).roles == {"default": Role.ADMIN}
    audit = len(control.audit())
    control.set_role("bob@example.com", "shop", None)
    assert len(control.audit()) == audit, "nothing changed, nothing noted"
    for email, project, role, error in (
        ("bob@example.com", "shop", "owner", InvalidValue),
        ("bob@example.com", "shpo", "reader", NotFound),
        ("nobody@example.com", "shop", "reader", NotFound),
        ("nobody", "shop", "reader", InvalidValue),
    ):
        with pytest.raises(error):
            control.set_role(email, project, role)


def test_a_role_in_a_project_that_is_not_there_adds_nobody(control: Control) -> None:
    with pytest.raises(NotFound):
        control.add_person("ann@example.com", roles={"nowhere": "reader"})
    assert not control.has_people()


def test_the_last_server_administrator_stays(control: Control) -> None:
    control.add_person("ann@example.com")
    for act in (
        lambda: control.remove_person("ann@example.com"),
        lambda: control.set_server_admin("ann@example.com", False),
    ):
        with pytest.raises(InvalidValue, match=r"ann@example\.com is the last server administrator"):
            act()
    control.add_person("bob@example.com")
    assert control.set_server_admin("bob@example.com", True).server_admin
    assert not control.set_server_admin("ann@example.com", False).server_admin
    assert control.remove_person("ann@example.com").email == "ann@example.com"
    assert [p.email for p in control.people()] == ["bob@example.com"]
    assert control.person("ann@example.com") is None


def test_a_link_sets_a_password_once(control: Control) -> None:
    control.add_person("ann@example.com", "Ann")
    _, token = control.make_link("ann@example.com", by="cli:root")
    assert token not in stored_texts(control)
    found = control.person_of_link(token)
    assert found is not None
    assert found.email == "ann@example.com"
    with pytest.raises(InvalidValue, match="at least 12"):
        control.use_link(token, "short")
    person = control.use_link(token, PASSWORD)
    assert person.has_password
    assert PASSWORD not in stored_texts(control)
    assert control.person_of_link(token) is None
    with pytest.raises(NotFound, match="used already"):
        control.use_link(token, PASSWORD)
    assert [a.action for a in control.audit()][:2] == ["person.password", "person.link"]


def test_a_link_grows_old_and_a_newer_one_replaces_it(control: Control, clock: Clock) -> None:
    control.add_person("ann@example.com")
    _, first = control.make_link("ann@example.com")
    _, second = control.make_link("ann@example.com")
    assert control.person_of_link(first) is None
    clock.advance(7 * DAY - 1)
    assert control.person_of_link(second) is not None
    clock.advance(1)
    assert control.person_of_link(second) is None
    with pytest.raises(NotFound):
        control.use_link(second, PASSWORD)


def test_a_link_of_someone_removed_is_dead(control: Control) -> None:
    control.add_person("ann@example.com")
    control.add_person("bob@example.com")
    _, token = control.make_link("bob@example.com")
    control.remove_person("bob@example.com")
    assert control.person_of_link(token) is None


@pytest.mark.parametrize("text", ["", "x", "\0" * 43, "é" * 43, "a" * 44, "a" * 43])
def test_nonsense_is_no_link(control: Control, text: str) -> None:
    assert control.person_of_link(text) is None


@pytest.mark.parametrize("text", ["", "ann", "@", "a@b@c", "a b@c", "<a@b>", "a@b\0", "a@" + "b" * 300])
def test_what_is_no_address(control: Control, text: str) -> None:
    with pytest.raises(InvalidValue, match="e-mail address"):
        control.add_person(text)
    assert control.person(text) is None
