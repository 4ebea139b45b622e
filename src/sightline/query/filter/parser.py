"""Tokens to a tree, by recursive descent. The grammar is in docs/formats/filter.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sightline.query.filter.errors import FilterError, nearest, shown
from sightline.query.filter.nodes import (
    And,
    Condition,
    Everything,
    Has,
    Name,
    Node,
    Not,
    Of,
    Operator,
    Or,
    Place,
    Quantified,
    Quantifier,
    Related,
    Relation,
    Text,
    Value,
    Whole,
    joined,
)
from sightline.query.filter.tokens import Kind, Token, tokenize
from sightline.query.filter.words import FAILED, KINDS

# Parentheses, negations and relations inside one another.
MAX_DEPTH = 24
_QUANTIFIERS = tuple(q.value for q in Quantifier)
_RELATIONS = {"under": Relation.UNDER, "above": Relation.ABOVE}
_RELATIONS_OF = {"child": Relation.CHILD, "parent": Relation.PARENT}
OF_SPANS = (("kind", KINDS), ("status", (FAILED,)))
_A_CONDITION = "a condition, a text, or a parenthesis"


def parse(text: str, alone: Sequence[tuple[str, Sequence[str]]] = OF_SPANS) -> Node:
    """The tree of a filter; an empty one is `Everything`. Raises FilterError.

    `alone` are fields with the words that mean them without a name: `llm` is `kind:llm`.
    """
    parser = _Parser(tokenize(text), alone)
    return parser.whole()


class _Parser:
    def __init__(self, tokens: tuple[Token, ...], alone: Sequence[tuple[str, Sequence[str]]]) -> None:
        self._tokens = tokens
        self._alone = alone
        self._at = 0
        self._depth = 0
        # Which whole the conditions read now are about; None: about one span.
        self._group: Whole | None = None

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        found = self._next
        self._at += found.kind is not Kind.END
        return found

    def _word(self, token: Token, *words: str) -> bool:
        return token.kind is Kind.WORD and token.text.lower() in words

    def whole(self) -> Node:
        if self._next.kind is Kind.END:
            return Everything()
        found = self._any_of()
        rest = self._take()
        if rest.kind is not Kind.END:
            raise self._wrong(rest, "this parenthesis closes nothing", "")
        return found

    def _any_of(self) -> Node:
        parts = [self._all_of()]
        while self._word(self._next, "or"):
            self._take()
            parts.append(self._all_of())
        return joined(Or, parts)

    def _all_of(self) -> Node:
        parts = [self._unary()]
        while True:
            if self._word(self._next, "and"):
                self._take()
            elif self._next.kind in (Kind.END, Kind.CLOSE) or self._word(self._next, "or"):
                return joined(And, parts)
            parts.append(self._unary())

    def _unary(self) -> Node:
        token = self._next
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong(token, f"more than {MAX_DEPTH} levels of parentheses and negations", "")
        try:
            if token.kind is Kind.MINUS or self._word(token, "not"):
                self._take()
                return Not(self._unary())
            if self._group is not None:
                return self._about_group(self._group)
            return self._relation() or self._primary()
        finally:
            self._depth -= 1

    def _relation(self) -> Node | None:
        token = self._next
        relation = _RELATIONS.get(token.text.lower()) if token.kind is Kind.WORD else None
        if relation is None and self._word(token, *_RELATIONS_OF):
            following = self._tokens[self._at + 1]
            if self._word(following, "of"):
                self._take()
                relation = _RELATIONS_OF[token.text.lower()]
        if relation is None:
            return None
        last = self._take()
        part = self._unary()
        return Related(relation, part, Place(token.offset, last.end - token.offset))

    def _parenthesis(self, inside: Callable[[], Node]) -> Node:
        opening = self._take()
        if self._next.kind is Kind.CLOSE:
            raise self._wrong(self._next, "nothing stands in these parentheses", _A_CONDITION)
        found = inside()
        if self._take().kind is not Kind.CLOSE:
            raise FilterError(
                "this parenthesis is never closed", opening.offset, 1, expected="a closing parenthesis"
            )
        return found

    def _primary(self) -> Node:
        token = self._next
        if token.kind is Kind.OPEN:
            return self._parenthesis(self._any_of)
        if token.kind is Kind.QUOTED:
            self._take()
            if not token.text.strip():
                raise self._wrong(token, "an empty text", "words to look for")
            return Text((token.text,), Place(token.offset, token.length))
        if token.kind is Kind.WORD and not self._word(token, "and", "or"):
            self._take()
            return self._bare(token)
        if token.kind is Kind.NAME:
            return self._condition()
        what = "the filter ends here" if token.kind is Kind.END else f"{shown(token.text)} stands here"
        raise self._wrong(token, what, _A_CONDITION)

    def _bare(self, token: Token) -> Node:
        """A word on its own: a kind, a status, or a text to look for."""
        word, place = token.text.lower(), Place(token.offset, token.length)
        for name, words in self._alone:
            if word in words:
                return Condition(Name(name, place), Operator.IS, (Value((word,), False, place),), place)
        if not "".join(token.segments):
            raise self._wrong(token, "a wildcard alone", "a word with it, as in refund*")
        return Text(token.segments, place)

    def _condition(self) -> Node:
        named = self._take()
        name = Name(named.text, Place(named.offset, named.length))
        operator = self._take()
        lowered = named.text.lower()
        if operator.text == ":" and lowered == "has":
            field = self._take()
            place = Place(named.offset, field.end - named.offset)
            return Has(Name(field.text, Place(field.offset, field.length)), place)
        if operator.text == ":" and self._next.kind is Kind.OPEN and lowered in tuple(Whole):
            return self._of(Whole(lowered), named)
        values, end = self._values()
        place = Place(named.offset, end - named.offset)
        if operator.text in ("=", "!="):
            found = Condition(name, Operator.IS, values, place)
            return Not(found) if operator.text == "!=" else found
        if operator.text != ":" and len(values) > 1:
            raise FilterError(
                f"{operator.text} compares with one value",
                values[1].place.offset,
                values[1].place.length,
                expected=f"one value, or {named.text}: with a list",
            )
        return Condition(name, Operator(operator.text), values, place)

    def _values(self) -> tuple[tuple[Value, ...], int]:
        """The values behind an operator, and the offset behind the last of them."""
        listed = self._next.kind is Kind.OPEN
        if listed:
            self._take()
        values: list[Value] = []
        while True:
            token = self._take()
            place = Place(token.offset, token.length)
            values.append(Value(token.segments, token.quoted, place))
            if self._next.kind is not Kind.COMMA:
                break
            self._take()
        return tuple(values), self._take().end if listed else token.end

    def _of(self, whole: Whole, named: Token) -> Node:
        outer = self._group
        self._group = whole
        try:
            part = self._parenthesis(self._any_of)
        finally:
            self._group = outer
        end = self._tokens[self._at - 1].end
        return Of(whole, part, Place(named.offset, end - named.offset))

    def _about_group(self, group: Whole) -> Node:
        """Inside `trace:(…)` and `session:(…)`: a quantifier with its run of conditions, or a measure."""
        token = self._next
        if token.kind is Kind.OPEN:
            return self._parenthesis(self._any_of)
        if self._word(token, *_QUANTIFIERS):
            return self._quantified(group)
        if token.kind is Kind.NAME and token.text.lower() not in ("has", *Whole):
            return self._condition()
        raise self._no_quantifier(token, group)

    def _quantified(self, group: Whole) -> Node:
        token = self._take()
        self._group = None
        try:
            parts: list[Node] = []
            while not self._run_ends():
                parts.append(self._unary())
        finally:
            self._group = group
        if not parts:
            raise self._wrong(
                self._next, f"nothing stands behind {token.text.lower()}", "conditions on the spans"
            )
        part = joined(And, parts)
        return Quantified(Quantifier(token.text.lower()), part, Place(token.offset, token.length))

    def _run_ends(self) -> bool:
        return self._next.kind in (Kind.END, Kind.CLOSE) or self._word(self._next, "and", "or", *_QUANTIFIERS)

    def _no_quantifier(self, token: Token, group: Whole) -> FilterError:
        if token.kind is Kind.END:
            return self._wrong(token, "the filter ends here", "any, all or none, or a measure")
        close = nearest(token.text, _QUANTIFIERS, 0.7) if token.kind is Kind.WORD else ""
        proposal = close or (f"any {token.text}" if token.kind is Kind.WORD else "")
        return FilterError(
            f"conditions on the spans of a {group} need to say how many",
            token.offset,
            token.length,
            expected="any, all or none before them",
            proposal=proposal,
        )

    def _wrong(self, token: Token, message: str, expected: str) -> FilterError:
        return FilterError(message, token.offset, token.length, expected=expected)
