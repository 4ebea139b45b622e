"""What a reader has chosen among log records or metrics, as `selection` is what was chosen among spans."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sightline.query.filter.compiler import Sql
from sightline.query.filter.meaning import mean
from sightline.query.filter.nodes import And, Condition, Everything, Has, Name, Node, Not, Operator, joined
from sightline.query.filter.parser import parse
from sightline.query.filter.predicates import Predicate
from sightline.query.filter.spelling import spell, spell_name, value_of
from sightline.query.filter.vocabulary import Vocabulary
from sightline.query.window import Window


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Rows of a window that match a filter. `text` is its canonical text, as it was understood.

    `environment` narrows beside the filter, as a page's switch does, and is not part of its text; '' is all.
    """

    vocabulary: Vocabulary
    window: Window
    text: str
    node: Node
    predicate: Predicate
    environment: str
    now: int

    def sql(self) -> Sql:
        """A builder of statements over these rows."""
        return Sql(self.window, vocabulary=self.vocabulary)

    def refined(self, node: Node) -> RowSelection:
        """The rows that another filter chooses in the same place. Raises FilterError."""
        predicate = _meant(self.vocabulary, node, self.now, self.environment)
        return replace(self, node=node, text=spell(node), predicate=predicate)

    def beside(self, *conditions: Node) -> RowSelection:
        """The rows that meet further conditions as well."""
        mine = [] if isinstance(self.node, Everything) else [self.node]
        return self.refined(joined(And, [*mine, *conditions]))

    def within(self, since: int, until: int) -> RowSelection:
        """The same filter in another stretch of time of the project."""
        return replace(self, window=Window(self.window.project, since, until))


def select_rows(
    vocabulary: Vocabulary, text: str, window: Window, now: int, environment: str = ""
) -> RowSelection:
    """Read a filter for a window; `now` (ns) is what relative times count from. Raises FilterError."""
    node = parse(text, vocabulary.alone)
    predicate = _meant(vocabulary, node, now, environment)
    return RowSelection(vocabulary, window, spell(node), node, predicate, environment, now)


def holds(name: str, text: str) -> Node:
    """The condition that a field has exactly this text; '' is not set."""
    if not text:
        return Not(Has(Name(name)))
    return Condition(Name(name), Operator.IS, (value_of(text),))


def without(vocabulary: Vocabulary, node: Node, name: str) -> Node:
    """A filter without its conditions on one field, where they stand beside others and not inside of them."""
    parts = node.parts if isinstance(node, And) else (node,)
    kept = [part for part in parts if not _about(vocabulary, part, name)]
    return joined(And, kept) if kept else Everything()


def _about(vocabulary: Vocabulary, node: Node, name: str) -> bool:
    if isinstance(node, Not):
        return _about(vocabulary, node.part, name)
    if not isinstance(node, Condition | Has):
        return False
    field = vocabulary.find(node.name.text)
    return field is vocabulary.find(name) if field else spell_name(node.name.text) == name


def _meant(vocabulary: Vocabulary, node: Node, now: int, environment: str) -> Predicate:
    if not environment:
        return mean(node, now, vocabulary)
    inside = holds("env", environment)
    together = inside if isinstance(node, Everything) else joined(And, [node, inside])
    return mean(together, now, vocabulary)
