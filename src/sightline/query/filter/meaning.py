"""A tree to what it means: names become fields, words typed values. Raises FilterError where they do not."""

from __future__ import annotations

from sightline.query.filter.errors import FilterError, nearest, shown
from sightline.query.filter.fields import Field, Type, find
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
    Related,
    Text,
    Whole,
)
from sightline.query.filter.paths import COLUMNS, Path, fault, read_path
from sightline.query.filter.predicates import (
    AllOf,
    Always,
    AnyOf,
    Between,
    Compared,
    Contains,
    Counted,
    Known,
    Logged,
    Measure,
    Measured,
    Negated,
    Predicate,
    Says,
    Scored,
    Sized,
    Standing,
)
from sightline.query.filter.scored import ANY, VALUE, ScoreField, aspect_field, score_field
from sightline.query.filter.spelling import spell_name
from sightline.query.filter.values import Values
from sightline.query.filter.vocabulary import SPANS, Vocabulary
from sightline.query.filter.wholes import MEASURES, WholeMeasure, measure_of, names
from sightline.query.phrases import MAX_WORDS, Phrase, read_phrase

# Conditions that look into other spans, traces, sessions or texts: each is a query of its own.
MAX_LOOKUPS = 12
# A dotted name this near to a field's is taken for a slip, not for an attribute.
_SLIP = 0.86
_WHOLES = tuple(f"{whole}.{measure}" for whole in Whole for measure in names(whole))


def mean(node: Node, now: int, vocabulary: Vocabulary = SPANS) -> Predicate:
    """What a tree means at a moment (nanoseconds), which relative times count from. Raises FilterError."""
    return _Meaning(now, vocabulary).of(node)


class _Meaning:
    def __init__(self, now: int, vocabulary: Vocabulary) -> None:
        self._values = Values(now)
        self._vocabulary = vocabulary
        self._spans = vocabulary is SPANS
        self._lookups = 0
        self._inside: Whole | None = None

    def of(self, node: Node) -> Predicate:
        match node:
            case Everything():
                return Always()
            case And(parts):
                return AllOf(tuple(map(self.of, parts)))
            case Or(parts):
                return AnyOf(tuple(map(self.of, parts)))
            case Not(part):
                return Negated(self.of(part))
            case Text(segments, place):
                self._looks_up(place)
                return Says(_phrase(segments, place))
            case Has(name):
                return self._has(name)
            case Condition():
                return self._condition(node)
            case Related() | Of() | Quantified() if not self._spans:
                raise FilterError(
                    "this is about spans and traces",
                    node.place.offset,
                    node.place.length,
                    expected=f"a condition on {self._vocabulary.called}, or quotes around a text",
                )
            case Related(relation, part, place):
                self._looks_up(place, 3)
                return Standing(relation, self._within(None, part))
            case Of(whole, part, place):
                self._looks_up(place)
                return self._within(whole, part)
            case Quantified(quantifier, part, place):
                self._looks_up(place)
                return Counted(self._inside or Whole.TRACE, quantifier, self._within(None, part))

    def _within(self, whole: Whole | None, part: Node) -> Predicate:
        outer, self._inside = self._inside, whole
        try:
            return self.of(part)
        finally:
            self._inside = outer

    def _looks_up(self, place: Place, cost: int = 1) -> None:
        self._lookups += cost
        if self._lookups > MAX_LOOKUPS:
            raise FilterError(
                "the filter looks into other spans and texts too often",
                place.offset,
                place.length,
                expected=f"at most {MAX_LOOKUPS} looks; quotes make words that stand together one",
            )

    # Names.

    def _target(self, name: Name) -> Field | Path | Measure | ScoreField:
        if self._spans and (score := score_field(name.text)):
            self._looks_up(name.place)
            return self._score(name, score)
        if found := measure_of(name.text, self._inside) if self._spans else None:
            self._looks_up(name.place)
            return Measure(found[0], found[1].name)
        if self._inside is not None:
            raise self._no_measure(name, self._inside)
        if path := self._path(name):
            return path
        if field := self._vocabulary.find(name.text):
            return field
        if "." in name.text.strip("."):
            if close := self._vocabulary.near(name.text, _WHOLES if self._spans else (), _SLIP):
                raise FilterError(
                    f"there is no field {shown(name.text)}",
                    name.place.offset,
                    name.place.length,
                    expected=f"a field, or {spell_name('attr.' + name.text)} for an attribute of that name",
                    proposal=close,
                )
            return self._checked("attributes", name.text, name.place)
        raise self._no_field(name)

    def _score(self, name: Name, score: ScoreField) -> ScoreField:
        """The score that a name means. Raises FilterError where it stands wrong or says no name."""
        if self._inside is not None:
            raise self._no_measure(name, self._inside)
        if not score.name and name.text.lower() not in ANY:
            raise FilterError(
                "a score has a name", name.place.offset, name.place.length, expected="score.helpful, say"
            )
        return score

    def _path(self, name: Name) -> Path | None:
        for head, column in COLUMNS.items():
            if name.text.startswith(head):
                return self._checked(column, name.text[len(head) :], name.place)
        return None

    def _checked(self, column: str, key: str, place: Place) -> Path:
        if reason := fault(key):
            raise FilterError(
                reason, place.offset, place.length, expected="an attribute, as in attr.app.region"
            )
        return read_path(column, key)

    def _no_field(self, name: Name) -> FilterError:
        close = self._vocabulary.near(name.text, _WHOLES if self._spans else ())
        attribute = spell_name(f"attr.{name.text}")
        return FilterError(
            f"there is no field {shown(name.text)}",
            name.place.offset,
            name.place.length,
            expected=f"a field, {shown(attribute)} for an attribute, or quotes around a text",
            proposal=close or (attribute if not fault(name.text) and len(name.text) < 60 else ""),
        )

    def _no_measure(self, name: Name, whole: Whole) -> FilterError:
        return FilterError(
            f"{shown(name.text)} is not a measure of a {whole}",
            name.place.offset,
            name.place.length,
            expected=f"any, all or none before a condition on spans, or one of {', '.join(names(whole))}",
            proposal=f"any {shown(name.text)}" if find(name.text) else nearest(name.text, names(whole)),
        )

    # Conditions.

    def _has(self, name: Name) -> Predicate:
        target = self._target(name)
        if isinstance(target, ScoreField):
            return Scored(target)
        if isinstance(target, Measure):
            return Measured(target)
        if isinstance(target, Field) and target.type is Type.CONTENT and not target.sql:
            return Sized(target.contents)
        if isinstance(target, Field) and target.type is Type.LOG:
            self._looks_up(name.place)
            return Logged()
        if isinstance(target, Path) and self._vocabulary.contents:
            beside: list[Predicate] = [Known(target), Sized((f"attribute:{target.key}",))]
            if self._spans and (field := self._taken(target)):
                beside.append(Sized(field.contents) if field.type is Type.CONTENT else Known(field))
            return AnyOf(tuple(beside)) if target.column == "attributes" else Known(target)
        return Known(target)

    def _condition(self, node: Condition) -> Predicate:
        target = self._target(node.name)
        if isinstance(target, ScoreField):
            return self._scored(node, target)
        if isinstance(target, Path):
            return self._attribute(node, target)
        if isinstance(target, Measure):
            measure: WholeMeasure = MEASURES[target.name]
            return Measured(target, self._values.ordered(node, measure.type))
        if target.type in (Type.CONTENT, Type.LOG):
            return self._text(node, target)
        return Compared(target, self._values.of_field(node, target))

    def _scored(self, node: Condition, field: ScoreField) -> Predicate:
        """A condition on a score: `field:*` is that there is one."""
        if not field.name:
            raise FilterError(
                f"{node.name.text} is any score, it has no value",
                node.name.place.offset,
                node.name.place.length,
                expected=f"the name of a score, as in {node.name.text}.helpful<0.5, or has:{node.name.text}",
            )
        if node.operator is Operator.IS and all(v.wild and not any(v.segments) for v in node.values):
            return Scored(field)
        if field.aspect == VALUE:
            return Scored(field, self._values.of_score(node))
        return Scored(field, self._values.of_field(node, aspect_field(field, "")))

    def _text(self, node: Condition, field: Field) -> Predicate:
        """Contents and logs: a phrase behind a colon, a size behind an order."""
        if node.operator is not Operator.IS:
            if field.type is Type.LOG:
                raise FilterError(
                    "log is a text, it has no order",
                    node.place.offset,
                    node.place.length,
                    expected="log: and a text",
                )
            test = self._values.ordered(node, Type.SIZE)[0]
            if field.sql:
                return Compared(Field("size", Type.SIZE, f"length({field.sql})", ""), (test,))
            return Sized(field.contents, test if isinstance(test, Between) else None)
        found: list[Predicate] = []
        for value in node.values:
            self._looks_up(node.place)
            phrase = _phrase(value.segments, value.place)
            if field.sql:
                found.append(Contains(phrase, field.sql))
            else:
                found.append(Logged(phrase) if field.type is Type.LOG else Says(phrase, field.contents))
        return found[0] if len(found) == 1 else AnyOf(tuple(found))

    # Attributes, whose type only the data knows.

    def _taken(self, path: Path) -> Field | None:
        """The field that took an attribute. Rows other than spans have only long texts elsewhere."""
        field = find(path.field) if path.field else None
        if self._spans or field is None:
            return field
        moved = field.type is Type.CONTENT and self._vocabulary.contents and path.column == "attributes"
        return Field(field.name, Type.CONTENT, "", "") if moved else None

    def _attribute(self, node: Condition, path: Path) -> Predicate:
        field = self._taken(path)
        if field and field.type is Type.CONTENT:
            moved = Field(
                field.name, Type.CONTENT, "", "", contents=(*field.contents, f"attribute:{path.key}")
            )
            return self._text(node, moved)
        own = Compared(path, self._values.of_attribute(node))
        if field is None:
            return own
        try:
            return AnyOf((own, Compared(field, self._values.of_field(node, field))))
        except FilterError:
            # The value is none that the field could have; the attribute may still have it.
            return own


def _phrase(segments: tuple[str, ...], place: Place) -> Phrase:
    phrase = read_phrase(segments)
    if not phrase.words and not phrase.plain.strip("*"):
        raise FilterError("nothing to look for", place.offset, place.length, expected="a text")
    if sum(map(len, phrase.words)) > MAX_WORDS:
        raise FilterError(
            f"a text of more than {MAX_WORDS} words",
            place.offset,
            place.length,
            expected="a shorter piece of it",
        )
    return phrase
