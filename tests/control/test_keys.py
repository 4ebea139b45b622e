from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.control import keys
from sightline.records.access import Scope


@pytest.mark.parametrize(
    ("scope", "letter"), [(Scope.INGEST, "i"), (Scope.READ, "r"), (Scope.ADMIN, "a"), (Scope.PUBLIC, "p")]
)
def test_a_key_says_what_it_is_for_and_who_it_is(scope: Scope, letter: str) -> None:
    new = keys.make(scope)
    assert new.text.startswith(f"sl_{letter}_{new.id}_")
    assert keys.id_of(new.text) == new.id
    assert keys.matches(new.text, new.digest)
    assert new.text not in repr(new)
    assert new.text not in new.digest


def test_the_secret_has_256_bits_from_the_system() -> None:
    assert len({keys.make(Scope.READ).text for _ in range(200)}) == 200
    drawn: list[tuple[int, int]] = []

    def draw(alphabet: str, count: int) -> str:
        drawn.append((len(set(alphabet)), count))
        return alphabet[0] * count

    keys.make(Scope.READ, draw)
    letters, count = drawn[-1]
    assert letters**count >= 2**256


@given(st.text())
def test_text_of_another_shape_has_no_id(text: str) -> None:
    assert keys.id_of(text) is None
    assert not keys.matches(text, keys.make(Scope.READ).digest)


@pytest.mark.parametrize("change", ["{}\n", " {}", "{}x", "{}\x00", "\ufeff{}"])
def test_nearly_a_key_is_none(change: str) -> None:
    assert keys.id_of(change.format(keys.make(Scope.INGEST).text)) is None


@given(st.integers(0, 200), st.characters())
def test_a_changed_letter_never_matches(position: int, letter: str) -> None:
    new = keys.make(Scope.INGEST)
    position %= len(new.text)
    changed = new.text[:position] + letter + new.text[position + 1 :]
    assert keys.matches(changed, new.digest) == (changed == new.text)
