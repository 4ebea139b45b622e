"""A population of traces, and what a sampler keeps of it: all errors, all slow ones, a share of the rest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.digest.engine import Engine
from tests.digest.otlp import START, span, traces

from sightline.records.ingest import Signal

SLOW_NS = 4 * 10**9
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4")


@dataclass(frozen=True)
class Call:
    """A call of a model within a trace."""

    model: str
    duration: int
    tokens: int
    cost: float


@dataclass(frozen=True)
class Made:
    """A trace as it happened: a root and its calls."""

    id: int
    user: str
    duration: int
    failed: bool
    calls: tuple[Call, ...]

    @property
    def session(self) -> str:
        """A conversation of the user: each has two."""
        return f"{self.user}-{self.id % 2}"


def population(seed: int, size: int) -> list[Made]:
    """Traces of all sorts; cost and time have long tails."""
    dice = random.Random(seed)
    made = []
    for _ in range(size):
        calls = tuple(
            Call(
                dice.choices(MODELS, (5, 3, 1))[0],
                int(dice.lognormvariate(20.2, 0.7)),
                dice.randint(50, 4000),
                dice.lognormvariate(-6, 1),
            )
            for _ in range(dice.choice((0, 1, 1, 2, 4)))
        )
        duration = sum(call.duration for call in calls) + dice.randint(10**6, 10**9)
        made.append(
            Made(
                dice.getrandbits(128) or 1, f"u{dice.randint(1, 300)}", duration, dice.random() < 0.04, calls
            )
        )
    return made


def kept(everything: Sequence[Made], ratio: float) -> list[tuple[Made, float, str]]:
    """What is kept, with its weight and why; the share by the trace's id, as consistent sampling does."""
    threshold = round((1 - ratio) * 2**56)
    found = []
    for one in everything:
        if one.failed:
            found.append((one, 1.0, "error"))
        elif one.duration > SLOW_NS:
            found.append((one, 1.0, "slow"))
        elif one.id % 2**56 >= threshold:
            found.append((one, 1 / ratio, "ratio"))
    return found


def store(engine: Engine, project: str, sample: Sequence[tuple[Made, float, str]]) -> None:
    """Digest what was kept; what stands for itself says nothing of it."""
    spans = []
    number = 0
    for one, weight, reason in sample:
        said: dict[str, Any] = {} if weight == 1 else {"sightline.sampling.weight": weight}
        if reason:
            said["sightline.sampling.reason"] = reason
        number += 1
        trace, root = one.id.to_bytes(16, "big"), number
        made = span(
            trace,
            root,
            start=START + number * 10**6,
            length=one.duration,
            attributes=said | {"user.id": one.user, "session.id": one.session},
        )
        if one.failed:
            made.status.code = 2  # type: ignore[assignment]
        spans.append(made)
        for call in one.calls:
            number += 1
            attributes = said | {
                "gen_ai.operation.name": "chat", "gen_ai.request.model": call.model,
                "gen_ai.usage.input_tokens": call.tokens, "gen_ai.usage.output_tokens": 0,
                "sightline.reported_cost_usd": call.cost,
            }  # fmt: skip
            spans.append(
                span(
                    trace,
                    number,
                    root,
                    start=START + number * 10**6,
                    length=call.duration,
                    attributes=attributes,
                )
            )
    engine.digest(Signal.TRACES, [traces(spans[at : at + 500]) for at in range(0, len(spans), 500)], project)
