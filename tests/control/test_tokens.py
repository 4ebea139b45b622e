from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.control.keys import draw_at_random
from sightline.control.tokens import LENGTH, csrf_of, matches, new_id, new_token, shaped


def test_tokens_are_long_and_never_the_same() -> None:
    made = {new_token(draw_at_random) for _ in range(100)}
    assert len(made) == 100
    assert all(shaped(token) and len(token) == LENGTH for token in made)
    assert not shaped(new_id(draw_at_random))


def test_what_forms_bring_is_bound_to_the_session_and_does_not_tell_its_token() -> None:
    one, two = new_token(draw_at_random), new_token(draw_at_random)
    assert csrf_of(one) == csrf_of(one) != csrf_of(two)
    assert one not in csrf_of(one)
    assert matches(csrf_of(one), csrf_of(one))
    assert not matches(csrf_of(two), csrf_of(one))


@given(st.text())
def test_any_text_is_compared_and_nothing_matches_nothing(text: str) -> None:
    assert not matches(text, "")
    assert not matches("", "")
    assert matches(text, "x") is (text == "x")
