"""What happens to every text on its way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sightline.sdk.content import event_is_content, is_content, quotes_content, without_quotes

if TYPE_CHECKING:
    from sightline.sdk.configuration import Config

_SHORT = 10**7  # a number of fewer digits is nobody's
MOST_BITS = 2_000
"""Of an integer that is written down in digits, which takes quadratic time; Python itself refuses more."""


class Texts:
    """What happens to each text on its way out: left out, redacted, cut to a length.

    `redact`: (field, text) to text. `rule`: what redaction does with a field; `drop` leaves it out.
    """

    def __init__(
        self,
        redact: Callable[[str, str], str] | None,
        max_chars: int,
        is_content: Callable[[str], bool] | None,
        rule: Callable[[str], str] | None = None,
    ) -> None:
        self._redact, self._max = redact, max_chars
        self._is_content, self._rule = is_content, rule

    @property
    def changes(self) -> bool:
        """Whether texts may leave otherwise than they are, beside being cut."""
        return self._redact is not None or self._is_content is not None or self._rule is not None

    def left_out(self, key: str) -> bool:
        """Whether this attribute stays here: content where content does, or a field that redaction drops."""
        if self._is_content is not None and (self._is_content(key) or quotes_content(key)):
            return True
        return self._rule is not None and self._rule(key) == "drop"

    def hidden_number(self, key: str, number: int | float) -> str | None:
        """What redaction makes of a number's digits, which may be those of a card, or of one whose field has
        the rule `hash`; None when it stays."""
        if self._redact is None:
            return None
        if -_SHORT < number < _SHORT and (self._rule is None or self._rule(key) != "hash"):
            return None
        if isinstance(number, int) and number.bit_length() > MOST_BITS:
            return None  # nobody's; Python refuses to write it down
        digits = str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)
        cleaned = self._redact(key, digits)
        return None if cleaned == digits else cleaned

    def event_left_out(self, name: str) -> bool:
        """Whether a span event's attributes are content and content stays here."""
        return self._is_content is not None and event_is_content(name)

    def clean(self, key: str, text: str) -> str:
        """The text as it may leave; what the redaction cannot be applied to does not leave at all."""
        if self._is_content is not None:
            text = without_quotes(key, text)
        if self._redact is not None:
            text = self._redact(key, text)
        if len(text) > self._max:
            text = f"{text[: self._max]}… [cut, {len(text)} characters]"
        return text


def texts_of(config: Config) -> Texts:
    """What the program wants done with its texts."""
    redaction = config.redaction
    held_back = None if config.capture_content else is_content
    return Texts(
        getattr(redaction, "apply", None), config.max_value_chars, held_back, getattr(redaction, "rule", None)
    )
