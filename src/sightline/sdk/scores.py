"""Scores and feedback from code: log records that the server reads as scores."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from typing import Any, Final, Literal

from opentelemetry import trace as otel

from sightline.sdk import names, running
from sightline.sdk.capture import cut, text_of
from sightline.sdk.context import attributes_of
from sightline.sdk.spans import Span, trouble

Source = Literal["end_user", "person", "evaluator", "rule"]
DataType = Literal["numeric", "categorical", "boolean", "comment", "correction"]
_SOURCES: Final = ("end_user", "person", "evaluator", "rule")
_DATA_TYPES: Final = ("numeric", "categorical", "boolean", "comment", "correction")
_MAX_NAME: Final = 200
_MAX_TEXT: Final = 100_000
_INFO: Final = 9
_THUMBS: Final = {"up": True, "down": False, "👍": True, "👎": False}


class UnusableError(ValueError):
    """A score that can't be: the message names what was given, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is scored: a span, a whole trace (`span_id` 0), or a session (`trace_id` 0)."""

    trace_id: int = 0
    span_id: int = 0
    session: str | None = None

    @property
    def kind(self) -> str:
        """`span`, `trace` or `session`."""
        return "session" if self.session is not None else "span" if self.span_id else "trace"


def score(
    name: str,
    value: float | bool | str | None = None,
    *,
    label: str | None = None,
    comment: str | None = None,
    correction: str | None = None,
    span: Span | otel.Span | None = None,
    trace_id: str | int | None = None,
    span_id: str | int | None = None,
    session: str | None = None,
    source: Source = "evaluator",
    author: str | None = None,
    method: str | None = None,
    id: str | None = None,  # noqa: A002  # what users call it
    data_type: DataType | None = None,
    deleted: bool = False,
) -> str | None:
    """Score the current span, or what is named: a `span`, a `trace_id` (and `span_id`), a `session`.

    `value`: a number, a boolean, or a text, which is a `label`. `correction`: what would have been right.
    `source`: who scores (`end_user`, `person`, `evaluator`, `rule`); `author` and `method`: by name, and
    how. Works long after the span ended and in any process, with ids in hex. The same author's same score
    of the same target replaces; `deleted=True` takes it back. Gives the score's id; None, with one warning,
    where it could not be used or `sightline.init()` was not called.

        >>> import sightline
        >>> with sightline.span("answer"):
        ...     _ = sightline.score("grounded", 0.9, comment="two of three claims have a source")
        ...     _ = sightline.score("language", "de", method="fasttext")
        >>> _ = sightline.score("reviewed", True, source="person", author="ada",
        ...                     trace_id="4bf92f3577b34da6a3ce929d0e0e4736")
    """
    try:
        target = _target(span, trace_id, span_id, session)
        if target is None:
            return None
        said = _said(value, label, comment, correction, data_type, deleted)
        made = {
            names.SCORE_NAME: _name(name),
            names.SCORE_SOURCE: _one_of("source", source, _SOURCES),
            names.SCORE_TARGET: target.kind,
            **said,
        }
        for key, text in ((names.SCORE_AUTHOR, author), (names.SCORE_METHOD, method)):
            if _is_said(text):
                made[key] = text_of(text, _MAX_NAME)
        if target.session is not None:
            made[names.SESSION_ID] = target.session
        made[names.SCORE_ID] = cut(id, _MAX_NAME) if id else default_id(made, target)
        return _send(made, target, source)
    except UnusableError as error:
        running.warn_once(f"api.score.{str(error).partition('=')[0][:40]}", f"sightline.score: {error}")
    except Exception as error:  # the border
        trouble("score", error)
    return None


def feedback(
    value: float | bool | str | None = None,
    *,
    comment: str | None = None,
    name: str = "helpful",
    trace_id: str | int | None = None,
    span_id: str | int | None = None,
    session: str | None = None,
    user: str | None = None,
    correction: str | None = None,
    id: str | None = None,  # noqa: A002  # what users call it
) -> str | None:
    """What an end user says of the current trace: `True`, `"up"`, `"down"`, a number, a comment.

    The user is that of `sightline.context` where none is named; their next feedback of the same name
    replaces this one. Keep `span.trace_id` with the answer, and give it back with the click.

        >>> import sightline
        >>> with sightline.span("answer") as span:
        ...     _ = sightline.feedback("up")
        >>> _ = sightline.feedback("down", comment="wrong year", trace_id=span.trace_id, user="u-7")
    """
    try:
        thumb = _THUMBS.get(value) if isinstance(value, str) else None
        if isinstance(value, str) and thumb is None:
            raise UnusableError(
                f"feedback({_shown(value)}): expected True, False, 'up', 'down' or a number; "
                "put words into comment=…, or use sightline.score(label=…)."
            )
        if trace_id is None and span_id is None and session is None:
            here = otel.get_current_span().get_span_context()
            trace_id = here.trace_id if here.is_valid else None
        author = user if user is not None else attributes_of().get(names.USER_ID)
        return score(
            name,
            value if thumb is None else thumb,
            comment=comment,
            correction=correction,
            trace_id=trace_id,
            span_id=span_id,
            session=session,
            source="end_user",
            author=author,
            id=id,
        )
    except UnusableError as error:
        running.warn_once("api.feedback", f"sightline.feedback: {error}")
    except Exception as error:  # the border
        trouble("feedback", error)
    return None


def default_id(score: dict[str, Any], target: Target) -> str:
    """The id of a score without one: the same for the same name, author and target.

    >>> one = default_id({names.SCORE_NAME: "helpful", names.SCORE_AUTHOR: "u-7"}, Target(trace_id=1))
    >>> one == default_id({names.SCORE_NAME: "helpful", names.SCORE_AUTHOR: "u-7"}, Target(trace_id=1))
    True
    """
    who = [
        score.get(k, "")
        for k in (names.SCORE_NAME, names.SCORE_SOURCE, names.SCORE_AUTHOR, names.SCORE_METHOD)
    ]
    what = [f"{target.trace_id:032x}", f"{target.span_id:016x}", target.session or ""]
    return hashlib.sha256("\x00".join([*map(str, who), *what]).encode("utf-8", "replace")).hexdigest()[:32]


def _send(made: dict[str, Any], target: Target, source: str) -> str | None:
    found = running.runtime()
    if found is None:
        running.warn_once(
            "api.score.init",
            "sightline.score and sightline.feedback do nothing before sightline.init(); call it at start.",
        )
        return None
    running.emit(names.SCORE_EVENT, made, target.trace_id, target.span_id, time.time_ns(), _INFO)
    here = otel.get_current_span().get_span_context()
    # What people say is rare and dear. Scores of evaluators come with every trace: they would end all
    # sampling.
    if source in ("end_user", "person") and here.is_valid and here.trace_id == target.trace_id:
        running.keep_trace("feedback")
    return str(made[names.SCORE_ID])


def _target(
    span: object, trace_id: str | int | None, span_id: str | int | None, session: str | None
) -> Target | None:
    """What is scored; None where it is the current span and there is none that is recorded."""
    if session is not None:
        if trace_id is not None or span_id is not None or span is not None:
            raise UnusableError("a session and a span or trace at once; score them one by one.")
        return Target(session=_text("session", session))
    if span is not None:
        inner = span.otel if isinstance(span, Span) else span
        if not isinstance(inner, otel.Span):
            raise UnusableError(
                f"span={_shown(span)}: expected what sightline.span(…) gave, or an OpenTelemetry span."
            )
        context = inner.get_span_context()
        return Target(context.trace_id, context.span_id) if context.is_valid else None
    if trace_id is not None:
        if isinstance(trace_id, str) and trace_id and not trace_id.strip("0"):
            return None  # the id of what was not recorded
        return Target(
            _id("trace_id", trace_id, 32), _id("span_id", span_id, 16) if span_id is not None else 0
        )
    context = otel.get_current_span().get_span_context()
    if span_id is not None:
        raise UnusableError(f"span_id={_shown(span_id)} without its trace; pass trace_id=…, too.")
    if not context.is_valid:
        if running.runtime() is not None:
            raise UnusableError(
                "no span is current; call it inside one, or pass span=…, trace_id=… or session=…."
            )
        return None
    return Target(context.trace_id, context.span_id)


def _said(
    value: object,
    label: str | None,
    comment: str | None,
    correction: str | None,
    data_type: object,
    deleted: bool,
) -> dict[str, Any]:
    """Value, label, texts and type; the type follows from what is there where it is not said."""
    made: dict[str, Any] = {}
    if isinstance(value, str):
        if label is not None:
            raise UnusableError(
                f"value={_shown(value)} and label={_shown(label)}: a text is a label; pass one of them."
            )
        value, label = None, value
    if value is not None:
        made[names.SCORE_VALUE] = _number(value)
    if label is not None:
        made[names.SCORE_LABEL] = cut(_text("label", label), _MAX_NAME)
    if _is_said(comment):
        made[names.SCORE_EXPLANATION] = text_of(comment, _MAX_TEXT)
    if _is_said(correction):
        made[names.SCORE_CORRECTION] = text_of(correction, _MAX_TEXT)
    if deleted:
        made[names.SCORE_DELETED] = True
    elif not made:
        raise UnusableError("nothing is said; pass a value, a label, a comment or a correction.")
    kind = "boolean" if isinstance(value, bool) else "numeric" if value is not None else None
    kind = kind or (
        "categorical" if label is not None else "correction" if _is_said(correction) else "comment"
    )
    made[names.SCORE_DATA_TYPE] = (
        _one_of("data_type", data_type, _DATA_TYPES) if data_type is not None else kind
    )
    return made


def _is_said(text: object) -> bool:
    """Whether there is anything in it; an empty field of a form is nobody's comment."""
    return text is not None and not (type(text) is str and not text.strip())


def _number(value: object) -> float:
    try:
        made = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        made = math.nan
    if not math.isfinite(made):
        raise UnusableError(
            f"value={_shown(value)}: expected a finite number, a boolean, or a text as label=…."
        )
    return made


def _name(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise UnusableError(f"name={_shown(name)}: expected a text such as 'helpful'.")
    return cut(name.strip(), _MAX_NAME)


def _text(what: str, value: object) -> str:
    if not isinstance(value, str) or not str.__len__(value):
        raise UnusableError(f"{what}={_shown(value)}: expected a text.")
    return cut(value, _MAX_NAME)


def _one_of(what: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UnusableError(f"{what}={_shown(value)}: expected one of {', '.join(known)}.")
    return str(value)


def _id(what: str, value: object, digits: int) -> int:
    """An id as hex digits, with or without dashes, or as the number that OpenTelemetry has."""
    number = 0
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str):
        bare = value.strip().replace("-", "").lower().removeprefix("0x")
        if len(bare) == digits and set(bare) <= set("0123456789abcdef"):
            number = int(bare, 16)
    if not 0 < number < 16**digits:
        raise UnusableError(f"{what}={_shown(value)}: expected {digits} hex digits, as span.{what} has them.")
    return number


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 200:
        return f"<int of {value.bit_length()} bits>"
    return repr(value)[:60] if isinstance(value, str | int | float) else f"<{type(value).__name__}>"
