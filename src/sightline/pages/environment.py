"""Jinja2 as the pages use it: autoescape on, nothing undefined, foreign text made harmless on its way out."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sightline.pages import assets, formats
from sightline.pages.bars import bars, blocks, fill_of, guides
from sightline.pages.formats import Absent, Quantity
from sightline.pages.icons import ICONS, colour_of, icon_of

_WHY = {
    Absent.UNKNOWN: "not reported, or without a price; no sum contains it",
    Absent.NOT_SET: "no sender sets this attribute",
    Absent.TOO_FEW: "too few for a statement",
}


def _finalize(value: Any) -> Any:
    # Markup is ours; every other string may have been written by anyone.
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return formats.shown(value)
    return value


def quantity(value: Quantity) -> Markup:
    """A quantity with its units in muted ink after a thin gap."""
    # Numbers and units are ours; a large trace writes thousands. What is below the smallest unit has a `<`.
    return Markup(  # noqa: S704 - digits and units written by `formats`
        " ".join(
            f'{number.replace("<", "&lt;")}<span class="u">{unit}</span>' for number, unit in value.parts
        )
    )


def duration(ns: int | None, absent: str = Absent.NOT_APPLICABLE) -> Markup:
    """Nanoseconds as a quantity; `None` as the given kind of no number."""
    return missing(absent) if ns is None else quantity(formats.duration(ns))


def missing(kind: str, why: str = "") -> Markup:
    """One of the kinds of no number: a dash, or a word with a dashed line that says why."""
    if kind == Absent.NOT_APPLICABLE:
        return Markup('<span class="na">–</span>')
    return Markup('<span class="unk" title="{}">{}</span>').format(why or _WHY[Absent(kind)], kind)


def count(number: int | None, absent: str = Absent.UNKNOWN) -> Markup:
    """A count of tokens or things."""
    return missing(absent) if number is None else Markup("{}").format(formats.count(number))


def money(usd: float | None, style: str = "table", absent: str = Absent.UNKNOWN) -> Markup:
    """US dollars; `None` as unknown, never as 0."""
    return missing(absent) if usd is None else Markup("{}").format(formats.money(usd, formats.Money(style)))


def moment(ns: int, now: int | None = None, style: str = "list") -> Markup:
    """A `<time>` in UTC that a script may rewrite to the reader's zone; the title has every digit."""
    near = {"log": formats.precise, "edge": formats.edge}.get(style, formats.clock)
    if style == "stamp":
        text = formats.stamp(ns)
    elif now is None:
        style, text = "full", formats.absolute(ns)
    else:
        text = formats.absolute(ns) if style == "full" else near(ns, now)
    return Markup('<time datetime="{}" data-style="{}" title="{}">{}</time>').format(
        formats.machine(ns), style, formats.absolute(ns), text
    )


def icon(name: str, extra: str = "", size: int = 16) -> Markup:
    """A reference to one of the page's symbols."""
    return Markup(
        '<svg class="i {}" width="{}" height="{}" aria-hidden="true"><use href="#i-{}"/></svg>'
    ).format(extra, size, size, name)


def kind_icon(kind: str) -> Markup:
    """The symbol of a span's kind in its colour; a large trace asks for it on every row."""
    return _kind_icon(icon_of(kind), colour_of(kind))


@cache
def _kind_icon(name: str, colour: str) -> Markup:
    return icon(name, f"c-{colour}")


def pretty(value: Any) -> str:
    """A structured attribute as indented JSON; text as it is."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2, default=str, sort_keys=False)


def create() -> Environment:
    """The one environment of the pages."""
    environment = Environment(
        loader=PackageLoader("sightline.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=duration,
        count=count,
        money=money,
        moment=moment,
        size=formats.size,
        ago=formats.ago,
        pretty=pretty,
        icon_of=icon_of,
        colour_of=colour_of,
        fill_of=fill_of,
        kind_icon=kind_icon,
        guides=guides,
        bars=bars,
        blocks=blocks,
        plain_duration=lambda ns: str(formats.duration(ns)),
    )
    environment.globals.update(
        asset=assets.address, icon=icon, missing=missing, percent=formats.percent, ICONS=ICONS
    )
    return environment


ENVIRONMENT = create()


def render(template: str, context: Any) -> str:
    """Fill a template with the fields of its context dataclass, and with nothing else."""
    if not is_dataclass(context):
        raise TypeError(f"{template} needs a context dataclass, not {type(context).__name__}")
    values = {f.name: getattr(context, f.name) for f in fields(context)}
    return ENVIRONMENT.get_template(template).render(values)
