"""Every shape of messages, one case each. `UPDATE_GOLDEN=1 pytest tests/content` writes the golden files."""

from __future__ import annotations

import os

import pytest
from tests.content.transcript import CASES, HERE, case, of_case, transcript


@pytest.mark.parametrize("name", CASES)
def test_a_shape_is_read_as_its_golden_file_says(name: str) -> None:
    path = HERE / "golden" / f"{name}.txt"
    found = transcript(of_case(name))
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found)
    assert path.read_text() == found, f"{name}: run with UPDATE_GOLDEN=1 and look at the difference"


def test_every_golden_file_has_its_case() -> None:
    assert sorted(path.stem for path in (HERE / "golden").iterdir()) == CASES
    assert all(case(name)["about"].endswith(".") for name in CASES)
