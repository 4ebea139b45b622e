from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.control.control import Control
from sightline.control.errors import ControlUnavailable
from sightline.control.gate import FRESH_NS, AccessDenied, Gate, require
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope

ALL = frozenset(Scope)
SECRET = [scope for scope in Scope if scope is not Scope.PUBLIC]
numbers = itertools.count()
shared = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def denied(gate: Gate, headers: Mapping[str, str]) -> AccessDenied:
    with pytest.raises(AccessDenied) as caught:
        gate.authenticate(headers)
    return caught.value


def test_on_loopback_without_keys_everyone_is_default(control: Control, clock: Any) -> None:
    gate = Gate(control, True, clock)
    assert gate.authenticate({}) == Principal(DEFAULT_PROJECT, ALL, None)
    # What a sender still carries for another product is no reason to refuse it.
    assert gate.authenticate(bearer("pk-lf-123")).project == DEFAULT_PROJECT


def test_elsewhere_a_key_is_needed_from_the_start(control: Control, clock: Any) -> None:
    refusal = denied(Gate(control, False, clock), {})
    assert refusal.status == 401
    assert "sightline keys create --project default --scope ingest" in refusal.message


def test_knowingly_insecure_needs_none_until_there_is_one(control: Control, clock: Any) -> None:
    gate = Gate(control, False, clock, insecure=True)
    assert gate.authenticate({"host": "sight.example"}).scopes == ALL
    control.create_key(DEFAULT_PROJECT, "read")
    assert denied(gate, {"host": "sight.example"}).status == 401


def test_the_first_key_closes_loopback_and_revoking_it_does_not_open_it(control: Control, clock: Any) -> None:
    gate = Gate(control, True, clock)
    gate.authenticate({})
    key, text = control.create_key(DEFAULT_PROJECT, "ingest")
    assert denied(gate, {}).status == 401
    assert gate.authenticate(bearer(text)).key_id == key.id
    control.revoke_key(key.id)
    assert denied(gate, {}).status == 401
    assert denied(Gate(control, True, clock), {}).status == 401


def test_a_key_made_elsewhere_closes_loopback_soon(control: Control, url: str, clock: Any) -> None:
    gate = Gate(control, True, clock)
    gate.authenticate({})
    other = Control(url)
    other.create_key(DEFAULT_PROJECT, "ingest")
    other.close()
    clock.advance(2)
    assert denied(gate, {}).status == 401


@pytest.mark.parametrize("scope", SECRET)
@pytest.mark.parametrize(
    "carry",
    [
        bearer,
        lambda key: {"Authorization": f"bearer   {key} "},
        lambda key: {"authorization": key},
        lambda key: {"x-api-key": key},
        lambda key: {"X-API-Key": key},
        lambda key: {"api-key": key},
        lambda key: {"api_key": key},
        lambda key: basic("someone", key),
        lambda key: basic(key, ""),
        lambda key: basic("pk-lf-1", key),
        lambda key: {**basic("proxy", "its password"), "x-api-key": key},
    ],
)
def test_a_key_is_found_wherever_senders_put_it(
    shared_control: Control, carry: Callable[[str], dict[str, str]], scope: Scope
) -> None:
    key, text = shared_control.create_key(DEFAULT_PROJECT, scope)
    principal = Gate(shared_control, True).authenticate(carry(text))
    assert principal == Principal(DEFAULT_PROJECT, frozenset({scope}), key.id)


def test_revocation_elsewhere_holds_within_two_seconds(control: Control, url: str, clock: Any) -> None:
    key, text = control.create_key(DEFAULT_PROJECT, "read")
    gate = Gate(control, False, clock)
    gate.authenticate(bearer(text))
    other = Control(url, clock=clock)
    other.revoke_key(key.id)
    other.close()
    clock.advance(2)
    refusal = denied(gate, bearer(text))
    assert (refusal.status, f"The key {key.id} was revoked on 2026-11-20" in refusal.message) == (401, True)
    assert "sightline keys create --project default --scope read" in refusal.message
    assert text not in refusal.message


def test_revocation_here_holds_at_once(control: Control, clock: Any) -> None:
    key, text = control.create_key(DEFAULT_PROJECT, "read")
    gate = Gate(control, False, clock)
    gate.authenticate(bearer(text))
    control.revoke_key(key.id)
    denied(gate, bearer(text))


def test_the_database_is_asked_once_a_second_for_each_key(
    control: Control, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = control.create_key(DEFAULT_PROJECT, "read")
    asked: list[str] = []
    find = control.find_key
    monkeypatch.setattr(control, "find_key", lambda *a, **k: (asked.append(a[0]), find(*a, **k))[1])
    gate = Gate(control, False, clock)
    for _ in range(10):
        gate.authenticate(bearer(text))
        clock.advance(0.05)
    assert len(asked) == 1
    clock.advance(FRESH_NS / 1e9)
    gate.authenticate(bearer(text))
    assert len(asked) == 2
    denied(gate, bearer("not a key at all"))
    assert len(asked) == 2, "what cannot be a key is not looked up"
    gate.close()


def test_without_its_database_nobody_is_let_in_on_an_old_answer(
    control: Control, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = control.create_key(DEFAULT_PROJECT, "read")
    gate = Gate(control, False, clock)
    gate.authenticate(bearer(text))
    gate.close()

    def fail(*_: object, **__: object) -> None:
        raise ControlUnavailable("The control database is away.")

    monkeypatch.setattr(control, "find_key", fail)
    gate.authenticate(bearer(text))  # still fresh
    clock.advance(2)
    refusal = denied(gate, bearer(text))
    assert refusal.status == 503
    assert "The control database is away." in refusal.message


def test_last_use_is_written_at_most_once_a_minute(control: Control, clock: Any) -> None:
    key, text = control.create_key(DEFAULT_PROJECT, "ingest")
    assert control.keys()[0].last_used_at is None
    gate = Gate(control, False, clock)

    def used() -> object:
        gate.authenticate(bearer(text))
        gate.close()
        return control.keys()[0].last_used_at

    first = used()
    assert first is not None
    clock.advance(30)
    assert used() == first
    clock.advance(31)
    assert used() != first
    # A second process with its own memory keeps to the minute too.
    last = control.keys()[0].last_used_at
    clock.advance(10)
    control.note_use([key.id])
    assert control.keys()[0].last_used_at == last


class TestBrowsers:
    def test_a_rebound_name_gets_nothing(self, control: Control, clock: Any) -> None:
        gate = Gate(control, True, clock)
        refusal = denied(gate, {"Host": "evil.example:4318", "Origin": "http://evil.example:4318"})
        assert refusal.status == 403
        assert "'evil.example:4318'" in refusal.message
        assert "http.allowed_hosts" in refusal.message
        assert gate.authenticate({"host": "127.0.0.1:4318"}).scopes == ALL

    def test_a_proxy_on_the_same_machine_does_not_open_it(self, control: Control, clock: Any) -> None:
        gate = Gate(control, True, clock)
        for name in ("X-Forwarded-For", "forwarded", "via", "X-Real-IP"):
            refusal = denied(gate, {"Host": "127.0.0.1:4318", name: "127.0.0.1"})
            assert refusal.status == 403
            assert f"({name.lower()})" in refusal.message
            assert "sightline keys create" in refusal.message
        checked = Gate(control, True, clock, hosts=("sight.example",))
        assert checked.authenticate({"Host": "sight.example", "X-Forwarded-For": "1.2.3.4"}).scopes == ALL
        _, text = control.create_key(DEFAULT_PROJECT, "read")
        clock.advance(2)
        headers = {"Host": "127.0.0.1:4318", "X-Forwarded-For": "1.2.3.4"} | bearer(text)
        assert gate.authenticate(headers).scopes == {Scope.READ}

    def test_a_foreign_page_gets_nothing(self, control: Control, clock: Any) -> None:
        gate = Gate(control, True, clock)
        refusal = denied(gate, {"host": "127.0.0.1:4318", "origin": "https://evil.example"})
        assert refusal.status == 403
        assert "http.cors_origins" in refusal.message
        assert gate.authenticate({"host": "localhost:4318", "origin": "http://localhost:4318"}).scopes == ALL

    @pytest.mark.parametrize("origins", [("https://app.example",), ("*",)])
    def test_an_allowed_page_sends_and_never_reads(
        self, control: Control, clock: Any, origins: tuple[str, ...]
    ) -> None:
        gate = Gate(control, True, clock, origins=origins)
        page = gate.authenticate({"host": "127.0.0.1:4318", "origin": "https://app.example"})
        assert page.scopes == {Scope.INGEST}

    def test_an_allowed_name_is_as_good_as_loopback(self, control: Control, clock: Any) -> None:
        gate = Gate(control, True, clock, hosts=("sight.example",))
        own = {"host": "sight.example", "origin": "https://sight.example"}
        assert gate.authenticate(own).scopes == ALL

    def test_with_keys_the_name_does_not_matter(self, control: Control, clock: Any) -> None:
        _, text = control.create_key(DEFAULT_PROJECT, "read")
        headers = {"host": "evil.example", "origin": "https://evil.example", **bearer(text)}
        assert Gate(control, True, clock).authenticate(headers).scopes == {Scope.READ}


class TestBasicInBrowsers:
    """A browser adds Basic to every request by itself, also to those a foreign page makes it send."""

    def test_a_foreign_page_does_not_speak_for_its_visitor(self, control: Control, clock: Any) -> None:
        _, text = control.create_key(DEFAULT_PROJECT, "admin")
        gate = Gate(control, False, clock, origins=("https://app.example",))
        here = {"host": "sight.example", **basic("me", text)}
        assert gate.authenticate(here).scopes == {Scope.ADMIN}
        assert gate.authenticate({**here, "origin": "https://sight.example"}).scopes == {Scope.ADMIN}
        assert denied(gate, {**here, "origin": "https://evil.example"}).status == 403
        assert gate.authenticate({**here, "origin": "https://app.example"}).scopes == {Scope.INGEST}

    def test_a_read_key_gives_an_allowed_page_nothing(self, control: Control, clock: Any) -> None:
        _, text = control.create_key(DEFAULT_PROJECT, "read")
        gate = Gate(control, False, clock, origins=("*",))
        page = {"host": "sight.example", "origin": "https://app.example", **basic("me", text)}
        assert gate.authenticate(page).scopes == frozenset()


def test_what_a_key_may_not_do_is_said_with_the_command() -> None:
    ingest = Principal("shop", frozenset({Scope.INGEST}), "k1")
    require(ingest, Scope.INGEST)
    require(Principal("shop", frozenset({Scope.ADMIN}), "k2"), Scope.READ, "shop")
    with pytest.raises(AccessDenied, match=r"may ingest, and read is needed; .*--project shop --scope read"):
        require(ingest, Scope.READ)
    with pytest.raises(AccessDenied, match="belongs to project 'shop'") as caught:
        require(Principal("shop", ALL, "k2"), Scope.READ, "other")
    assert caught.value.status == 403


@shared
@given(scopes=st.lists(st.sampled_from(SECRET), min_size=2, max_size=6), revoked=st.sets(st.integers(0, 5)))
def test_a_key_is_its_own_projects_and_no_revoked_key_passes(
    shared_control: Control, scopes: list[Scope], revoked: set[int]
) -> None:
    made = []
    for scope in scopes:
        project = f"p{next(numbers)}"
        shared_control.create_project(project)
        made.append((project, scope, *shared_control.create_key(project, scope)))
    gate = Gate(shared_control, True)
    for i, (_, _, key, _) in enumerate(made):
        if i in revoked:
            shared_control.revoke_key(key.id)
    for i, (project, scope, key, text) in enumerate(made):
        if i in revoked:
            assert denied(gate, bearer(text)).status == 401
            assert shared_control.find_key(text) is None
        else:
            assert gate.authenticate(bearer(text)) == Principal(project, frozenset({scope}), key.id)
        # The id of one key with the secret of another is neither.
        for _, _, _, other in made:
            if other != text:
                mixed = "_".join([*text.split("_")[:3], other.split("_")[3]])
                assert denied(gate, bearer(mixed)).status == 401
    gate.close()


garbage = st.one_of(
    st.text(),
    st.from_regex(r"sl_[a-z]_[a-z0-9]{0,14}_[A-Za-z0-9]{0,50}", fullmatch=True),
    st.from_regex(r"sl_[irap]_[a-z0-9]{12}_[A-Za-z0-9]{43}", fullmatch=True),
    st.text().map(lambda t: f"Bearer {t}"),
    st.from_regex(r"sl_[ira]_[a-z0-9]{12}_[A-Za-z0-9]{43}", fullmatch=True).map(lambda t: f"Bearer {t}"),
    st.binary().map(lambda b: "Basic " + base64.b64encode(b).decode()),
    st.text().map(lambda t: f"Basic {t}"),
)
header = st.sampled_from(
    ["authorization", "Authorization", "x-api-key", "api-key", "api_key", "host", "origin"]
)


@shared
@given(headers=st.dictionaries(header | st.text(), garbage))
def test_garbage_is_denied_and_nothing_else(shared_control: Control, headers: dict[str, str]) -> None:
    assert denied(Gate(shared_control, False), headers).status == 401


@shared
@given(headers=st.dictionaries(header, garbage))
def test_garbage_on_the_open_server_is_let_in_or_denied(
    shared_control: Control, headers: dict[str, str]
) -> None:
    class Keyless:
        key_changes = 0
        note_use = note_seen = shared_control.note_use

        def has_keys(self) -> bool:
            return False

        has_people = has_keys

    gate = Gate(Keyless(), True)  # type: ignore[arg-type]
    try:
        assert gate.authenticate(headers).project == DEFAULT_PROJECT
    except AccessDenied as refusal:
        assert refusal.status == 403


def test_a_server_that_comes_back_is_used_again(cluster: Any, postgres_url: str, clock: Any) -> None:
    control = Control(postgres_url, clock=clock)
    control.migrate()
    _, text = control.create_key(DEFAULT_PROJECT, "read")
    gate = Gate(control, False, clock)
    gate.authenticate(bearer(text))
    gate.close()
    cluster.restart()
    clock.advance(2)
    assert gate.authenticate(bearer(text)).project == DEFAULT_PROJECT
    gate.close()
    control.close()


def test_before_the_tables_exist_the_answer_is_not_yet(url: str, clock: Any) -> None:
    control = Control(url, clock=clock)
    assert denied(Gate(control, True, clock), {}).status == 503
    control.close()
