"""The list of scores in its address: which ones, its form, and where it leads. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sightline.pages.address import Link, View
from sightline.pages.score_lists import has
from sightline.pages.score_rows import WHO
from sightline.pages.traces_facets import worded
from sightline.query.filter.spelling import spell_name
from sightline.query.score_measures import askable
from sightline.query.scores import PUBLIC, ScoreName, ScoreQuestion, saying
from sightline.records.scores import DataType

PARAMETERS = ("name", "by", "said", "is", "author", "trace", "session", "cursor")
WORDS = "words"
"""What `said` has for whatever has a comment or a correction."""
_KINDS = {
    str(DataType.NUMERIC): "numbers", str(DataType.BOOLEAN): "yes or no",
    str(DataType.CATEGORICAL): "labels", str(DataType.COMMENT): "comments alone",
    str(DataType.CORRECTION): "corrections alone", WORDS: "with a comment or correction",
}  # fmt: skip
_NAMES_OFFERED = 100
_GIVERS = {**{str(source): words for source, words in WHO.items()}, PUBLIC: "with a public key"}
# `is` is a word of Python.
_FIELDS = {"is": "says"}


@dataclass(frozen=True, slots=True)
class Choosing:
    """A select of the form: its parameter, its words, the choices, and the one that is chosen."""

    parameter: str
    label: str
    every: str
    choices: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class ScoresState:
    """What the address asks for; empty texts ask for any."""

    view: View
    name: str = ""
    by: str = ""
    said: str = ""
    says: str = ""
    author: str = ""
    trace: str = ""
    session: str = ""
    cursor: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anything but the range chooses."""
        return bool(
            self.name or self.by or self.said or self.says or self.author or self.trace or self.session
        )

    @property
    def question(self) -> ScoreQuestion:
        """The same for the store."""
        return saying(self.whole, self.says)

    @property
    def whole(self) -> ScoreQuestion:
        """The question without what they say, of which the spread is made."""
        return ScoreQuestion(
            name=self.name, source=self.by, author=self.author, trace_id=self.trace,
            session_id=self.session, environment=self.view.environment,
            data_type="" if self.said == WORDS else self.said, has_text=self.said == WORDS,
        )  # fmt: skip

    def link(self, **changes: str | None) -> str:
        """The page with the same conditions, from its beginning."""
        given = {name: getattr(self, _FIELDS.get(name, name)) for name in PARAMETERS if name != "cursor"}
        kept: dict[str, str | None] = {name: value or None for name, value in given.items()}
        return self.view.link("scores", **kept | changes)


def read(view: View, query: Mapping[str, str]) -> ScoresState:
    """The state of an address; words that are not known are left out and named in a notice."""
    by, said = query.get("by", ""), query.get("said", "")
    notices = [
        f"“{given[:40]}” is not understood; showing {all_}. Known are {', '.join(known)}."
        for given, known, all_ in ((by, list(_GIVERS), "scores of all"), (said, list(_KINDS), "all kinds"))
        if given and given not in known
    ]
    says = query.get("is", "")[:300]
    try:
        saying(ScoreQuestion(), says)
    except ValueError as error:
        notices.append(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        says = ""
    return ScoresState(
        replace(view, notices=(*view.notices, *notices)),
        query.get("name", "")[:200],
        by if by in _GIVERS else "",
        said if said in _KINDS else "",
        says,
        query.get("author", "")[:200],
        query.get("trace", "")[:32].lower(),
        query.get("session", "")[:1000],
        query.get("cursor", "")[:60],
    )


def selects(state: ScoresState, names: Sequence[ScoreName]) -> tuple[Choosing, ...]:
    """The form's choices; what an address asks for is among them. Pure."""
    known = [(one.name, one.name) for one in names[:_NAMES_OFFERED]]
    if state.name and state.name not in dict(known):
        known.append((state.name, state.name))
    return (
        Choosing("name", "Name", "all names", tuple(known), state.name),
        Choosing("by", "Given by", "anybody", tuple(_GIVERS.items()), state.by),
        Choosing("said", "What", "anything", tuple(_KINDS.items()), state.said),
    )


def narrowed(state: ScoresState) -> list[Link]:
    """Conditions that no select has."""
    found = []
    if state.says:
        found.append(Link(f"says {spoken(state.says)}", state.link(**{"is": None})))
    for name, words in (("author", "by"), ("trace", "of trace"), ("session", "of session")):
        if value := getattr(state, name):
            found.append(Link(f"{words} {value}", state.link(**{name: None})))
    return found


def uses(state: ScoresState, seen: ScoreName | None) -> tuple[Link, ...]:
    """Where a name leads: its traces, and its course. None for a name that means something else there."""
    if not state.name or not askable(state.name):
        return ()
    field = spell_name(f"score.{state.name}")
    found = [Link("Traces with it", state.view.link("traces", q=has(state.name)))]
    if seen and seen.data_type is DataType.CATEGORICAL:
        found.append(Link("Explore", state.view.link("explore", by=field, of="traces")))
    elif seen and seen.numbers:
        found.append(Link("Explore", state.view.link("explore", measure=field, of="traces")))
    return tuple(found)


def spoken(says: str) -> str:
    """What scores say, in words."""
    return "words alone" if says == "words" else worded(says.removeprefix("label:"))


def beside(state: ScoresState) -> dict[str, str | None]:
    """What the form keeps besides its selects."""
    return {"is": state.says, "author": state.author, "trace": state.trace, "session": state.session}


def for_api(state: ScoresState) -> dict[str, str | None]:
    """The same question for programs."""
    asked = state.question
    return {
        "project": state.view.project,
        "since": str(state.view.since),
        "until": str(state.view.until),
        **{
            name: getattr(asked, name)
            for name in ("name", "source", "author", "trace_id", "session_id", "data_type", "environment")
        },
        "says": state.says,
        "has_text": "true" if asked.has_text else None,
        "limit": "500",
    }
