"""Heads of a table that sort it, as links: a click sorts by a column, another one turns it round. Pure.

Which columns a list of sessions or users shows stands in its address, as that of traces has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MOST = 16


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `order` is what it is sorted by, empty where it is not; `style` its class.

    `name` is what the address calls it; without one it is always there.
    """

    text: str
    order: str = ""
    style: str = ""
    title: str = ""
    rises: bool = False
    """Whether a first click begins with the smallest."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that may be chosen."""

    name: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns of a list, and what else could be chosen. `kept` are the hidden fields of the form.

    `usual` leads back to the usual ones, empty where those are shown. `cols` is the parameter, None for them.
    """

    columns: tuple[Column, ...]
    choices: tuple[Choice, ...]
    kept: tuple[tuple[str, str], ...]
    action: str
    usual: str
    cols: str | None

    def __contains__(self, name: str) -> bool:
        """Whether a column is shown."""
        return any(column.name == name for column in self.columns)


def asked_for(values: Sequence[str]) -> tuple[str, ...]:
    """The names in the parameter `cols`, however often it is there; at most as many as a list shows."""
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))[:MOST]


def choose(
    columns: Sequence[Column],
    usual: Sequence[str],
    asked: Sequence[str],
    kept: Mapping[str, str | None],
    link: Callable[..., str],
) -> tuple[Chosen, tuple[str, ...]]:
    """The columns that the address asks for, and a sentence for each that there is not.

    `usual` are names of those shown without a choice; `link` is the address of the list with `cols`.
    """
    offered = [column.name for column in columns if column.name]
    faults = tuple(
        f"No column “{name[:60]}”. There are {', '.join(offered)}." for name in asked if name not in offered
    )
    wanted = [name for name in asked if name in offered]
    names = wanted or list(usual)
    same = set(names) == set(usual)
    return Chosen(
        columns=tuple(column for column in columns if not column.name or column.name in names),
        choices=tuple(Choice(c.name, c.text, c.name in names) for c in columns if c.name),
        kept=tuple((name, value) for name, value in kept.items() if value),
        action=link().split("?")[0],
        usual="" if same else link(cols=None),
        cols=None if same else ",".join(names),
    ), faults


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: `sorted` is `ascending`, `descending` or empty, `href` sorts by it."""

    text: str
    style: str
    title: str
    href: str
    sorted: str


def heads(columns: Sequence[Column], sort: str, link: Callable[[str], str]) -> tuple[Head, ...]:
    """The heads while a table is sorted by `sort`; `link` gives the address of an order."""
    return tuple(_head(column, sort, link) for column in columns)


def _head(column: Column, sort: str, link: Callable[[str], str]) -> Head:
    now = sort.removeprefix("-") == column.order != ""
    falling = sort.startswith("-")
    first = column.order if column.rises else f"-{column.order}"
    turned = column.order if falling else f"-{column.order}"
    return Head(
        column.text,
        column.style,
        column.title,
        link(turned if now else first) if column.order else "",
        ("descending" if falling else "ascending") if now else "",
    )
