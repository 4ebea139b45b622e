"""Heads of a table that sort it, as links: a click sorts by a column, another one turns it round. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `order` is what it is sorted by, empty where it is not; `style` its class."""

    text: str
    order: str = ""
    style: str = ""
    title: str = ""
    rises: bool = False
    """Whether a first click begins with the smallest."""


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
