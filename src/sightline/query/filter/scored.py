"""Scores in filters: `score.helpful<0.5`, `score.verdict:wrong`, `score.helpful.source:end_user`.

`score.NAME` is a span's own score or, for the head of a trace, the trace's. `trace.score.NAME` is any of the
trace, of its spans or of its session, `session.score.NAME` any of the session, its traces or their spans. Of
several scores of one name on one target one counts: that of a person before an end user's before an
evaluator's before a rule's; of equals the latest.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.query.filter.fields import Field, Type
from sightline.query.filter.nodes import Whole
from sightline.records.scores import ScoreSource

PLAIN = "score."
HEADS: dict[str, Whole | None] = {PLAIN: None, "trace.score.": Whole.TRACE, "session.score.": Whole.SESSION}
ANY = ("score", "trace.score", "session.score")
"""What `has:` finds for a score of any name."""
VALUE = "value"
_SOURCES = tuple(str(source) for source in ScoreSource)
# What can be asked of a score besides its value: the name behind it, and its column.
ASPECTS = {
    "source": "source",
    "by": "author",
    "method": "method",
    "comment": "comment",
    "correction": "correction",
}
SAYS = {
    "source": "who gave it: end_user, person, evaluator or rule",
    "by": "which user, person, evaluator or rule gave it",
    "method": "how it was given",
    "comment": "what was said beside it",
    "correction": "what the output should have been",
}


@dataclass(frozen=True, slots=True)
class ScoreField:
    """A score as a field: whose (None: the span's), of which name ('': any), and what of it.

    `aspect` is `value` (its number, label or truth) or a column of table `scores`.
    """

    whole: Whole | None
    name: str
    aspect: str = VALUE

    @property
    def called(self) -> str:
        """Its name in a filter."""
        head = next(head for head, whole in HEADS.items() if whole is self.whole)
        if not self.name:
            return head.removesuffix(".")
        tail = next((f".{word}" for word, column in ASPECTS.items() if column == self.aspect), "")
        return f"{head}{self.name}{tail}"


def score_field(name: str) -> ScoreField | None:
    """The score that a name means, None when it means something else. The name may be empty: `score.`"""
    if name.lower() in ANY:
        return ScoreField(HEADS[f"{name.lower()}."], "")
    for head, whole in HEADS.items():
        if name.lower().startswith(head):
            rest = name[len(head) :]
            named, _, last = rest.rpartition(".")
            if named and last in ASPECTS:
                return ScoreField(whole, named, ASPECTS[last])
            return ScoreField(whole, rest)
    return None


def about_whole(name: str, whole: Whole) -> str:
    """The name that a list of traces or sessions means by a plain `score.NAME`; empty for other names."""
    field = score_field(name)
    if field is None or field.whole is not None or not (field.name or name.lower() == "score"):
        return ""
    return f"{whole}.{PLAIN.removesuffix('.')}{name[len('score') :]}"


def aspect_field(field: ScoreField, sql: str) -> Field:
    """What of a score is a text or a word, as a field whose expression is `sql`."""
    if field.aspect == "source":
        return Field(field.called, Type.WORD, sql, "", empty=True, words=_SOURCES, names=("source",))
    return Field(field.called, Type.TEXT, sql, "", empty=True, names=(field.called,))
