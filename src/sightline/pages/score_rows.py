"""Scores as pages show them: in words, coloured where a definition says which way is good. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sightline.content.difference import DiffLine, difference
from sightline.control.score_rules import goodness, misfit
from sightline.pages import formats
from sightline.records.scores import DataType, Rated, Score, ScoreDefinition, ScoreSource, ScoreTarget

WHO = {
    ScoreSource.END_USER: "end user",
    ScoreSource.PERSON: "person",
    ScoreSource.EVALUATOR: "evaluator",
    ScoreSource.RULE: "rule",
}
_ORDER = (ScoreSource.PERSON, ScoreSource.END_USER, ScoreSource.EVALUATOR, ScoreSource.RULE)
_GOOD, _BAD = 2 / 3, 1 / 3
MOST_CHIPS = 3
BY_HAND = "page"
"""How scores are given on pages."""
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class ScoreChip:
    """A score in a few words. `tone` is `good`, `bad` or empty: nothing says which way is good.

    `count`: the last one may stand for all that found no room, without a name.
    """

    name: str
    text: str
    tone: str
    title: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class RatedChip:
    """What several scores of one name come to. `of` says how many were rated, empty for a single score.

    `href` opens what was rated.
    """

    name: str
    text: str
    of: str
    tone: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score in full. `counts`: it is the one of its name and target that figures use.

    `outside` says why it does not fit its definition. `difference` is its correction against the output.
    `mine`: the reader gave it, so that correcting it replaces it.
    """

    id: str
    chip: ScoreChip
    target: str
    who: str
    author: str
    method: str
    time: int
    comment: str
    correction: str
    difference: tuple[DiffLine, ...]
    outside: str
    description: str
    counts: bool
    mine: bool
    typed: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A name that a person may score, with what is expected of it."""

    name: str
    hint: str


def chip(score: Score, definitions: Mapping[str, ScoreDefinition]) -> ScoreChip:
    """A score in a few words."""
    by = f"{who(score)}{f' {score.author}' if score.author else ''}"
    if score.target is ScoreTarget.SESSION:
        by += ", given to the whole session"
    note = f": {score.comment[:200]}" if score.comment else ""
    return ScoreChip(
        score.name,
        text_of(score),
        tone(definitions.get(score.name), score.value),
        f"{score.name}, by {by}{note}",
    )


def rated_chip(
    found: Rated, data_type: DataType, definitions: Mapping[str, ScoreDefinition], href: str, what: str
) -> RatedChip:
    """What scores of one name come to: a mean, the share of yes, or that of the most frequent label.

    `what` was rated, as in `requests`.
    """
    definition = definitions.get(found.name)
    kind = definition.data_type if definition else data_type
    text, said = summed(found, kind)
    of = "" if found.own else formats.count(found.rated)
    many = (
        "given to the session itself" if found.own else f"{of} {what} {'was' if of == '1' else 'were'} rated"
    )
    return RatedChip(found.name, text, of, tone(definition, found.mean), f"{said}; {many}", href)


def summed(found: Rated, kind: DataType) -> tuple[str, str]:
    """Figures of one name in short, and what they are."""
    if kind is DataType.CATEGORICAL and found.label:
        if found.own:
            return found.label, f"{found.name}: {found.label}"
        share = formats.percent(found.labelled, found.labels, found.labels)
        return f"{found.label} {share}", f"{found.name}: the share of {found.label}, its most frequent label"
    if found.mean is None:
        return "rated", f"{found.name}: no number among them"
    if kind is DataType.BOOLEAN:
        if found.own:
            return "yes" if found.mean else "no", found.name
        return formats.percent(found.mean, 1, found.rated), f"{found.name}: the share of yes"
    return formats.score(found.mean), found.name if found.own else f"{found.name}: the mean"


def tone(definition: ScoreDefinition | None, value: float | None) -> str:
    """`good`, `bad` or empty: nothing says which way is good, or it is in between."""
    good = goodness(definition, value)
    return "" if good is None else "good" if good >= _GOOD else "bad" if good <= _BAD else ""


def text_of(score: Score) -> str:
    """What a score says."""
    if score.label:
        number = f" ({formats.score(score.value)})" if score.value is not None else ""
        return f"{score.label}{number}"
    if score.value is not None:
        if score.data_type is DataType.BOOLEAN:
            return "yes" if score.value else "no"
        return formats.score(score.value)
    return "corrected" if score.correction else "comment"


def counting(scores: Iterable[Score]) -> list[Score]:
    """Of several of one name on one target the one that counts, in the order of names.

    `scores` are in the order of a question about them: of those of one moment the first counts.
    """
    best: dict[tuple[str, ...], Score] = {}
    for score in scores:
        key = (score.name, score.target, score.trace_id, score.span_id, score.session_id)
        if key not in best or _rank(score) > _rank(best[key]):
            best[key] = score
    return sorted(best.values(), key=lambda score: score.name)


def is_claim(score: Score) -> bool:
    """Whether it came with a public key: then it is anybody's claim, and counts after all others."""
    return score.id.startswith("public:")


def who(score: Score) -> str:
    """Who gave it, in words."""
    return f"{WHO[score.source]}{', with a public key' if is_claim(score) else ''}"


def _rank(score: Score) -> tuple[int, int]:
    # As `standing` of table `scores` has it.
    return -(len(_ORDER) if is_claim(score) else _ORDER.index(score.source)), score.time


def chips(
    scores: Sequence[Score], definitions: Mapping[str, ScoreDefinition], most: int = MOST_CHIPS
) -> tuple[ScoreChip, ...]:
    """The scores that count in a few words each; those that are bad first, and how many more there are."""
    tones = {"bad": 0, "good": 1, "": 2}
    found = sorted((chip(score, definitions) for score in counting(scores)), key=lambda one: tones[one.tone])
    shown, rest = found[:most], found[most:]
    if rest:
        more = "\n".join(f"{one.name[:80]} {one.text[:80]}" for one in rest[:_MOST_NAMED])
        shown.append(ScoreChip("", f"+{formats.count(len(rest))}", "", more, len(rest)))
    return tuple(shown)


def rows(
    scores: Sequence[Score], definitions: Mapping[str, ScoreDefinition], reader: str, output: str
) -> tuple[ScoreRow, ...]:
    """Scores in full, latest first. `output` is what a correction is held against, '' where unknown."""
    counted = {score.id for score in counting(scores)}
    found = []
    for score in scores:
        definition = definitions.get(score.name)
        outside = ""
        if definition:
            outside = misfit(definition, score.value, score.label, score.comment, score.correction)
        found.append(
            ScoreRow(
                id=score.id,
                chip=chip(score, definitions),
                target="whole trace" if score.target is ScoreTarget.TRACE else str(score.target),
                who=who(score),
                author=score.author,
                method=score.method,
                time=score.time,
                comment=score.comment,
                correction=score.correction,
                difference=difference(output, score.correction) if score.correction and output else (),
                outside=outside,
                description=definition.description if definition else "",
                counts=score.id in counted,
                mine=_mine(score, reader),
                typed=score.label or ("" if score.value is None else _typed(score)),
            )
        )
    return tuple(found)


def _mine(score: Score, reader: str) -> bool:
    """Whether the reader gave it; at an open server, where nobody has a name, by hand."""
    own = score.source is ScoreSource.PERSON and score.author == reader
    return own and (bool(reader) or score.method == BY_HAND)


def _typed(score: Score) -> str:
    if score.data_type is DataType.BOOLEAN:
        return "yes" if score.value else "no"
    return f"{score.value:.12g}"


def offers(definitions: Iterable[ScoreDefinition], seen: Iterable[str]) -> tuple[Offer, ...]:
    """The names to offer: those that are defined, then those that were seen."""
    known = {one.name: one for one in definitions}
    found = [Offer(one.name, hint(one)) for one in known.values() if not one.archived]
    return (*found, *(Offer(name, "") for name in seen if name not in known))


def hint(one: ScoreDefinition) -> str:
    """What is expected of a score, in a few words."""
    if one.data_type is DataType.BOOLEAN:
        return "yes or no"
    if one.data_type is DataType.CATEGORICAL:
        return ", ".join(one.categories[:6])
    if one.data_type is DataType.NUMERIC and (one.low is not None or one.high is not None):
        low = "" if one.low is None else formats.score(one.low)
        high = "" if one.high is None else formats.score(one.high)
        return f"{low} to {high}".strip()
    return str(one.data_type)


def typed_value(text: str, definition: ScoreDefinition | None) -> tuple[float | bool | None, str]:
    """A typed value as number, truth or label: as defined, else as it looks."""
    text = text.strip()
    lowered = text.lower()
    kind = definition.data_type if definition else None
    if not text:
        return None, ""
    if kind is not DataType.CATEGORICAL and lowered in ("yes", "no", "true", "false"):
        return lowered in ("yes", "true"), ""
    if kind is not DataType.CATEGORICAL:
        try:
            number = float(text.replace("−", "-"))
        except ValueError:
            number = math.inf
        # Neither "nan" nor "infinity" is a number that a score may have: a label of that name may be meant.
        if math.isfinite(number):
            return number, ""
    return None, text
