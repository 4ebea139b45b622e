"""A JSON value as a tree that folds without a script: each branch is a `<details>`."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from sightline.content.json_text import dumps
from sightline.pages.foreign import escaped

MAX_NODES = 1_500
MAX_DEPTH = 30
LINE = 60
_LONG = 400
_OPEN = 12
_NONE = Markup()


def tree(value: Any) -> Markup:
    """The value as HTML. What is small stands on one line, what is beyond the bounds is counted."""
    return _Tree().of(value, 0)


class _Tree:
    """One tree while it is drawn; counts its nodes."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def of(self, value: Any, depth: int, key: Markup = _NONE) -> Markup:
        """A value and what is in it, behind its key."""
        if not isinstance(value, dict | list) or not value:
            return key + scalar(value)
        if _small(value):
            return key + line(value)
        if depth >= MAX_DEPTH:
            return key + Markup('<span class="wrap">{}</span>').format(escaped(dumps(value)))
        rows = self._rows(value, depth)
        keyed = isinstance(value, dict)
        word = ("key" if keyed else "element") + ("" if len(value) == 1 else "s")
        opened = len(value) <= (5 * _OPEN if depth == 0 else _OPEN if depth < 3 else 0)
        return Markup(
            '<details class="jt"{}><summary>{}{} <small>{} {}</small></summary><ul>{}</ul></details>'
        ).format(
            Markup(" open") if opened else Markup(),
            key,
            "{ }" if keyed else "[ ]",
            f"{len(value):,}",
            word,
            rows,
        )

    def _rows(self, value: dict[str, Any] | list[Any], depth: int) -> Markup:
        """What is in a branch, one row each, as far as the tree's bound goes."""
        pairs = list(value.items()) if isinstance(value, dict) else [(None, inner) for inner in value]
        rows: list[Markup] = []
        for at, (key, inner) in enumerate(pairs):
            if self.left <= 0:
                rows.append(Markup('<li class="muted">{} more</li>').format(f"{len(pairs) - at:,}"))
                break
            self.left -= 1
            named = _NONE if key is None else Markup('<span class="jk">{}</span> ').format(escaped(key))
            rows.append(Markup("<li>{}</li>").format(self.of(inner, depth + 1, named)))
        return Markup("").join(rows)


def scalar(value: Any) -> Markup:
    """A value with nothing in it. Long text folds."""
    if isinstance(value, str):
        words = escaped(value)
        if len(value) > _LONG:
            return Markup(
                '<details class="fold jl"><summary><span class="pre">{}…</span><span class="more">{}'
                ' characters</span><span class="less">Show less</span></summary>'
                '<span class="hs">{}</span></details>'
            ).format(escaped(value[:120]), f"{len(value):,}", words)
        return Markup('<span class="hs">{}</span>').format(words)
    if value is True or value is False or value is None:
        return Markup('<span class="hk">{}</span>').format(dumps(value))
    if isinstance(value, dict | list):
        return Markup("{}").format(dumps(value))
    return Markup('<span class="hn">{}</span>').format(dumps(value))


def line(value: Any) -> Markup:
    """A small value on one line, as JSON."""
    if isinstance(value, dict):
        inner = [
            Markup('<span class="jk">{}</span>: {}').format(escaped(dumps(key)), line(v))
            for key, v in value.items()
        ]
        return Markup("{{{}}}").format(Markup(", ").join(inner))
    if isinstance(value, list):
        return Markup("[{}]").format(Markup(", ").join(line(v) for v in value))
    return (
        Markup('<span class="hs">{}</span>').format(escaped(dumps(value)))
        if isinstance(value, str)
        else scalar(value)
    )


def _small(value: Any) -> bool:
    """Whether a value fits a line; looks no further than that."""
    budget = LINE
    stack = [value]
    while stack and budget > 0:
        at = stack.pop()
        if isinstance(at, dict):
            stack += at.values()
            budget -= 2 + sum(len(key) + 4 for key in list(at)[:LINE])
        elif isinstance(at, list):
            stack += at[:LINE]
            budget -= 2 + 2 * len(at)
        elif isinstance(at, str):
            budget -= len(at) + 2 if at.isprintable() else LINE
        else:
            budget -= 5
    return budget > 0
