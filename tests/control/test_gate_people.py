"""Cookies of people at the gate: who they become, when they end, and what they are not good for."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from tests.control.conftest import Clock

from sightline.control.control import Control
from sightline.control.gate import AccessDenied, Gate
from sightline.control.presented import PLAIN_COOKIE, SECURE_COOKIE
from sightline.control.stored_sessions import Origin
from sightline.control.tokens import csrf_of
from sightline.records.access import DEFAULT_PROJECT, Scope

LOOPBACK = {"host": "127.0.0.1:4318"}
IDLE = 3600.0


@pytest.fixture
def gate(control: Control, clock: Clock) -> Iterator[Gate]:
    opened = Gate(control, True, clock, session_idle=IDLE)
    yield opened
    opened.close()


def signed_in(control: Control, email: str) -> str:
    person = control.person(email)
    assert person is not None
    return control.start_session(person, Origin("192.0.2.1", "test"), 86400)


def cookie(token: str, name: str = PLAIN_COOKIE) -> dict[str, str]:
    return {**LOOPBACK, "Cookie": f"sightline_theme=dark; {name}={token}"}


def denied(gate: Gate, headers: dict[str, str], *, sender: bool = False) -> AccessDenied:
    with pytest.raises(AccessDenied) as caught:
        (gate.authenticate if sender else gate.identify)(headers)
    return caught.value


def test_without_keys_and_people_nothing_is_asked(gate: Gate) -> None:
    assert gate.identify(LOOPBACK).open


def test_from_the_first_person_on_one_has_to_sign_in(control: Control, gate: Gate) -> None:
    control.add_person("ann@example.com")
    refusal = denied(gate, LOOPBACK)
    assert (refusal.status, refusal.sign_in) == (401, True)
    refusal = denied(gate, LOOPBACK, sender=True)
    assert (refusal.status, refusal.sign_in) == (401, False)
    assert "sightline keys create" in refusal.message


def test_removing_everyone_does_not_open_the_door(control: Control, clock: Clock) -> None:
    control.add_person("ann@example.com")
    control.add_person("bob@example.com", server_admin=True)
    control.remove_person("ann@example.com")
    with control._writing() as db:
        db.exec_driver_sql("UPDATE people SET removed_at = created_at")
    assert denied(Gate(control, True, clock), LOOPBACK).status == 401


def test_with_keys_alone_nobody_is_sent_to_sign_in(control: Control, gate: Gate) -> None:
    control.create_key(DEFAULT_PROJECT, Scope.READ)
    assert not denied(gate, LOOPBACK).sign_in


@pytest.mark.parametrize("name", [PLAIN_COOKIE, SECURE_COOKIE])
def test_a_cookie_is_its_person(control: Control, gate: Gate, name: str) -> None:
    control.add_person("ann@example.com")
    control.create_project("shop")
    control.add_person("bob@example.com", roles={"shop": "editor"})
    token = signed_in(control, "bob@example.com")
    found = gate.identify(cookie(token, name))
    assert found.person is not None
    assert found.person.email == "bob@example.com"
    assert (found.project, found.scopes, found.operator, found.open) == ("shop", {Scope.READ}, False, False)
    assert found.by == "person:bob@example.com"
    assert found.csrf == csrf_of(token)
    assert token not in repr(found)
    assert found.csrf not in repr(found)
    assert found.within("default").scopes == frozenset()
    admin = gate.identify(cookie(signed_in(control, "ann@example.com")))
    assert (admin.project, admin.scopes, admin.operator) == ("default", {Scope.ADMIN}, True)


def test_telemetry_is_not_taken_with_a_cookie(control: Control, gate: Gate) -> None:
    control.add_person("ann@example.com")
    assert denied(gate, cookie(signed_in(control, "ann@example.com")), sender=True).status == 401


def test_pages_of_other_sites_do_not_act_with_a_cookie(control: Control, gate: Gate) -> None:
    control.add_person("ann@example.com")
    token = signed_in(control, "ann@example.com")
    refusal = denied(gate, {**cookie(token), "Origin": "https://evil.example"})
    assert refusal.status == 403
    assert gate.identify({**cookie(token), "Origin": "http://127.0.0.1:4318"}).person is not None


def test_a_key_that_was_sent_wins_over_a_cookie(control: Control, gate: Gate) -> None:
    control.add_person("ann@example.com")
    key, text = control.create_key(DEFAULT_PROJECT, Scope.READ)
    token = signed_in(control, "ann@example.com")
    assert gate.identify({**cookie(token), "Authorization": f"Bearer {text}"}).key_id == key.id
    assert denied(gate, {**cookie(token), "x-api-key": "sl_nonsense"}).status == 401
    basic = base64.b64encode(f":{text}".encode()).decode()
    found = gate.identify({**cookie(token), "Authorization": f"Basic {basic}"})
    assert found.person is not None, "a browser that still knows an old key is signed in all the same"


def test_what_ends_a_session_ends_it_here_at_once(control: Control, gate: Gate, clock: Clock) -> None:
    ann = control.add_person("ann@example.com")
    token = signed_in(control, "ann@example.com")
    session = gate.identify(cookie(token)).session
    assert session is not None
    control.end_session(ann, session)
    assert denied(gate, cookie(token)).sign_in
    token = signed_in(control, "ann@example.com")
    gate.identify(cookie(token))
    gate.close()
    clock.advance(IDLE)
    assert denied(gate, cookie(token)).sign_in


def test_what_another_process_changes_counts_after_a_second(
    url: str, control: Control, gate: Gate, clock: Clock
) -> None:
    control.add_person("ann@example.com")
    control.add_person("bob@example.com", roles={DEFAULT_PROJECT: "admin"})
    token = signed_in(control, "bob@example.com")
    assert gate.identify(cookie(token)).may(Scope.ADMIN)
    other = Control(url, clock=clock)
    other.set_role("bob@example.com", DEFAULT_PROJECT, "reader")
    clock.advance(1)
    assert not gate.identify(cookie(token)).may(Scope.ADMIN)
    other.remove_person("bob@example.com")
    other.close()
    clock.advance(1)
    assert denied(gate, cookie(token)).status == 401


def test_being_here_is_noted(control: Control, gate: Gate, clock: Clock) -> None:
    ann = control.add_person("ann@example.com")
    token = signed_in(control, "ann@example.com")
    clock.advance(120)
    gate.identify(cookie(token))
    gate.close()
    [session] = control.sessions(ann.id, IDLE)
    assert (session.last_seen_at - session.created_at).total_seconds() == 120
    seen = control.people()[0].last_seen_at
    assert seen == session.last_seen_at


@pytest.mark.parametrize("text", ["", "=", "a=b; ;;", f"{PLAIN_COOKIE}=short", f"{PLAIN_COOKIE}={'é' * 43}"])
def test_cookies_of_any_shape(control: Control, gate: Gate, text: str) -> None:
    control.add_person("ann@example.com")
    assert denied(gate, {**LOOPBACK, "cookie": text}).status == 401
