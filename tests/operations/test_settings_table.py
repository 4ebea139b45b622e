"""The table of settings: unambiguous, documented, and the guide says the same."""

from __future__ import annotations

import os
from pathlib import Path

from sightline.operations.settings_table import OTHER_VARIABLES, reference, settings_table, shown

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "configuration.md"
START, END = "<!-- settings: generated -->\n", "<!-- settings: end -->\n"


def test_names_are_unambiguous() -> None:
    table = settings_table()
    assert len({s.flat for s in table}) == len(table)
    assert not {s.variable for s in table} & OTHER_VARIABLES.keys()


def test_every_setting_is_explained_in_its_declaration() -> None:
    assert [s.key for s in settings_table() if not s.doc] == []


def test_defaults_are_inside_their_own_ranges() -> None:
    for setting in settings_table():
        if setting.kind in (int, float):
            assert setting.default > setting.low or (setting.default == setting.low and not setting.above)
            assert setting.high is None or setting.default <= setting.high


def test_values_are_shown_as_one_writes_them() -> None:
    table = {s.key: s for s in settings_table()}
    assert shown(table["http.max_body"], 64 * 2**20) == "64MiB"
    assert shown(table["http.max_body"], 1000) == "1000"
    assert shown(table["journal.segment_age"], 0.4) == "400ms"
    assert shown(table["journal.segment_age"], 90) == "90s"
    assert shown(table["journal.keep_digested"], 86400) == "24h"
    assert shown(table["self_tracing"], False) == "false"


def test_the_guide_lists_the_settings_as_they_are() -> None:
    """Regenerate with `UPDATE_GOLDEN=1 pytest tests/operations/test_settings_table.py`."""
    text = GUIDE.read_text()
    head, _, rest = text.partition(START)
    listed, _, tail = rest.partition(END)
    if os.environ.get("UPDATE_GOLDEN"):
        GUIDE.write_text(head + START + reference() + END + tail)
        return
    assert listed == reference(), "docs/guide/configuration.md is old; run this test with UPDATE_GOLDEN=1"
