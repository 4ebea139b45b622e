"""What the explore page is asked: measures, dimensions and shape, read from its address. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.query.buckets import NoBuckets, step_of
from sightline.query.dimensions import NoDimension
from sightline.query.filter.fields import Type, fields
from sightline.query.filter.spelling import spell_name
from sightline.query.measures import MEASURES, UnknownMeasure
from sightline.query.question import MAX_BY, MAX_TOP
from sightline.query.score_measures import askable, dimension_named, measure_named
from sightline.query.scores import ScoreName
from sightline.query.selection import Target
from sightline.records.scores import DataType

MOST_MEASURES = 3
MOST_OFFERED = 100
SHAPES = {"lines": "Lines", "bars": "Bars", "stacked": "Stacked bars"}
STEPS = ("", "1m", "5m", "15m", "1h", "6h", "1d", "7d")
TOPS = (5, 10, 20, 50, 100)
DEFAULT_TOP = 10
PARAMETERS = (
    "q", "vs", "of", "measure", "measure2", "measure3", "by", "by2", "by3", "chart", "top", "step", "zone",
)  # fmt: skip
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_GROUPED = frozenset({Type.TEXT, Type.WORD, Type.BOOL, Type.INTEGER})


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was sent. `mistakes` are sentences by field: `measure`, `by`, `step`, `top`, `chart`.

    `step` is in ns, None to leave it to the range.
    """

    target: Target
    measures: tuple[str, ...]
    by: tuple[str, ...]
    shape: str
    top: int
    step: int | None
    step_text: str
    mistakes: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str | None]:
        """The same as parameters of an address; defaults are left out."""
        return {
            "of": "traces" if self.target is Target.TRACES else None,
            "measure": ",".join(self.measures) if self.measures != ("count",) else None,
            "by": ",".join(self.by) or None,
            "chart": self.shape if self.shape != "lines" else None,
            "top": str(self.top) if self.top != DEFAULT_TOP else None,
            "step": self.step_text or None,
        }


def asked(query: Mapping[str, str]) -> Asked:
    """Read the form. What is wrong is said and left out, so that the rest still answers."""
    mistakes: dict[str, str] = {}
    target = Target.TRACES if query.get("of") == "traces" else Target.SPANS
    measures = _several(query, "measure") or ("count",)
    if len(measures) > MOST_MEASURES:
        mistakes["measure"] = f"{len(measures)} measures were asked for; the first {MOST_MEASURES} are shown."
    by = _several(query, "by")
    if len(by) > MAX_BY:
        mistakes["by"] = f"{len(by)} dimensions were asked for; the first {MAX_BY} are used."
    shape = query.get("chart", "lines")
    if shape not in SHAPES:
        mistakes["chart"] = f"There is no chart “{shape[:30]}”; it is {', '.join(SHAPES)}."
        shape = "lines"
    return Asked(
        target,
        _known(measures[:MOST_MEASURES], "measure", target, mistakes) or ("count",),
        _known(by[:MAX_BY], "by", target, mistakes),
        shape,
        _top(query.get("top", ""), mistakes),
        *_step(query.get("step", ""), mistakes),
        mistakes,
    )


def _several(query: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The values of a field that may be written with commas, or in fields of their own."""
    texts = [query.get(name + n, "") for n in ("", "2", "3")]
    found = [one.strip() for text in texts for one in _COMMA.split(text)]
    return tuple(dict.fromkeys(one for one in found if one))


def _known(names: Sequence[str], field: str, target: Target, mistakes: dict[str, str]) -> tuple[str, ...]:
    found = []
    for name in names:
        try:
            if field == "measure":
                measure_named(name, target is Target.TRACES)
            else:
                name = dimension_named(name, target is Target.TRACES).name
        except (UnknownMeasure, NoDimension) as error:
            sentence = str(error)
            mistakes[field] = sentence[:1].upper() + sentence[1:] + "."
            continue
        found.append(name)
    return tuple(dict.fromkeys(found))


def _top(text: str, mistakes: dict[str, str]) -> int:
    if not text:
        return DEFAULT_TOP
    top = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not 1 <= top <= MAX_TOP:
        mistakes["top"] = f"“{text[:20]}” groups cannot be shown; it is a number from 1 to {MAX_TOP}."
        return DEFAULT_TOP
    return top


def _step(text: str, mistakes: dict[str, str]) -> tuple[int | None, str]:
    if not text:
        return None, ""
    try:
        return step_of(text), text
    except NoBuckets as error:
        sentence = str(error)
        mistakes["step"] = sentence[:1].upper() + sentence[1:] + "."
        return None, ""


def offered(
    target: Target, scores: Sequence[ScoreName] = (), chosen: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """The measures there are for spans or traces, with what each says; `scores` are those of the project."""
    usual = [(m.name, m.says) for m in MEASURES.values() if target is Target.SPANS or m.traces]
    # Anybody with a public key makes names: a select has the most frequent.
    asked = [one.name for one in scores[:MOST_OFFERED] if one.numbers and askable(one.name)]
    named = [spell_name(f"score.{name}") for name in asked]
    found = {name: measure_named(name, target is Target.TRACES).says for name in (*named, *chosen)}
    known = {name for name, _ in usual}
    return (*usual, *((name, says) for name, says in found.items() if name not in known))


def scored_dimensions(scores: Sequence[ScoreName]) -> tuple[str, ...]:
    """The scores that have few values: labels, yes and no."""
    few = (DataType.BOOLEAN, DataType.CATEGORICAL)
    return tuple(
        spell_name(f"score.{one.name}")
        for one in scores[:MOST_OFFERED]
        if one.data_type in few and askable(one.name)
    )


def dimensions(target: Target) -> tuple[str, ...]:
    """The fields that can be grouped by, under the names to show."""
    return tuple(
        f.names[0]
        for f in fields()
        if f.type in _GROUPED and f.sql and (f.whole_trace or target is Target.SPANS)
    )
