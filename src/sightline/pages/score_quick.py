"""Giving a defined score with one click: yes and no, labels and stars as buttons, other numbers as a field.
Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sightline.pages import formats
from sightline.pages.score_rows import ScoreRow, hint
from sightline.records.scores import DataType, ScoreDefinition

MOST_ROWS = 12
MOST_CHOICES = 12
_KEYS = "123456789"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it says and sends. `chosen`: the reader's own score says so. `key` presses it."""

    text: str
    value: str
    chosen: bool
    key: str


@dataclass(frozen=True, slots=True)
class QuickRow:
    """A defined name with what may be chosen; without choices a number is typed.

    `own` is the reader's score, which another choice replaces, None where they gave none.
    """

    name: str
    description: str
    hint: str
    choices: tuple[Choice, ...]
    own: ScoreRow | None


def quick_rows(
    definitions: Iterable[ScoreDefinition], given: Sequence[ScoreRow], *, keys: bool
) -> tuple[QuickRow, ...]:
    """The names to score with one click. `given` are the scores of what is scored, latest first; with `keys`
    the first buttons that are words have one each."""
    own = {row.chip.name: row for row in reversed(given) if row.mine}
    free = list(_KEYS) if keys else []
    found: list[QuickRow] = []
    for one in definitions:
        values = choices(one)
        if one.archived or not (values or one.data_type is DataType.NUMERIC) or len(found) == MOST_ROWS:
            continue
        mine = own.get(one.name)
        # A key beside a number would look like one.
        keyed = free if one.data_type is not DataType.NUMERIC else []
        made = tuple(
            Choice(text, value, mine is not None and mine.typed == value, keyed.pop(0) if keyed else "")
            for text, value in values
        )
        found.append(QuickRow(one.name, one.description, hint(one), made, mine))
    return tuple(found)


def choices(one: ScoreDefinition) -> tuple[tuple[str, str], ...]:
    """What may be chosen of a definition, in words and as it is typed; none where there is too much."""
    if one.data_type is DataType.BOOLEAN:
        return (("Yes", "yes"), ("No", "no"))
    if one.data_type is DataType.CATEGORICAL and len(one.categories) <= MOST_CHOICES:
        return tuple((label, label) for label in one.categories)
    if one.data_type is not DataType.NUMERIC or one.low is None or one.high is None:
        return ()
    # From 1 to 5 is counted; from 0 to 1 is measured.
    whole = one.low == int(one.low) and one.high == int(one.high)
    if not whole or not 2 <= one.high - one.low < MOST_CHOICES:
        return ()
    return tuple((formats.score(float(n)), f"{n}") for n in range(int(one.low), int(one.high) + 1))
