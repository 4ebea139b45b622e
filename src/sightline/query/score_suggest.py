"""What could be typed of scores: their names, what can be asked of each, and values that were given."""

from __future__ import annotations

from sightline.query.filter.scored import ASPECTS, HEADS, SAYS, VALUE, score_field
from sightline.query.filter.spelling import spell_name, spell_value, value_of
from sightline.query.score_bands import between
from sightline.query.score_measures import askable
from sightline.query.scores import ScoreName, score_names
from sightline.records.facets import Suggestion
from sightline.records.scores import DataType, ScoreSource
from sightline.store.store import Store

_MOST = 8
_OPERATORS = {DataType.NUMERIC: "<", DataType.BOOLEAN: ":", DataType.CATEGORICAL: ":"}


async def names(store: Store, project: str, word: str, offset: int, length: int) -> list[Suggestion]:
    """Scores whose name has what is typed, and what can be asked of the one that is typed in full."""
    lowered = word.lower().replace('"', "")
    if not lowered or not _near(lowered):
        return []
    head = next((head for head in (*list(HEADS)[1:], *list(HEADS)[:1]) if lowered.startswith(head)), "score.")
    rest = lowered.removeprefix(head) if lowered.startswith(head) else ""
    seen = await score_names(store, project)
    found = [
        Suggestion(
            spell_name(head + one.name) + _OPERATORS.get(one.data_type, "."),
            offset,
            length,
            _says(one),
            one.found,
        )
        for one in seen
        if rest in one.name.lower() and _writable(one.name)
    ][:_MOST]
    exact = next(
        (one for one in seen if rest.rpartition(".")[0] == one.name.lower() or rest == one.name.lower()), None
    )
    if exact and _writable(exact.name):
        found += [
            Suggestion(f"{spell_name(f'{head}{exact.name}.{aspect}')}:", offset, length, SAYS[aspect])
            for aspect in ASPECTS
        ]
    return found


async def values(
    store: Store, project: str, field: str, word: str, offset: int, length: int
) -> list[Suggestion] | None:
    """Values of the score behind which a value is typed; None where the field is no score."""
    score = score_field(field.replace('"', ""))
    if score is None or not score.name:
        return None
    if score.aspect == "source":
        texts = [(str(source), SAYS["source"]) for source in ScoreSource]
    elif score.aspect != VALUE:
        return []
    else:
        seen = next((one for one in await score_names(store, project) if one.name == score.name), None)
        texts = [] if seen is None else _texts(seen)
    return [
        Suggestion(text, offset, length, says)
        for text, says in texts
        if text.lower().startswith(word.lower())
    ][:20]


def _texts(seen: ScoreName) -> list[tuple[str, str]]:
    if seen.data_type is DataType.BOOLEAN:
        return [("true", "a score"), ("false", "a score")]
    found = [(spell_value(value_of(label)), "a label") for label in seen.labels]
    if seen.low is not None and seen.high is not None:
        shown = between(seen.low, seen.high) or (seen.low,)
        found += [(f"{cut:.12g}", f"between {seen.low:g} and {seen.high:g}") for cut in shown]
    return found


def _near(word: str) -> bool:
    """Whether a score may be meant."""
    return any(head.startswith(word) or word.startswith(head) for head in HEADS)


def _writable(name: str) -> bool:
    return len(name) < 100 and name.isprintable() and askable(name)


def _says(one: ScoreName) -> str:
    kind = {DataType.NUMERIC: "a score", DataType.BOOLEAN: "a score, true or false"}.get(one.data_type, "")
    return kind or f"a score: {one.data_type}"
