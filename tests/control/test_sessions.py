"""Signing in, browser sessions and lockouts, over both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.control.conftest import Clock

from sightline.control.control import Control
from sightline.control.errors import SignInRefused, TooManyAttempts
from sightline.control.lockout import ACCOUNT, ADDRESS, address_subject
from sightline.control.passwords import Passwords
from sightline.control.schema import LOCKOUTS, SESSIONS
from sightline.control.stored_sessions import Origin
from sightline.records.people import Person

PASSWORD = "four words are good"
HERE = Origin("192.0.2.7", "Browser 1.0")
IDLE, LONGEST = 3600.0, 86400.0


@pytest.fixture
def ann(control: Control) -> Person:
    control.add_person("ann@example.com", "Ann")
    return control.use_link(control.make_link("ann@example.com")[1], PASSWORD)


def fail(control: Control, email: str = "ann@example.com", origin: Origin = HERE) -> None:
    with pytest.raises(SignInRefused, match="do not belong together"):
        control.check_password(email, "wrong wrong wrong", origin)


def test_the_right_password_and_no_other(control: Control, ann: Person) -> None:
    assert control.check_password("Ann@Example.com", PASSWORD, HERE).id == ann.id
    control.add_person("bob@example.com")  # has no password yet
    for email in ("ann@example.com", "bob@example.com", "nobody@example.com", "", "\0", "x" * 10_000):
        fail(control, email)


def test_a_session_is_found_by_its_token_alone(control: Control, ann: Person) -> None:
    token = control.start_session(ann, HERE, LONGEST)
    found = control.find_session(token, IDLE)
    assert found is not None
    session, person = found
    assert person.id == ann.id
    assert (session.address, session.agent) == ("192.0.2.7", "Browser 1.0")
    assert [s.id for s in control.sessions(ann.id, IDLE)] == [session.id]
    with control._reading() as db:
        assert token not in str(list(db.execute(sa.select(SESSIONS))))
    for other in (token[:-1], token[:-1] + ("a" if token[-1] != "a" else "b"), session.id, "", "\0" * 43):
        assert control.find_session(other, IDLE) is None


def test_a_session_ends_when_it_rests_too_long(control: Control, ann: Person, clock: Clock) -> None:
    token = control.start_session(ann, HERE, LONGEST)
    clock.advance(IDLE - 1)
    found = control.find_session(token, IDLE)
    assert found is not None
    control.note_seen([found[0].id])
    clock.advance(IDLE - 1)
    assert control.find_session(token, IDLE) is not None
    clock.advance(1)
    assert control.find_session(token, IDLE) is None
    assert control.sessions(ann.id, IDLE) == []


def test_a_session_ends_at_its_age_however_busy(control: Control, ann: Person, clock: Clock) -> None:
    token = control.start_session(ann, HERE, 2 * IDLE)
    for _ in range(3):
        clock.advance(IDLE / 2)
        found = control.find_session(token, IDLE)
        assert found is not None
        control.note_seen([found[0].id])
    clock.advance(IDLE / 2)
    assert control.find_session(token, IDLE) is None


def test_sessions_are_ended_one_by_one_and_all_at_once(control: Control, ann: Person) -> None:
    tokens = [control.start_session(ann, HERE, LONGEST) for _ in range(3)]
    ids = [found[0].id for found in (control.find_session(t, IDLE) for t in tokens) if found]
    bob = control.add_person("bob@example.com")
    assert not control.end_session(bob, ids[0]), "somebody else's session"
    assert control.end_session(ann, ids[0], by="person:ann@example.com")
    assert not control.end_session(ann, ids[0])
    assert control.end_sessions(ann, but=ids[1]) == 1
    assert [control.find_session(t, IDLE) is not None for t in tokens] == [False, True, False]
    assert "session.end" in [a.action for a in control.audit()]


def test_a_removed_person_is_signed_out(control: Control, ann: Person) -> None:
    bob = control.add_person("bob@example.com")
    token = control.start_session(bob, HERE, LONGEST)
    control.remove_person("bob@example.com")
    assert control.find_session(token, IDLE) is None


def test_a_new_password_ends_other_sessions(control: Control, ann: Person) -> None:
    tokens = [control.start_session(ann, HERE, LONGEST) for _ in range(2)]
    kept = control.find_session(tokens[0], IDLE)
    assert kept is not None
    _, link = control.make_link(ann.email)
    control.change_password(ann, "another four good words", keep=kept[0].id)
    assert [control.find_session(t, IDLE) is not None for t in tokens] == [True, False]
    assert control.person_of_link(link) is None, "a link that lies around would undo it"
    fail(control)
    control.use_link(control.make_link(ann.email)[1], PASSWORD)
    assert control.find_session(tokens[0], IDLE) is None


def test_an_account_locks_longer_each_time_and_the_password_does_not_help(
    control: Control, ann: Person, clock: Clock
) -> None:
    for _ in range(ACCOUNT.free):
        fail(control)
    waits = []
    for _ in range(8):
        with pytest.raises(TooManyAttempts, match="Too many attempts failed") as locked:
            control.check_password(ann.email, PASSWORD, Origin("198.51.100.9", ""))
        waits.append(locked.value.seconds)
        clock.advance(locked.value.seconds)
        fail(control)
    assert waits[:4] == [16, 31, 61, 121]
    assert max(waits) <= ACCOUNT.most + 1
    assert waits == sorted(waits)
    assert ("sign_in.locked", ann.email) in [(a.action, a.subject) for a in control.audit()]
    clock.advance(ACCOUNT.most)
    assert control.check_password(ann.email, PASSWORD, HERE).id == ann.id
    fail(control)  # and from the beginning again
    assert control.check_password(ann.email, PASSWORD, HERE).id == ann.id


def test_an_account_that_does_not_exist_locks_in_the_same_way(control: Control, ann: Person) -> None:
    for _ in range(ACCOUNT.free):
        fail(control, "nobody@example.com")
    with pytest.raises(TooManyAttempts):
        control.check_password("nobody@example.com", PASSWORD, HERE)
    with control._reading() as db:
        assert "nobody" not in str(list(db.execute(sa.select(LOCKOUTS))))
    assert "sign_in.locked" not in [a.action for a in control.audit()], "strangers do not fill the audit"


def test_an_address_locks_whatever_accounts_it_tries(control: Control, ann: Person, clock: Clock) -> None:
    for number in range(ADDRESS.free):
        fail(control, f"guess{number}@example.com")
    with pytest.raises(TooManyAttempts):
        control.check_password(ann.email, PASSWORD, HERE)
    assert control.check_password(ann.email, PASSWORD, Origin("198.51.100.9", "")).id == ann.id
    clock.advance(ADDRESS.first)
    assert control.check_password(ann.email, PASSWORD, HERE).id == ann.id


def test_this_machine_is_no_address(control: Control, ann: Person) -> None:
    for number in range(ADDRESS.free + 1):
        fail(control, f"guess{number}@example.com", Origin("127.0.0.1", ""))
    assert control.check_password(ann.email, PASSWORD, Origin("::1", "")).id == ann.id


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("192.0.2.1", "address:192.0.2.1"),
        ("::ffff:192.0.2.1", "address:192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
        ("::ffff:127.0.0.1", None),
        ("testclient", None),
        ("", None),
    ],
)
def test_what_counts_as_one_address(address: str, subject: str | None) -> None:
    assert address_subject(address) == subject


def test_what_was_counted_is_forgotten_after_a_day(control: Control, ann: Person, clock: Clock) -> None:
    for _ in range(ACCOUNT.free):
        fail(control)
    clock.advance(86_401)
    control.check_password(ann.email, PASSWORD, HERE)
    with control._reading() as db:
        left = list(db.execute(sa.select(LOCKOUTS.c.failures)).scalars())
    assert left == [0]


def test_a_hash_of_older_parameters_is_made_anew(url: str, control: Control, ann: Person) -> None:
    dearer = Control(url, passwords=Passwords(time_cost=2, memory_kib=8))
    assert dearer.check_password(ann.email, PASSWORD, HERE).id == ann.id
    with dearer._reading() as db:
        assert "t=2" in str(db.execute(sa.text("select password from people")).scalar())
    dearer.close()


def test_a_provider_vouches_for_an_address_once(control: Control, ann: Person) -> None:
    token = control.start_session(ann, HERE, LONGEST)
    _, link = control.make_link(ann.email)
    person = control.person_from_provider("https://idp|7", "ann@example.com", "Ann A.")
    assert person is not None
    assert (person.id, person.external, person.has_password, person.name) == (ann.id, True, False, "Ann")
    assert control.find_session(token, IDLE) is None, "who set the password need not have had the mailbox"
    assert control.person_of_link(link) is None
    again = control.person_from_provider("https://idp|7", "changed@example.com", "")
    assert again is not None
    assert again.id == ann.id
    assert control.person_from_provider("https://idp|8", "ann@example.com", "") is None, (
        "another account there"
    )
    assert control.person_from_provider("https://idp|9", "nobody@example.com", "") is None
