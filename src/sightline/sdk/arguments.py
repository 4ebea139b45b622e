"""The arguments of a call by the names of its parameters, without the cost of binding them each time."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any


class Parameters:
    """A function's parameters, looked at once.

    `self` and `cls` are left out, and so is what `ignore` names.

    >>> def ask(question, *words, top_k=3, **more): ...
    >>> Parameters(ask, ignore=["top_k"]).named(("why?", "a", "b"), {"top_k": 5, "user": "u"})
    {'question': 'why?', 'words': ('a', 'b'), 'user': 'u'}
    """

    __slots__ = ("_ignored", "_names", "_rest")

    def __init__(self, function: Callable[..., Any], ignore: Iterable[str] = ()) -> None:
        self._ignored = frozenset(ignore)
        self._names: tuple[str | None, ...] = ()
        self._rest: str | None = None
        try:
            found = list(_signature(function).parameters.values())
        except Exception:  # some builtins say nothing of themselves; annotations are anyone's code
            found = []
        named = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        hidden = {*self._ignored, *(named[:1] if named[:1] in (["self"], ["cls"]) else ())}
        self._names = tuple(None if name in hidden else name for name in named)
        rest = [p.name for p in found if p.kind is p.VAR_POSITIONAL]
        self._rest = rest[0] if rest and rest[0] not in hidden else None
        if not found:
            self._rest = "arguments"

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """What was passed; defaults are not."""
        made = {name: value for name, value in zip(self._names, args, strict=False) if name is not None}
        if self._rest is not None and len(args) > len(self._names):
            made[self._rest] = args[len(self._names) :]
        if kwargs:
            made.update(kwargs)
            for name in self._ignored:
                made.pop(name, None)
        return made


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature without a look at annotations, which Python 3.14 works out only when they are asked for:

    the class that a method stands in, or what is imported for type checkers alone, does not exist yet.
    """
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, annotation_format=Format.STRING)
    return inspect.signature(function)
