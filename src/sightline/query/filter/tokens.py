"""A filter's text as tokens.

What a character means depends on whether a field was named: `https://x` is a value behind `http.url:` and an
unknown field elsewhere. So the tokenizer knows two states: at the start of a term, and behind an operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sightline.query.filter.errors import FilterError, shown

# A filter longer than this is refused: everything after it takes time and memory by its length.
MAX_LENGTH = 8_000
# Fields behind whose colon a parenthesis opens conditions, not a list of values.
GROUPS = ("trace", "session")
PATHS = ("attr.", "resource.", "score.", "trace.score.", "session.score.")
_ENDS_TERM = frozenset('()":<>=')
_ENDS_VALUE = frozenset('(),"*')
_ORDERS = ("<=", ">=", "<", ">")


class Kind(StrEnum):
    """What a token is. The value is the word that messages use for it."""

    WORD = "a word"
    QUOTED = "a text in quotes"
    NAME = "a field"
    OPERATOR = "an operator"
    VALUE = "a value"
    COMMA = "a comma"
    MINUS = "a minus"
    OPEN = "an opening parenthesis"
    CLOSE = "a closing parenthesis"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `text` is its meaning (quotes removed), `offset` and `length` are where it stands.

    `segments` are the literal pieces of a word or value between its wildcards: one piece when it has none.
    `quoted`: some of it stood in quotes.
    """

    kind: Kind
    text: str
    offset: int
    length: int
    segments: tuple[str, ...] = ()
    quoted: bool = False

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.offset + self.length


def tokenize(text: str) -> tuple[Token, ...]:
    """The tokens of a filter, the last one END. Raises FilterError."""
    if len(text) > MAX_LENGTH:
        raise FilterError(
            f"the filter has {len(text):,} characters; {MAX_LENGTH:,} are allowed",
            MAX_LENGTH,
            len(text) - MAX_LENGTH,
        )
    for at, char in enumerate(text):
        if "\ud800" <= char <= "\udfff":
            raise FilterError("this is half a character", at, 1)
    return tuple(_Tokenizer(text).run())


class _Tokenizer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: list[Token] = []

    def run(self) -> list[Token]:
        while True:
            self._skip()
            if self._at >= len(self._text):
                self._add(Kind.END, "", self._at)
                return self._found
            self._term()

    def _peek(self, ahead: int = 0) -> str:
        return self._text[self._at + ahead : self._at + ahead + 1]

    def _skip(self) -> None:
        while self._peek().isspace():
            self._at += 1

    def _add(
        self, kind: Kind, text: str, start: int, segments: tuple[str, ...] = (), quoted: bool = False
    ) -> None:
        self._found.append(Token(kind, text, start, self._at - start, segments, quoted))

    def _term(self) -> None:
        start, char = self._at, self._peek()
        if char in "()":
            self._at += 1
            self._add(Kind.OPEN if char == "(" else Kind.CLOSE, char, start)
        elif char == '"':
            self._quoted_term(start)
        elif char == "-":
            self._at += 1
            if not self._peek() or self._peek().isspace():
                raise FilterError(
                    "a minus stands alone",
                    start,
                    1,
                    expected="a condition directly behind it, as in -env:dev",
                )
            self._add(Kind.MINUS, "-", start)
        elif operator := self._operator():
            raise FilterError(
                f"{operator} has no field before it",
                start,
                len(operator),
                expected="a field, as in cost>0.01",
            )
        else:
            self._word(start)

    def _quoted_term(self, start: int) -> None:
        text = self._quotes()
        self._add(Kind.QUOTED, text, start, (text,), True)
        if self._operator() == ":":
            whole = self._text[start : self._at]
            raise FilterError(
                "a name in quotes needs to say where it stands",
                start,
                self._at - start,
                expected="attr. or resource. before it",
                proposal=f"attr.{whole}" if len(whole) < 80 else "",
            )

    def _quotes(self) -> str:
        """The text in quotes that begins here. A backslash counts, except before another or a quote."""
        start = self._at
        self._at += 1
        pieces: list[str] = []
        while (char := self._peek()) != '"':
            if not char:
                raise FilterError(
                    "this quote is never closed", start, len(self._text) - start, expected='a closing "'
                )
            if char == "\\" and self._peek(1) in ('"', "\\"):
                self._at += 1
                char = self._peek()
            pieces.append(char)
            self._at += 1
        self._at += 1
        return "".join(pieces)

    def _operator(self) -> str:
        """The operator that begins here, empty for none."""
        two = self._peek() + self._peek(1)
        if two == "!=" or two in _ORDERS:
            return two
        return two[:1] if two[:1] in (":", "=", "<", ">") else ""

    def _word(self, start: int) -> None:
        """A bare word, or a field with its operator and values."""
        name, quoted = self._name()
        end = self._at
        self._skip()
        operator = self._operator()
        if operator and (self._at == end or operator != ":"):
            self._found.append(Token(Kind.NAME, name, start, end - start, (), quoted))
            self._behind(name, operator)
            return
        self._at = end
        if quoted:
            raise FilterError(
                f"{shown(name)} is a field without a condition",
                start,
                end - start,
                expected="an operator and a value",
                proposal=f"has:{shown(self._text[start:end])}",
            )
        self._add(Kind.WORD, name, start, tuple(name.split("*")))

    def _name(self) -> tuple[str, bool]:
        """The name that begins here, and whether some of it stands in quotes."""
        name, quoted = "", False
        while char := self._peek():
            if char == '"' and name.endswith(".") and name.startswith(PATHS):
                name += self._quotes()
                quoted = True
                continue
            if char.isspace() or char in _ENDS_TERM or self._operator():
                break
            name += char
            self._at += 1
        return name, quoted

    def _behind(self, name: str, operator: str) -> None:
        start = self._at
        self._at += len(operator)
        if operator == ":" and (order := self._operator()) in _ORDERS:
            # `cost:>1` is another spelling of `cost>1`.
            self._at += len(order)
            operator = order
        self._add(Kind.OPERATOR, operator, start)
        if operator in _ORDERS:
            self._skip()
        if name.lower() in GROUPS and operator == ":" and self._peek() == "(":
            return
        if name.lower() == "has" and operator == ":":
            self._field_name(name)
            return
        self._values(name, operator)

    def _field_name(self, before: str) -> None:
        """The field behind `has:`."""
        start = self._at
        name, quoted = self._name()
        if not name:
            raise FilterError(
                f"nothing stands behind {before}:", start, min(1, len(self._text) - start), expected="a field"
            )
        self._add(Kind.NAME, name, start, (), quoted)

    def _values(self, name: str, operator: str) -> None:
        if self._peek() != "(":
            self._list(name + operator, False)
            return
        self._at += 1
        self._add(Kind.OPEN, "(", self._at - 1)
        self._list(name + operator, True)
        if self._peek() != ")":
            raise FilterError(
                "this list is never closed" if not self._peek() else "this does not belong into a list",
                self._at,
                min(1, len(self._text) - self._at),
                expected="a comma or a closing parenthesis",
            )
        self._at += 1
        self._add(Kind.CLOSE, ")", self._at - 1)

    def _list(self, before: str, spaces: bool) -> None:
        while True:
            if spaces:
                self._skip()
            self._value(before)
            if spaces:
                self._skip()
            if self._peek() != ",":
                return
            self._at += 1
            self._add(Kind.COMMA, ",", self._at - 1)
            self._skip()
            before = ","

    def _value(self, before: str) -> None:
        start = self._at
        segments = [""]
        quoted = False
        if self._peek() in ("<", ">", "="):
            raise FilterError(
                f"{self._peek()} cannot begin a value", start, 1, expected="a value, in quotes if it is meant"
            )
        while (char := self._peek()) and not char.isspace():
            if char == '"':
                segments[-1] += self._quotes()
                quoted = True
                continue
            if char == "(" and self._at > start:
                raise FilterError(
                    "a parenthesis inside a value", self._at, 1, expected="the whole value in quotes"
                )
            if char == "*":
                segments.append("")
            elif char in _ENDS_VALUE:
                break
            else:
                segments[-1] += char
            self._at += 1
        if self._at == start:
            raise FilterError(
                f"nothing stands behind {shown(before)}",
                start,
                min(1, len(self._text) - start),
                expected="a value" if before != "," else "another value",
            )
        self._add(Kind.VALUE, "*".join(segments), start, tuple(segments), quoted)
