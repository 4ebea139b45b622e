"""Figures as the pages write them: number and unit, what a sum leaves out, the difference. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sightline.pages import formats
from sightline.pages.formats import Absent, Money
from sightline.query.measures import Unit
from sightline.query.score_measures import measure_named
from sightline.records.figures import Figure, Series

# A margin is shown from this share of its value on.
TELLING = 0.005


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure. `absent` is one of the kinds of no number, `why` is its title or that of a lower bound.

    `bound`: the number is a lower bound. `difference` is that to the comparison range, empty without one;
    `was` says what it was. `worse`: the change is more than chance and for the worse. `about`: an estimate.
    `margin` is half the width of its 95 percent interval, empty where that is below half a percent. `rated`
    says of how many scores it is made, empty of what is made of none.
    """

    parts: tuple[tuple[str, str], ...] = ()
    absent: str = ""
    why: str = ""
    bound: bool = False
    difference: str = ""
    was: str = ""
    worse: bool = False
    about: bool = False
    margin: str = ""
    rated: str = ""

    @property
    def text(self) -> str:
        """As plain text."""
        return self.absent or " ".join(f"{number} {unit}".strip() for number, unit in self.parts)


def shown(
    figure: Figure,
    unit: Unit,
    before: Figure | None = None,
    *,
    sample: int = 1000,
    sample_before: int = 1000,
    headline: bool = False,
    worse: bool = False,
) -> Shown:
    """A figure of a unit; `sample` is how many things a share is of, `before` the same in the comparison."""
    if figure.rated is not None:
        sample = figure.rated
    difference, was = "", ""
    if before is not None:
        difference = changed(figure.value, before.value, unit)
        was = " ".join(f"{n} {u}".strip() for n, u in parts(before.value, unit, sample_before)) or "nothing"
    if figure.value is None:
        if figure.rated is not None:
            return Shown(absent=Absent.NOT_SET, why="nothing was rated", was=was)
        if figure.unknown:
            return Shown(absent=Absent.UNKNOWN, why=f"{_calls(figure.unknown)} did not say, or have no price")
        return Shown(absent=Absent.NOT_APPLICABLE, was=was)
    bound = figure.unknown > 0
    why = f"leaves out {_calls(figure.unknown)} that did not say, or have no price" if bound else ""
    margin = margin_text(figure, unit)
    if figure.stored is not None:
        why = "; ".join(filter(None, (sampled(figure, unit), why)))
    elif figure.rated is not None and unit is not Unit.COUNT:
        why = f"{formats.count(figure.rated)} {'was' if figure.rated == 1 else 'were'} rated"
    return Shown(
        parts(figure.value, unit, sample, headline),
        "",
        why,
        bound or (figure.at_least and bool(figure.value)),
        difference,
        was,
        worse and bool(difference),
        # Percentiles have no interval; what has a wide one shows it.
        bool(figure.stored and (figure.value or unit is Unit.SCORE))
        and figure.margin is None
        and not figure.at_least,
        margin,
        f"{formats.count(figure.rated)} rated" if figure.rated is not None and unit is not Unit.COUNT else "",
    )


def narrow(figure: Shown) -> Shown:
    """The figure for a narrow column: its margin stands in its title alone."""
    return replace(figure, margin="", about=True) if figure.margin else figure


def estimated(estimates: Mapping[str, Figure], units: Mapping[str, Unit]) -> dict[str, Shown]:
    """Estimates as they are shown, those that have a unit here."""
    return {name: shown(estimates[name], unit) for name, unit in units.items() if name in estimates}


def written(figure: Shown) -> str:
    """A figure with its marks as plain text."""
    signs = f"{'≥ ' if figure.bound else ''}{'≈ ' if figure.about else ''}"
    return f"{signs}{figure.text}{f' ± {figure.margin}' if figure.margin else ''}"


def fact_text(estimates: Mapping[str, Figure], unit: Unit, *names: str) -> tuple[str, str] | None:
    """The estimates of these names in one text, with its title; None where there are none."""
    told = [shown(estimates[name], unit) for name in names if name in estimates]
    if not told:
        return None
    return " → ".join(map(written, told)), "; ".join(dict.fromkeys(one.why for one in told if one.why))


def margin_text(figure: Figure, unit: Unit) -> str:
    """Half the width of a figure's interval, empty where it does not matter: below half a percent."""
    if figure.value is None or not figure.margin or figure.margin < TELLING * abs(figure.value):
        return ""
    if unit is Unit.RATIO:
        return f"{100 * figure.margin:.{2 if figure.margin < 0.001 else 1}f}"
    return " ".join(f"{number} {size}".strip() for number, size in parts(figure.margin, unit))


def sampled(figure: Figure, unit: Unit) -> str:
    """From what an estimate was made, for a title."""
    stored = f"{formats.count(figure.stored or 0)} stored{'' if figure.rated is None else ' scores'}"
    if figure.at_least:
        return f"of {stored} alone; what sampling left out may have more"
    if figure.margin is None or figure.value is None:
        return f"estimated from {stored}, each counted as often as it stands for"
    low, high = figure.value - figure.margin, figure.value + figure.margin
    low = low if unit is Unit.SCORE else max(0, low)
    ends = [" ".join(f"{n} {u}".strip() for n, u in parts(end, unit)) for end in (low, high)]
    return f"95 % interval {ends[0]} to {ends[1]}, estimated from {stored}"


def _calls(number: int) -> str:
    return f"{formats.count(number)} {'call' if number == 1 else 'calls'}"


def parts(
    value: float | None, unit: Unit, sample: int = 1000, headline: bool = False
) -> tuple[tuple[str, str], ...]:
    """Numbers with their units, for muted ink; empty for no value."""
    if value is None:
        return ()
    if unit is Unit.NANOSECONDS:
        return formats.duration(round(value)).parts
    if unit is Unit.RATIO:
        digits = 0 if sample < 1000 else 2 if headline and value < 0.1 else 1
        return ((f"{100 * value:.{digits}f}", "%"),)
    if unit is Unit.USD:
        number, _, size = formats.money(value, Money.HEADLINE if headline else Money.TABLE).partition(" ")
        return ((f"< {size}", ""),) if number == "<" else ((number, size),)
    if unit is Unit.SCORE:
        return ((formats.score(value), ""),)
    if unit is Unit.TOKENS_PER_SECOND:
        return ((f"{value:,.1f}", "tokens/s"),)
    number, _, size = formats.count(round(value)).partition(" ")
    return ((number, size),)


def changed(now: float | None, before: float | None, unit: Unit) -> str:
    """The difference: points of a share, time, or a share of what was; empty where there is none to tell."""
    if now is None or before is None:
        return ""
    sign = "+" if now > before else "−"
    if unit is Unit.RATIO:
        points = 100 * abs(now - before)
        return f"{sign}{points:.1f} pt" if points >= 0.05 else "±0 pt"
    if unit is Unit.SCORE:
        return f"{sign}{formats.score(abs(now - before))}" if now != before else "±0"
    if unit is Unit.NANOSECONDS:
        apart = abs(now - before)
        return f"{sign}{formats.duration(round(apart))}" if apart >= 0.005 * before and apart else "±0"
    if not before:
        return "new" if now else "±0 %"
    share = 100 * abs(now - before) / before
    if share >= 1000:
        return f"{now / before:,.0f}×"
    return f"{sign}{share:.{0 if share >= 10 else 1}f} %" if share >= 0.05 else "±0 %"


def unit_of(measure: str) -> Unit:
    """The unit of a measure."""
    return measure_named(measure).unit


def points(series: Series, at: int) -> list[float | None]:
    """One measure over time."""
    return [point[at].value for point in series.points]


def fitted(values: Sequence[float | None], length: int) -> list[float | None]:
    """As many values as the chart has buckets: a comparison may have one more or less."""
    return [*values[:length], *[None] * max(0, length - len(values))]
