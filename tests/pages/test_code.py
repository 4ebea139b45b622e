"""Code in its language, and only as code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_elements import Elements, assert_harmless
from pages_hostile import ALL

from sightline.pages.code import LANGUAGES, MAX_CODE, highlighted


@pytest.mark.parametrize("language", sorted({*LANGUAGES, "PYTHON", "unknown", "<script>", ""}))
def test_every_language_keeps_the_text_and_does_nothing(language: str) -> None:
    code = "\n\nif (x == 'a') { return \"b\" + 1; } # c\n" + ALL.replace("\x00", "") + "\n"
    plain = Elements(highlighted(code, "none")).text
    assert assert_harmless(highlighted(code, language)).text == plain


def test_long_code_and_long_lines_are_merely_text() -> None:
    assert "<span" not in highlighted("x = 1\n" * MAX_CODE, "python")
    assert "<span" not in highlighted("x = 1;" * 1000, "python")
    assert "<span" in highlighted("x = 1", "python")


@given(st.text(), st.sampled_from(sorted(LANGUAGES)))
def test_any_text_in_any_language(code: str, language: str) -> None:
    assert_harmless(highlighted(code, language))
