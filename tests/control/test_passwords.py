from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.control.errors import InvalidValue
from sightline.control.passwords import LONGEST, SHORTEST, Passwords, acceptable

CHEAP = Passwords(time_cost=1, memory_kib=8)


def test_the_real_ones_are_argon2id_with_the_parameters_of_the_rfc() -> None:
    stored = Passwords().hash("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert Passwords().matches("correct horse battery", stored)
    assert not Passwords().matches("correct horse batterx", stored)
    assert CHEAP.outdated(stored)
    assert not Passwords().outdated(stored)


def test_two_hashes_of_one_password_differ() -> None:
    assert CHEAP.hash("correct horse battery") != CHEAP.hash("correct horse battery")


def test_without_a_stored_hash_one_is_checked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    real = CHEAP._hasher.verify

    def verify(stored: str, password: str) -> bool:
        checked.append(stored)
        return bool(real(stored, password))

    monkeypatch.setattr(type(CHEAP._hasher), "verify", lambda _, stored, password: verify(stored, password))
    assert not CHEAP.matches("nobody has this password", None)
    assert checked == [CHEAP._nobody]


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$", "$2b$12$x"])
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not CHEAP.matches("anything at all", stored)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_any_text_can_be_hashed_and_matches_itself(text: str) -> None:
    assert CHEAP.matches(text, CHEAP.hash(text))


def test_the_same_letters_typed_otherwise_are_the_same() -> None:
    assert CHEAP.matches("cafe\u0301 au lait \ufb01n", CHEAP.hash("caf\u00e9 au lait fin"))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", f"has 5 characters; at least {SHORTEST}"),
        ("x" * (LONGEST + 1), f"at most {LONGEST}"),
        ("abababababababab", "repeats a few characters"),
        ("Ann@Example.com", "is the name or e-mail address itself"),
    ],
)
def test_what_is_refused(password: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        acceptable(password, "ann@example.com", "")


def test_blanks_and_any_script_are_welcome() -> None:
    for good in ("four words are good", "пароль из слов", "🐎 correct battery"):
        assert acceptable(good, "ann@example.com") == good
