"""Saved views: whose they are, and what may be saved."""

from __future__ import annotations

import pytest

from sightline.control.control import Control
from sightline.control.errors import InvalidValue, NotFound
from sightline.control.stored_views import MOST_QUERY


@pytest.fixture
def shop(control: Control) -> Control:
    """A project with two people."""
    control.create_project("shop")
    control.create_project("other")
    for email in ("ann@example.com", "bob@example.com"):
        control.add_person(email)
    return control


def names(control: Control, owner: str | None, project: str = "shop") -> list[str]:
    return [view.name for view in control.views(project, owner)]


def test_views_are_seen_by_their_owner_or_by_all(shop: Control) -> None:
    ann, bob = (person.id for person in sorted(shop.people(), key=lambda person: person.email))
    mine = shop.save_view("shop", " slow answers ", "traces", "q=llm&sort=-duration", ann, by="person:ann")
    shop.save_view("shop", "Costly", "traces", "", None)
    assert (mine.name, mine.query) == ("slow answers", "q=llm&sort=-duration")
    assert names(shop, ann) == ["Costly", "slow answers"]
    assert names(shop, bob) == names(shop, None) == ["Costly"]
    assert names(shop, ann, "other") == []
    shop.share_view("shop", mine.id)
    shop.rename_view("shop", mine.id, "Slow")
    assert names(shop, bob) == ["Costly", "Slow"]
    shop.delete_view("shop", mine.id, by="person:ann")
    assert names(shop, ann) == ["Costly"]
    actions = [entry.action for entry in shop.audit("shop")]
    assert actions[:3] == ["view.delete", "view.rename", "view.share"] and "view.save" in actions


def test_a_view_of_another_project_is_not_there(shop: Control) -> None:
    made = shop.save_view("shop", "mine", "traces", "q=a", None)
    for work in (shop.view, shop.share_view, shop.delete_view):
        with pytest.raises(NotFound):
            work("other", made.id)
    with pytest.raises(NotFound):
        shop.rename_view("other", made.id, "theirs")
    assert shop.view("shop", made.id) == made


@pytest.mark.parametrize(
    ("name", "page", "query"),
    [
        ("", "traces", ""),
        ("a\nb", "traces", ""),
        ("x" * 300, "traces", ""),
        ("a", "../settings", ""),
        ("a", "//evil.example", ""),
        ("a", "Traces", ""),
        ("a", "traces", "x" * (MOST_QUERY + 1)),
        ("a", "traces", "q=a\nb"),
        ("a", "traces", "no equals sign"),
    ],
)
def test_what_is_no_view_is_refused(shop: Control, name: str, page: str, query: str) -> None:
    with pytest.raises(InvalidValue):
        shop.save_view("shop", name, page, query, None)
    assert names(shop, None) == []


def test_a_project_keeps_so_many(shop: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.control.stored_views.MOST_VIEWS", 2)
    for name in "ab":
        shop.save_view("shop", name, "traces", "", None)
    with pytest.raises(InvalidValue, match="delete one first"):
        shop.save_view("shop", "c", "traces", "", None)
    with pytest.raises(NotFound):
        shop.save_view("nowhere", "c", "traces", "", None)


def test_what_is_theirs_goes_with_a_person(shop: Control) -> None:
    ann = next(person for person in shop.people() if person.email.startswith("bob"))
    shop.save_view("shop", "gone", "traces", "", ann.id)
    shop.remove_person(ann.email)
    assert names(shop, ann.id) == []
