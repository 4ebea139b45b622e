from __future__ import annotations

import pytest

from sightline.pages import traces_rows as traces


def test_a_few_long_traces_do_not_dwarf_the_others() -> None:
    assert traces.scale([]) == 0
    assert traces.scale([5]) == 5
    assert traces.scale([5, 6, 8]) == 8
    assert traces.scale([*range(100, 200), 5000]) == 195


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("gpt-4o-2024-11-20", "gpt-4o-11-20"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5-0929"),
        ("models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("gpt-4o", "gpt-4o"),
        ("model-2048", "model-2048"),
        ("", ""),
    ],
)
def test_model_names_lose_what_the_title_has(name: str, short: str) -> None:
    assert traces.short_model(name) == short
