"""What leaves the process: personal data and secrets are taken out of every text before it is sent."""

from __future__ import annotations

import logging
import os
import re
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import sightline.sdk.redaction.tokens as tokens
from sightline.sdk.redaction.fields import Fields
from sightline.sdk.redaction.found import Detector, Found
from sightline.sdk.redaction.guard import Guard, Withheld
from sightline.sdk.redaction.named_values import secret_name
from sightline.sdk.redaction.patterns import DEFAULT, Patterns

_log = logging.getLogger("sightline")
FAILED = "[redaction failed]"
"""Stands for a text that could not be redacted; the text itself does not leave."""
DROPPED = "[dropped]"
"""Stands for the value of a field with the rule `drop`."""
Function = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Redaction:
    """How texts are redacted. Immutable; one may serve several threads.

    kinds: what the built-in patterns look for: `email`, `phone`, `card`, `iban`, `national_id`, `secret`, and
        `ip`, which is off unless named.
    fields: a rule for a field or for those that fit a name with one `*`: `keep`, `redact` (the default),
        `hash` (the whole value becomes one token) or `drop`. The longest name that fits counts.
    salt: with it what is found becomes a keyed hash such as `[email:3fa9c1d2]` instead of `[EMAIL]`, so that
        equal values stay equal; at least 8 characters that nobody else knows.
    patterns: own regular expressions by kind; a group named `value` is the part that is replaced.
    functions: own functions `(field, text) -> text`, called in order before the patterns.
    detector: what finds places instead of the built-in patterns.
    seconds: how long own code (patterns, functions, detector) may take for one text.

    What own code raises, or does not finish in time, withholds the text: it is sent as `[redaction failed]`.

    >>> from sightline import Redaction
    >>> Redaction().apply("input.value", "Write to ada@example.org")
    'Write to [EMAIL]'
    >>> Redaction(fields={"user.id": "hash"}, salt="a salt of one's own").apply("user.id", "ada")
    '[user_id:012058ea]'
    """

    kinds: Collection[str] = DEFAULT
    fields: Mapping[str, str] = field(default_factory=dict)
    salt: str | bytes | None = field(default=None, repr=False)
    patterns: Mapping[str, str | re.Pattern[str]] = field(default_factory=dict)
    functions: Sequence[Function] = ()
    detector: Detector | None = None
    seconds: float = 2.0
    _fields: Fields = field(init=False, repr=False, compare=False)
    _name: tokens.Name = field(init=False, repr=False, compare=False)
    _found_by: Detector = field(init=False, repr=False, compare=False)
    _own: tuple[tuple[str, re.Pattern[str]], ...] = field(init=False, repr=False, compare=False)
    _guard: Guard = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.kinds, str):
            raise TypeError(f"kinds is {self.kinds!r}; write a list, as in kinds=['email', 'card']")
        if self.salt is not None and len(self.salt) < 8:
            raise ValueError(f"salt has {len(self.salt)} characters; use at least 8 that nobody else knows")
        if self.salt is None and "hash" in self.fields.values():
            hashing = next(name for name, rule in self.fields.items() if rule == "hash")
            raise ValueError(f"fields[{hashing!r}] is 'hash', which needs a salt: Redaction(salt=…)")
        for function in self.functions:
            if not callable(function):
                raise TypeError(f"functions has a {type(function).__name__}; expected (field, text) -> text")
        if self.detector is not None and not callable(getattr(self.detector, "find", None)):
            raise TypeError(f"detector is a {type(self.detector).__name__}; expected one with find(text)")
        if self.seconds <= 0:
            raise ValueError(f"seconds is {self.seconds!r}; give a time above 0")
        own = []
        for kind, pattern in self.patterns.items():
            try:
                own.append((kind, re.compile(pattern)))
            except re.error as error:
                raise ValueError(
                    f"patterns[{kind!r}]: {pattern!r} is no regular expression: {error}"
                ) from error
        key = self.salt.encode() if isinstance(self.salt, str) else self.salt
        made = {
            "_fields": Fields(self.fields), "_name": tokens.hashed(key) if key else tokens.removed,
            "_found_by": self.detector or Patterns(self.kinds), "_own": tuple(own),
            "_guard": Guard(self.seconds),
        }  # fmt: skip
        for name, value in made.items():
            object.__setattr__(self, name, value)
        _guards.add(self._guard)

    def rule(self, field: str) -> str:
        """What is done with a field: `keep`, `redact`, `hash` or `drop` (whoever sends leaves it out).

        >>> Redaction(fields={"http.*": "drop"}).rule("http.request.header.cookie")
        'drop'
        """
        return self._fields.rule(field)

    def apply(self, field: str, text: str) -> str:
        """The text of a field as it may leave. Never raises.

        >>> Redaction().apply("input.value", '{"card": 4111111111111111, "n": 3}')
        '{"card": "[CARD]", "n": 3}'
        """
        try:
            rule = self._fields.rule(field)
            if rule == "keep" or not text:
                return text
            if rule == "drop":
                return DROPPED
            if rule == "hash":
                return self._name(field, text)
            if secret_name(field):
                return self._name("secret", text)
            for function in self.functions:
                text = self._called(function, field, text)
            return self._redacted(text)
        except Withheld as error:
            _warn(f"{field} is withheld, for its redaction failed: {error.args[0]}.")
        except Exception as error:  # the border: whatever goes wrong, nothing leaves unredacted
            _warn(f"{field} is withheld, for its redaction raised {type(error).__name__}.")
        return FAILED

    def _start_guard(self) -> None:
        if self.functions or self.detector is not None or self._own:
            self._guard.start()

    def _called(self, function: Function, field: str, text: str) -> str:
        result = self._guard.run(lambda: function(field, text))
        if not isinstance(result, str):
            raise Withheld(f"a function returned {type(result).__name__} instead of a text")
        return result

    def _redacted(self, text: str) -> str:
        places = self._places(text)
        if not places:
            return text
        result = tokens.replaced(text, places, self._name)
        if tokens.as_json(text) and not tokens.whole(result) and tokens.whole(text):
            return tokens.by_leaves(text, self._leaf, secret_name, self._name)
        return result

    def _leaf(self, text: str) -> str:
        return tokens.replaced(text, self._places(text), self._name)

    def _places(self, text: str) -> list[Found]:
        found: Iterable[Found]
        if self.detector is None:
            found = list(self._found_by.find(text))
        else:
            detector = self.detector
            found = self._guard.run(lambda: list(detector.find(text)))
        if self._own:
            found = [*found, *self._guard.run(lambda: _matches(self._own, text))]
        return tokens.merged(found, len(text))


def _matches(patterns: Sequence[tuple[str, re.Pattern[str]]], text: str) -> list[Found]:
    found = []
    for kind, pattern in patterns:
        group: int | str = "value" if "value" in pattern.groupindex else 0
        found += [Found(*match.span(group), kind) for match in pattern.finditer(text)]
    return found


_warned: set[str] = set()
_guards: weakref.WeakSet[Guard] = weakref.WeakSet()


def _warn(text: str) -> None:
    if "failed" not in _warned:
        _warned.add("failed")
        _log.warning("%s It is sent as %r; this is said once.", text, FAILED)


def _before_fork() -> None:
    for guard in list(_guards):
        guard.before_fork()


def _after_fork(child: bool) -> None:
    for guard in list(_guards):
        guard.after_fork(child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, child=False),
        after_in_child=partial(_after_fork, child=True),
    )
