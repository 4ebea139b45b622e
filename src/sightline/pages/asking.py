"""What lists with a filter have in common: the field, its error, the next longer range. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sightline.pages.address import DEFAULT_RANGE, RANGES, Link, View
from sightline.query.filter.errors import FilterError


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a filter. `fixed` asks with `proposal` instead; both empty when nothing is near."""

    sentence: str
    proposal: str = ""
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """The field of a filter and where it sends. `kept` goes with it, `cleared` is the list without it."""

    q: str
    action: str
    kept: tuple[tuple[str, str], ...]
    cleared: str
    wrong: Wrong | None = None


def wrong(error: FilterError, q: str, link: Callable[[str], str]) -> Wrong:
    """An error of the filter `q` on a page; `link` gives the address of another filter."""
    found = q[error.offset : error.offset + error.length]
    place = f" (at “{found[:40]}”)" if found else ""
    if not error.proposal:
        return Wrong(f"{_sentence(str(error))}{place}.")
    fixed = q[: error.offset] + error.proposal + q[error.offset + error.length :]
    sentence = error.message + (f"; expected {error.expected}" if error.expected else "")
    return Wrong(f"{_sentence(sentence)}{place}. Did you mean", error.proposal, link(fixed))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def asking(view: View, name: str, sort: str, action: str, wrong_: Wrong | None = None) -> Asking:
    """The field on a list that is sorted by `sort`, empty for its own order."""
    kept = [(key, value) for key, value in view.carried.items() if value]
    if sort:
        kept.append(("sort", sort))
    return Asking(view.q, action, tuple(kept), view.link(name, sort=sort or None), wrong_)


def wider(link: Callable[..., str], range_name: str) -> Link | None:
    """The same page with the next longer range, for an empty list; `link` takes the range."""
    names = list(RANGES)
    at = names.index(range_name) if range_name in RANGES else len(names)
    if at + 1 >= len(names):
        return None
    longer = names[at + 1]
    return Link(
        f"Show the {RANGES[longer][0].lower()}", link(range=longer if longer != DEFAULT_RANGE else None)
    )
