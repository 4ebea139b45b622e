"""The frame around every page: project, environment, range, navigation, theme, and what arrives.

All of a view's state is in its address; the shell computes the addresses of its own switches from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from sightline.pages import formats
from sightline.pages.address import (
    COMPARISONS,
    DEFAULT_RANGE,
    MONTH,
    RANGES,
    Link,
    View,
    absolute_range,
    path_of,
    with_query,
)
from sightline.pages.services import Intake
from sightline.records.access import Principal
from sightline.records.people import Role

THEMES = ("system", "light", "dark")
THEME_COOKIE = "sightline_theme"
SLOW_AFTER = 10.0
# Parameters that mean nothing in another range, environment or project.
_PLACES = frozenset({"cursor", "cur", "sel", "live", "rec", "from", "after"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation: its name, its words, and the letter that `g` takes. The name is the last part
    of its address and its icon's."""

    name: str
    text: str
    key: str

    @property
    def part(self) -> str:
        """The last part of the address: nothing for a project's first page."""
        return "" if self.name == "overview" else self.name


# The pages of a project in the order of the navigation; each has an icon of its name.
NAVIGATION: tuple[Entry, ...] = (
    Entry("overview", "Overview", "o"),
    Entry("traces", "Traces", "t"),
    Entry("sessions", "Sessions", "s"),
    Entry("users", "Users", "u"),
    Entry("scores", "Scores", "r"),
    Entry("logs", "Logs", "l"),
    Entry("metrics", "Metrics", "m"),
    Entry("explore", "Explore", "e"),
)


@dataclass(frozen=True, slots=True)
class RangeForm:
    """Where something is typed into an address: the page, its other parameters, and what stands there now.

    Of the range that is two times; of the palette the whole address, to which what is typed is added.
    """

    href: str
    kept: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True, slots=True)
class Foot:
    """What arrives, how soon it is visible, what is in quarantine. `tone` is empty, `warn` or `err`."""

    arriving: str
    visible: str
    quarantine: str
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class Account:
    """The reader, where somebody is signed in. `csrf` is what forms of their session bring."""

    title: str
    email: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything the frame shows. `theme` is empty when the system decides, `account` None where nobody is
    signed in, `comparisons` empty on pages that compare nothing. `letters`: what `g` and a letter lead to."""

    title: str
    project: str
    projects: tuple[Link, ...]
    environment: str
    environments: tuple[Link, ...]
    range_name: str
    range_text: str
    ranges: tuple[Link, ...]
    range_form: RangeForm
    finder: RangeForm
    comparison_text: str
    comparisons: tuple[Link, ...]
    navigation: tuple[Link, ...]
    letters: tuple[tuple[str, str, str], ...]
    theme: str
    themes: tuple[Link, ...]
    foot: Foot
    here: str
    notices: tuple[str, ...]
    account: Account | None

    @property
    def range_words(self) -> str:
        """The range in a line: `last 24 hours`; moments keep their capitals."""
        return self.range_text if ".." in self.range_name else self.range_text.lower()

    @property
    def range_phrase(self) -> str:
        """The range in a sentence: `in the last 24 hours`, `this month`, `from 8 Nov 16:00 to …`."""
        if ".." in self.range_name:
            return f"from {self.range_text}"
        return self.range_words if self.range_words.startswith("this") else f"in the {self.range_words}"


def foot(intake: Intake, href: str) -> Foot:
    """The foot of the navigation: amber when late, red when a sender is refused or a request is set aside."""
    rate = intake.spans_per_second
    arriving = "no spans yet" if rate is None and not intake.accepted else "measuring"
    if rate is not None:
        arriving = f"{formats.count(round(rate)) if rate == 0 or rate >= 10 else f'{rate:.1f}'} spans/s"
    visible = (
        "" if intake.visible_after is None else str(formats.duration(round(intake.visible_after * formats.S)))
    )
    tone = "warn" if (intake.visible_after or 0) > SLOW_AFTER else ""
    quarantine = "Nothing in quarantine"
    if intake.refused:
        tone, quarantine = (
            "err",
            f"{formats.count(intake.refused)} request{'s' if intake.refused > 1 else ''} refused",
        )
    if intake.quarantined:
        tone, quarantine = "err", f"{formats.count(intake.quarantined)} in quarantine"
    return Foot(arriving, visible, quarantine, tone, href)


def shell(
    title: str,
    page: str,
    view: View,
    intake: Intake,
    projects: Sequence[str],
    environments: Sequence[str] = (),
    *,
    empty: bool = False,
    compares: bool = False,
    principal: Principal | None = None,
) -> Shell:
    """The frame for one page. `page` is the navigation entry the reader is at, `empty`: no trace came yet,
    `compares`: the page shows an earlier range beside the chosen one.

    Switches of range, environment and comparison stay on a page of the navigation; from others, such as one
    trace, they lead to the list of traces.
    """
    person = principal.person if principal else None
    path = urlsplit(view.here).path
    own = {path_of(view.project, entry.part) for entry in NAVIGATION} | {path_of(view.project, "first")}
    # One metric is a page of its own with the same switches.
    listed = path in own or path.startswith(path_of(view.project, "metrics", ""))
    at = path if listed else path_of(view.project, "traces")
    query: dict[str, str | None] = dict(parse_qsl(urlsplit(view.here).query)) if listed else {}
    kept = {k: v for k, v in query.items() if k not in _PLACES} | view.carried

    def switched(**changes: str | None) -> str:
        return with_query(at, kept | changes)

    first = path_of(view.project, "first")
    navigation = [
        Link(entry.text, view.link(entry.part), page == entry.name, entry.name) for entry in NAVIGATION
    ]
    if empty or page == "first":
        navigation.append(Link("First run", first, page == "first", "first"))
    roles = person.roles.values() if person else ()
    administers = principal is not None and (
        principal.operator or Role.ADMIN in roles or principal.role_in(view.project) is Role.ADMIN
    )
    if principal is not None and (person or administers):
        navigation.append(Link("Settings", "/settings", page == "settings", "settings"))
    return Shell(
        title=title,
        project=view.project,
        projects=tuple(Link(name, path_of(name, ""), name == view.project) for name in projects),
        environment=view.environment,
        environments=(
            Link("All environments", switched(env=None), not view.environment),
            *(Link(name, switched(env=name), name == view.environment) for name in environments),
        )
        if environments or view.environment
        else (),
        range_name=view.range_name,
        range_text=view.range_text,
        ranges=tuple(
            Link(text, switched(range=name if name != DEFAULT_RANGE else None), name == view.range_name)
            for name, text in [*((n, words) for n, (words, _) in RANGES.items()), (MONTH, "This month")]
        ),
        range_form=RangeForm(
            at,
            tuple((k, v) for k, v in kept.items() if v and k != "range"),
            absolute_range(view.since, view.until),
        ),
        finder=RangeForm(
            path_of(view.project, "go"),
            tuple((k, v) for k, v in view.carried.items() if v),
            view.link("go"),
        ),
        comparison_text=COMPARISONS[view.vs],
        comparisons=tuple(
            Link(text, switched(vs=name if name != "none" else None), name == view.vs)
            for name, text in COMPARISONS.items()
        )
        if compares
        else (),
        navigation=tuple(navigation),
        letters=tuple((entry.key, entry.text, view.link(entry.part)) for entry in NAVIGATION),
        theme=view.theme,
        themes=tuple(
            Link(
                name.capitalize(),
                with_query("/theme", {"to": name, "back": view.here}),
                name == (view.theme or "system"),
            )
            for name in THEMES
        ),
        # Whoever may see why is led there; for others there is the first run's panel.
        foot=foot(intake, "/settings/health" if administers else first),
        here=view.here,
        notices=view.notices,
        account=Account(person.title, person.email, principal.csrf) if principal and person else None,
    )
