"""What people and evaluators thought of the helpdesk's answers: scores that come after their traces.

The dice are the trace's own, so that scores change nothing else of the demo.
"""

from __future__ import annotations

from random import Random

from sightline.demo.shapes import Source, Value
from sightline.demo.story import HOUR, SECOND
from sightline.demo.tape import INFO, Tape

EVENT = "gen_ai.evaluation.result"
_UNHAPPY = (
    "This is not what I asked.",
    "It repeats the article I had read already.",
    "Too slow, I had found it myself by then.",
    "Wrong product.",
)
_HAPPY = ("Exactly that, thank you!", "Solved in one go.", "")
_REVIEWERS = ("mia@example.com", "jonas@example.com")
_CORRECTED = (
    "Refunds for annual plans are prorated to the day. Ask support to start one under Billing, Refunds.",
    "The export is limited to 10,000 rows on the Team plan; use the API with a cursor for more.",
)


def judge(tape: Tape, source: Source, agent: bytes, root: bytes, end: int, text: str, version: str) -> None:
    """Scores of one answer, given up to some hours after its end; `version` is its prompt's."""
    dice = Random(tape.trace_id)
    weak = version == "v42"
    if text and dice.random() < 0.3:
        grounded = round(min(1.0, dice.betavariate(3 if weak else 9, 2)), 2)
        why = "Two claims have no support in the retrieved articles." if grounded < 0.5 else ""
        _score(
            tape, source, end + dice.randrange(2, 9) * SECOND, agent, "groundedness", "numeric", "evaluator",
            value=grounded, explanation=why, author="groundedness-judge 1.4", method="llm-judge",
        )  # fmt: skip
    if dice.random() < 0.22:
        helpful = bool(text) and dice.random() < (0.55 if weak else 0.86)
        said = dice.choice(_HAPPY if helpful else _UNHAPPY) if dice.random() < 0.4 else ""
        _score(
            tape, source, end + dice.randrange(4, 95) * SECOND, root, "helpful", "boolean", "end_user",
            value=1.0 if helpful else 0.0, explanation=said, method="thumbs", target="trace",
        )  # fmt: skip
        if not helpful and text and dice.random() < 0.8:
            _review(tape, source, agent, end, dice)


def _review(tape: Tape, source: Source, agent: bytes, end: int, dice: Random) -> None:
    """Somebody of the team reads an answer that did not help."""
    at = end + dice.randrange(600, 3 * 3600) * SECOND
    label = dice.choice(("wrong", "wrong", "partly right", "right"))
    reviewer = dice.choice(_REVIEWERS)
    _score(
        tape, source, at, agent, "verdict", "categorical", "person", label=label, author=reviewer,
        method="review",
    )  # fmt: skip
    if label == "wrong":
        _score(
            tape, source, at + 40 * SECOND, agent, "answer", "correction", "person", author=reviewer,
            correction=dice.choice(_CORRECTED), method="review",
        )  # fmt: skip


def rate_session(tape: Tape, source: Source, session: str, root: bytes, end: int) -> None:
    """What a user said of the whole conversation, for one of eight."""
    dice = Random(session)
    if dice.random() < 0.125:
        stars = dice.choice((1, 2, 3, 4, 4, 5, 5, 5))
        _score(
            tape, source, end + min(HOUR, 120 * SECOND), root, "satisfaction", "numeric", "end_user",
            value=float(stars), method="survey", target="session", session=session,
        )  # fmt: skip


def _score(
    tape: Tape,
    source: Source,
    time: int,
    span: bytes,
    name: str,
    data_type: str,
    by: str,
    *,
    value: float | None = None,
    label: str = "",
    explanation: str = "",
    correction: str = "",
    author: str = "",
    method: str = "",
    target: str = "span",
    session: str = "",
) -> None:
    """The log record that OpenTelemetry has for a score."""
    given: dict[str, Value] = {
        "gen_ai.evaluation.name": name,
        "gen_ai.evaluation.score.value": value,
        "gen_ai.evaluation.score.label": label,
        "gen_ai.evaluation.explanation": explanation,
        "session.id": session,
        "sightline.score.target": target,
        "sightline.score.data_type": data_type,
        "sightline.score.source": by,
        "sightline.score.author": author,
        "sightline.score.method": method,
        "sightline.score.correction": correction,
    }
    said = {key.replace(".", "__"): text for key, text in given.items() if text not in ("", None)}
    tape.log(source, time, INFO, f"{name} was scored", span, EVENT, **said)
