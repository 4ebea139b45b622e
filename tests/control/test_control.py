from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.control.control import Control
from sightline.control.errors import AlreadyExists, ControlError, InvalidValue, NotFound
from sightline.records.access import DEFAULT_PROJECT, Scope

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class TestProjects:
    def test_default_is_there_and_never_reset(self, control: Control) -> None:
        assert control.project(DEFAULT_PROJECT) == control.projects()[0]
        control.update_project(DEFAULT_PROJECT, retention_days=7, content_days=1)
        control.migrate()
        project = control.project(DEFAULT_PROJECT)
        assert project is not None
        assert (project.retention_days, project.content_days) == (7, 1)

    def test_made_and_read_back(self, control: Control) -> None:
        made = control.create_project("shop", retention_days=10, by="cli:ann")
        assert made.content_days == 10, "content never outlives its spans"
        assert made.created_at == NOON
        assert control.project("shop") == made
        assert [p.name for p in control.projects()] == ["default", "shop"]
        assert control.project("shop\x00") is None

    def test_a_taken_name_is_said_with_the_next_step(self, control: Control) -> None:
        control.create_project("shop")
        with pytest.raises(AlreadyExists, match="sightline projects set shop"):
            control.create_project("shop", retention_days=1)
        assert [a.action for a in control.audit("shop")] == ["project.create"]

    def test_periods_are_checked_together(self, control: Control) -> None:
        control.create_project("shop", retention_days=30, content_days=20)
        with pytest.raises(InvalidValue, match="content_days is 20 and retention_days 10"):
            control.update_project("shop", retention_days=10)
        assert control.update_project("shop", content_days=30).content_days == 30
        for days in (0, -1, 36_501, True, 1.5):
            with pytest.raises(InvalidValue, match="retention_days is"):
                control.update_project("shop", retention_days=days)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "name", ["", "Shop", "-shop", "a b", "a" * 64, "shöp", "a\n", "a\x00", "../etc", "a'--"]
    )
    def test_names_that_do_not_fit(self, control: Control, name: str) -> None:
        with pytest.raises(InvalidValue, match="project name"):
            control.create_project(name)
        with pytest.raises(NotFound):
            control.create_key(name, Scope.READ)

    def test_a_mistyped_name_gets_its_neighbour(self, control: Control) -> None:
        with pytest.raises(NotFound, match="Did you mean 'default'"):
            control.create_key("defualt", Scope.READ)
        with pytest.raises(NotFound, match="sightline projects create unheard-of"):
            control.update_project("unheard-of", content_days=1)


class TestEnvironments:
    def test_made_described_removed(self, control: Control) -> None:
        control.create_project("shop")
        control.create_environment("shop", "staging")
        made = control.create_environment("shop", "alice's läptop", "under her desk")
        assert control.environments("shop")[0] == made
        assert control.environments(DEFAULT_PROJECT) == []
        control.update_environment("shop", "staging", "before the real one")
        assert control.environments("shop")[1].description == "before the real one"
        control.remove_environment("shop", "staging")
        assert control.environments("shop") == [made]

    def test_what_is_refused(self, control: Control) -> None:
        control.create_environment(DEFAULT_PROJECT, "staging")
        with pytest.raises(AlreadyExists):
            control.create_environment(DEFAULT_PROJECT, " staging ")
        for name in ("", " ", "a\x00b", "a\x1b[31m", "x" * 201, "\ud800"):
            with pytest.raises(InvalidValue, match="environment's name"):
                control.create_environment(DEFAULT_PROJECT, name)
        with pytest.raises(NotFound):
            control.create_environment("nowhere", "staging")
        with pytest.raises(NotFound, match="no environment 'prod'"):
            control.update_environment(DEFAULT_PROJECT, "prod", "")
        with pytest.raises(NotFound, match="no environment 'prod'"):
            control.remove_environment(DEFAULT_PROJECT, "prod")


class TestKeys:
    def test_the_secret_is_shown_once_and_nowhere_kept(
        self, url: str, tmp_path: Path, clock: Callable[[], int]
    ) -> None:
        control = Control(url, clock=clock)
        control.migrate()
        key, text = control.create_key(DEFAULT_PROJECT, "ingest", "the shop")
        assert control.keys() == [key]
        secret = text.split("_")[3]
        assert all(secret not in repr(entry) for entry in [control, key, *control.audit(), *control.keys()])
        control.close()
        for path in tmp_path.glob("control.db*"):
            assert secret.encode() not in path.read_bytes()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_found_by_its_text_alone(self, control: Control) -> None:
        key, text = control.create_key(DEFAULT_PROJECT, Scope.ADMIN)
        assert control.find_key(text) == key
        assert control.find_key(key.id) is None
        # A key that calls itself another scope is another text, so it is no key.
        assert control.find_key(text.replace("sl_a_", "sl_r_")) is None

    def test_revoked_for_good(self, control: Control, clock: Any) -> None:
        key, text = control.create_key(DEFAULT_PROJECT, "read")
        assert control.revoke_key(key.id).revoked_at == NOON
        clock.advance(60)
        assert control.revoke_key(key.id).revoked_at == NOON, "the first time counts"
        assert control.find_key(text) is None
        revoked = control.find_key(text, also_revoked=True)
        assert revoked is not None
        assert revoked.revoked_at == NOON
        assert control.has_keys(), "revoking the last key must not open the door"
        assert [a.action for a in control.audit()] == ["key.revoke", "key.create"]
        with pytest.raises(NotFound):
            control.revoke_key(key.id, project="another")
        for missing in ("nothing", "", "\x00", "a'--"):
            with pytest.raises(NotFound, match="sightline keys list"):
                control.revoke_key(missing)

    def test_of_one_project_or_all(self, control: Control, clock: Any) -> None:
        control.create_project("shop")
        assert not control.has_keys()
        first, _ = control.create_key("shop", "read")
        clock.advance(1)
        second, _ = control.create_key(DEFAULT_PROJECT, "read")
        assert control.keys() == [first, second]
        assert control.keys("shop") == [first]

    def test_what_is_refused(self, control: Control) -> None:
        with pytest.raises(InvalidValue, match="one of ingest, read, admin"):
            control.create_key(DEFAULT_PROJECT, "write")
        with pytest.raises(InvalidValue, match="control characters"):
            control.create_key(DEFAULT_PROJECT, "read", "a\x1b]0;title\x07")
        assert not control.has_keys()

    def test_use_is_written_once_a_minute(self, control: Control, clock: Any) -> None:
        key, _ = control.create_key(DEFAULT_PROJECT, "read")
        control.note_use([key.id, "unheardof"])
        clock.advance(59)
        control.note_use([key.id])
        assert control.keys()[0].last_used_at == NOON
        clock.advance(1)
        control.note_use([key.id])
        assert control.keys()[0].last_used_at == NOON + timedelta(minutes=1)


class TestSettings:
    def test_of_a_project_and_of_all_are_apart(self, control: Control) -> None:
        control.set_setting(None, "zone", "UTC")
        control.set_setting(DEFAULT_PROJECT, "zone", {"name": "Europe/Paris"})
        control.set_setting(None, "zone", ["UTC", None])
        assert control.setting(None, "zone") == ["UTC", None]
        assert control.setting(DEFAULT_PROJECT, "zone") == {"name": "Europe/Paris"}
        assert control.settings(None) == {"zone": ["UTC", None]}
        control.remove_setting(None, "zone")
        control.remove_setting(None, "zone")
        assert control.setting(None, "zone", "unset") == "unset"
        assert control.settings(DEFAULT_PROJECT) == {"zone": {"name": "Europe/Paris"}}

    def test_null_is_a_value(self, control: Control) -> None:
        control.set_setting(None, "zone", None)
        assert control.setting(None, "zone", "unset") is None

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, "x" * 300_000])
    def test_what_json_cannot_hold_is_refused(self, control: Control, value: object) -> None:
        with pytest.raises(InvalidValue, match="The value of setting 'zone'"):
            control.set_setting(None, "zone", value)

    def test_keys_and_projects_are_checked(self, control: Control) -> None:
        with pytest.raises(InvalidValue, match="The setting 'A B'"):
            control.set_setting(None, "A B", 1)
        with pytest.raises(NotFound):
            control.set_setting("nowhere", "zone", 1)

    def test_writers_at_once_leave_one_value(self, control: Control) -> None:
        gate = threading.Barrier(8)
        failures: list[BaseException] = []

        def write(value: int) -> None:
            gate.wait()
            try:
                control.set_setting(DEFAULT_PROJECT, "zone", value)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert control.setting(DEFAULT_PROJECT, "zone") in range(8)
        assert len(control.audit()) == 8


class TestPrices:
    def test_only_appended_and_the_newest_counts(self, control: Control) -> None:
        day = date(2026, 11, 1)
        first = control.add_price("openai", "gpt-*", day, {"input": 1.0}, by="cli:ann")
        second = control.add_price("openai", "gpt-*", day, {"input": 0.5}, note="new contract")
        later = control.add_price("openai", "gpt-*", date(2026, 12, 1), {"input": 0.4})
        own = control.add_price("openai", "gpt-*", day, {"input": 0.1}, project=DEFAULT_PROJECT)
        assert control.prices() == [second, later, own]
        assert control.prices(history=True) == [first, second, later, own]
        assert control.price_version() == own.version
        assert (first.entered_by, first.entered_at) == ("cli:ann", NOON)

    def test_an_entry_reads_like_one_of_a_price_file(self, control: Control) -> None:
        day = date(2026, 11, 1)
        rates = {"input": 1.5, "per": 1000, "until": "2027-11-01", "provider": "another", "version": "0"}
        entry = control.add_price("openai", "gpt-*", day, rates, by="cli:ann")
        assert entry.as_file_entry() == {
            "provider": "openai",
            "model": "gpt-*",
            "from": day,
            "until": "2027-11-01",
            "input": 1.5,
            "per": 1000,
            "version": f"own price {entry.version}",
            "source": "entered by cli:ann on 2026-11-20",
        }

    def test_withdrawn_is_an_entry_too(self, control: Control) -> None:
        assert control.price_version() == 0
        day = date(2026, 11, 1)
        control.add_price("openai", "gpt-5", day, {"input": 1.0})
        second = control.add_price("openai", "gpt-5", day, {"input": 2.0})
        gone = control.withdraw_price(second.version, by="key:abc")
        assert gone.rates is None
        assert control.prices() == []
        assert len(control.prices(history=True)) == 3
        assert control.price_version() == gone.version
        assert [a.action for a in control.audit()] == ["price.withdraw", "price.add", "price.add"]
        with pytest.raises(NotFound, match="version 99"):
            control.withdraw_price(99)

    def test_what_is_refused(self, control: Control) -> None:
        day = date(2026, 11, 1)
        for provider, model, at, rates in (
            ("", "gpt-5", day, {"input": 1}),
            ("openai", " ", day, {"input": 1}),
            ("openai", "gpt\x00", day, {"input": 1}),
            ("openai", "gpt-5", NOON, {"input": 1}),
            ("openai", "gpt-5", "2026-11-01", {"input": 1}),
            ("openai", "gpt-5", day, {}),
            ("openai", "gpt-5", day, {"input": float("nan")}),
            ("openai", "gpt-5", day, [1]),
        ):
            with pytest.raises(InvalidValue):
                control.add_price(provider, model, at, rates)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            control.add_price("openai", "gpt-5", day, {"input": 1}, project="nowhere")
        assert control.prices(history=True) == []


class TestAudit:
    def test_who_did_what_when_newest_first_in_pages(self, control: Control) -> None:
        control.create_project("shop", by="cli:ann")
        control.create_environment("shop", "staging", by="key:abc")
        control.set_setting(None, "zone", "UTC")
        entries = control.audit()
        assert [(a.actor, a.action, a.project, a.subject) for a in entries] == [
            ("system", "setting.set", None, "zone"),
            ("key:abc", "environment.create", "shop", "staging"),
            ("cli:ann", "project.create", "shop", "shop"),
        ]
        assert entries[2].at == NOON
        assert entries[2].detail == {"retention_days": 90, "content_days": 30}
        assert control.audit("shop") == entries[1:]
        assert control.audit(limit=1) == entries[:1]
        assert control.audit(limit=1, before=entries[0].id) == entries[1:2]
        assert control.audit(limit=-5) == entries[:1]

    def test_a_change_that_fails_leaves_no_entry(
        self, control: Control, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("no room")

        monkeypatch.setattr("sightline.control.ledger.append_audit", fail)
        with pytest.raises(RuntimeError):
            control.create_project("shop")
        assert control.project("shop") is None, "and no change without its entry"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
shared = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@shared
@given(json_values)
def test_every_json_value_comes_back_as_it_was(shared_control: Control, value: Any) -> None:
    shared_control.set_setting(None, "any", value)
    assert shared_control.setting(None, "any") == value
    assert shared_control.audit(limit=1)[0].detail == {"value": value}


@shared
@given(name=st.text(), label=st.text())
def test_any_text_is_kept_as_given_or_refused_in_words(
    shared_control: Control, name: str, label: str
) -> None:
    try:
        key, _ = shared_control.create_key(DEFAULT_PROJECT, "read", label)
        assert key.label == label.strip()
        assert key in list(shared_control.keys(DEFAULT_PROJECT))
    except ControlError as error:
        assert str(error).isprintable()
    for attempt in (
        lambda: shared_control.create_project(name),
        lambda: shared_control.create_environment(name, label),
        lambda: shared_control.revoke_key(name),
        lambda: shared_control.set_setting(name, "zone", 1),
        lambda: shared_control.set_setting(None, name, 1),
    ):
        try:
            attempt()
        except ControlError as error:
            assert str(error).isprintable()
    assert shared_control.project("no such") is None
    shared_control.setting(DEFAULT_PROJECT, "absent")
