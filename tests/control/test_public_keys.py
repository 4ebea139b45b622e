"""Public keys as control keeps them, as the gate lets them in, and as the commands make them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sightline.control.commands import control_commands
from sightline.control.control import Control
from sightline.control.errors import ControlUnavailable, InvalidValue, NotFound
from sightline.control.gate import AccessDenied, Gate
from sightline.control.public_use import Reason
from sightline.records.access import PublicLimits, PublicTerms, Scope

SITE = "https://app.example"
Run = Callable[..., Result]


@pytest.fixture
def run(url: str) -> Run:
    """`sightline` with the groups of control, over an empty database."""
    cli = click.Group()
    for group in control_commands(lambda: Control(url)):
        cli.add_command(group)
    return lambda *arguments: CliRunner().invoke(cli, arguments, catch_exceptions=False)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "origin": SITE}


def test_its_text_and_terms_are_kept(control: Control) -> None:
    key, text = control.create_key(
        "default", "public", "page", origins=["https://APP.example:443/"], limits={"items": 7}
    )
    assert key.terms == PublicTerms((SITE,), PublicLimits(items=7))
    assert key.text == text and text.startswith("sl_p_")
    assert control.find_key(text) == key
    assert control.keys() == [key]
    detail = control.audit()[0].detail
    assert (detail["origins"], detail["items"], detail["scope"]) == ([SITE], 7, "public")
    _, secret = control.create_key("default", "admin")
    kept = control.find_key(secret)
    assert kept is not None
    assert (kept.text, kept.terms) == ("", None)


@pytest.mark.parametrize(
    ("scope", "origins", "limits", "said"),
    [
        ("public", [], {}, "needs the origins"),
        ("public", ["app.example"], {}, "expected one such as"),
        ("public", [SITE], {"requests": 0}, "limit requests is '0'; expected a whole number from 1 to"),
        ("public", [SITE], {"requests": True}, "expected a whole number"),
        ("public", [SITE], {"requests": "9"}, "expected a whole number"),
        ("public", [SITE], {"request_bytes": 10}, "from 1,024 to 16,777,216"),
        ("public", [SITE], {"bytes": 10}, "it is one of requests, items"),
        ("ingest", [SITE], {}, "bind public keys, and this one is of scope ingest"),
        ("read", [], {"items": 1}, "bind public keys"),
    ],
)
def test_what_does_not_fit_is_named(
    control: Control, scope: str, origins: list[str], limits: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidValue, match=said):
        control.create_key("default", scope, origins=origins, limits=limits)
    assert control.keys() == []


def test_terms_are_changed(control: Control) -> None:
    key, text = control.create_key("default", "public", "page", origins=[SITE], limits={"items": 7})
    changed = control.change_public_key(key.id, origins=["*"], limits={"requests": 5}, by="cli:ann")
    assert changed.terms == PublicTerms(("*",), PublicLimits(items=7, requests=5))
    assert control.find_key(text) == changed
    assert control.audit()[0].action == "key.change"
    count = len(control.audit())
    assert control.change_public_key(key.id, label="page") == changed
    assert len(control.audit()) == count, "what changes nothing is no change"
    with pytest.raises(InvalidValue, match="needs the origins"):
        control.change_public_key(key.id, origins=[])
    with pytest.raises(NotFound):
        control.change_public_key("nothing", label="x")
    control.create_project("shop")
    with pytest.raises(NotFound):
        control.change_public_key(key.id, label="x", project="shop")
    secret, _ = control.create_key("default", "read")
    with pytest.raises(InvalidValue, match="only public keys have origins"):
        control.change_public_key(secret.id, origins=[SITE])


def test_the_gate_lets_it_in_by_one_door_only(control: Control, clock: Any) -> None:
    key, text = control.create_key("default", "public", origins=[SITE])
    gate = Gate(control, True, clock)
    principal = gate.admit_public(bearer(text))
    assert (principal.terms, principal.scopes, principal.key_id) == (key.terms, {Scope.PUBLIC}, key.id)
    assert not any(principal.may(scope) for scope in Scope if scope is not Scope.PUBLIC)
    assert principal.role_in("default") is None and not principal.operator
    for door in (gate.authenticate, gate.identify):
        with pytest.raises(AccessDenied, match=f"The key {key.id} is public: it only sends") as caught:
            door(bearer(text))
        assert caught.value.status == 403 and text not in caught.value.message
    [use] = gate.public.uses()
    assert (use.refused, use.origin) == ({Reason.SCOPE: 2}, SITE)
    _, secret = control.create_key("default", "ingest")
    assert gate.admit_public(bearer(secret)).terms is None
    gate.close()


def test_what_is_changed_elsewhere_holds_within_two_seconds(control: Control, url: str, clock: Any) -> None:
    key, text = control.create_key("default", "public", origins=[SITE])
    gate = Gate(control, True, clock)
    assert gate.public_origins() == {SITE}
    gate.admit_public(bearer(text))
    other = Control(url, clock=clock)
    other.change_public_key(key.id, origins=["https://b.example"])
    clock.advance(2)
    assert gate.public_origins() == {"https://b.example"}
    terms = gate.admit_public(bearer(text)).terms
    assert terms is not None and terms.origins == ("https://b.example",)
    other.revoke_key(key.id)
    other.close()
    clock.advance(2)
    assert gate.public_origins() == frozenset()
    with pytest.raises(AccessDenied, match="--scope public --origin"):
        gate.admit_public(bearer(text))
    gate.close()


def test_what_is_changed_here_holds_at_once(control: Control, clock: Any) -> None:
    gate = Gate(control, True, clock)
    assert gate.public_origins() == frozenset()
    key, _ = control.create_key("default", "public", origins=[SITE])
    assert gate.public_origins() == {SITE}
    control.revoke_key(key.id)
    assert gate.public_origins() == frozenset()
    gate.close()


def test_the_database_is_asked_for_sites_once_a_second(
    control: Control, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, asked = Gate(control, True, clock), []
    monkeypatch.setattr(control, "public_origins", lambda: asked.append(1) or frozenset())
    for _ in range(1000):
        gate.public_origins()
    assert len(asked) == 1

    def away() -> frozenset[str]:
        raise ControlUnavailable("away")

    monkeypatch.setattr(control, "public_origins", away)
    clock.advance(2)
    assert gate.public_origins() == frozenset()
    gate.close()


def test_commands(run: Run, url: str) -> None:
    made = run("keys", "create", "--scope", "public", "--origin", SITE, "--origin", "*", "--items", "9")
    assert made.exit_code == 0, made.output
    text = made.stdout.strip()
    assert "Warning: pages of every site may send" in made.stderr and "may stand in pages" in made.stderr
    key_id = text.split("_")[2]
    changed = run("keys", "change", key_id, "--origin", SITE, "--requests", "5")
    assert changed.stdout == f"Key {key_id} of project default may be used from {SITE}.\n"
    assert "Warning" not in changed.stderr
    [listed] = json.loads(run("keys", "list", "--json").stdout)
    assert listed["text"] == text
    assert listed["terms"]["limits"] == listed["terms"]["limits"] | {"requests": 5, "items": 9}
    told = json.loads(run("keys", "change", key_id, "--label", "mine", "--json").stdout)
    assert (told["label"], told["terms"]["origins"]) == ("mine", [SITE])
    for wrong, said in (
        (("keys", "create", "--scope", "public"), "needs the origins"),
        (("keys", "create", "--scope", "read", "--origin", SITE), "bind public keys"),
        (("keys", "change", key_id), "Say what to change"),
        (("keys", "change", "nothing", "--items", "1"), "There is no key 'nothing'"),
    ):
        result = run(*wrong)
        assert result.exit_code != 0 and said in result.output
