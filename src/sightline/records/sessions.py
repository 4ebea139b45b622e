"""Sessions and users: what the requests of one conversation, or of one user, come to.

Times are nanoseconds since the epoch, durations nanoseconds, money US dollars. `None` is unknown and never 0;
`unknown_cost` and `unknown_tokens` count the model calls that a sum leaves out.

Figures are of what is stored. Where traces were sampled, `estimates` has what they stand for, by the names of
fields and columns; it is empty where each stands for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sightline.records.conversation import Message
from sightline.records.figures import Figure
from sightline.records.trace import Content, Tokens


@dataclass(frozen=True, slots=True)
class Several:
    """Some of the different values of a field, and how many there are in all."""

    some: tuple[str, ...] = ()
    count: int = 0

    @property
    def more(self) -> int:
        """How many are not among `some`."""
        return max(0, self.count - len(self.some))


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One session, of its spans within the time asked about.

    `first` and `last` are when its first and its last span began; `duration_ns` is from the first begin to
    the last end. `turns` counts traces, `failed_turns` those with a failed span. `question` and `answer` are
    the beginnings of the first that was asked and of the last that was answered; empty where no content is
    known.
    """

    session_id: str
    first: int
    last: int
    duration_ns: int
    turns: int
    failed_turns: int
    spans: int
    errors: int
    calls: int
    tokens: Tokens
    cost_usd: float | None
    unknown_cost: int
    unknown_tokens: int
    users: Several
    models: Several
    environments: Several
    releases: Several
    question: str = ""
    answer: str = ""
    estimates: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A page of a list of sessions. `next` is the cursor of the following ones, None at the end."""

    sessions: tuple[SessionSummary, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """One trace of a session. `failure` says what failed first, in the words of its sender; empty when
    nothing did. `root_failed`: the request itself failed, not only a step of it."""

    trace_id: str
    name: str
    start_time: int
    duration_ns: int
    time_to_first_token_ns: int | None
    root_failed: bool
    failure: str
    spans: int
    errors: int
    calls: int
    tools: int
    model: str
    models: int
    tokens: Tokens
    cost_usd: float | None
    unknown_cost: int
    unknown_tokens: int
    user_id: str
    environment: str
    release: str
    weight: float = 1.0
    sample_reason: str = ""

    @property
    def end_time(self) -> int:
        """When the last of it ended."""
        return self.start_time + self.duration_ns


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool that ran in a turn, with what it was given and what it answered, as stored."""

    span_id: str
    name: str
    start_time: int
    duration_ns: int
    failed: bool
    message: str
    arguments: Content | None
    result: Content | None


@dataclass(frozen=True, slots=True)
class TurnSaid:
    """What was asked and answered in a turn, without the history that came with it.

    `repeated` is how many messages of the request the session had before. `tools` are in the order they
    ran, at most as many as are read; `TurnFigures.tools` counts all. `exact` are the stored texts that
    question and answer were read from. `expired`: there were texts, and they are gone.
    """

    trace_id: str
    asked: tuple[Message, ...]
    answered: tuple[Message, ...]
    tools: tuple[ToolRun, ...]
    repeated: int
    exact: tuple[Content, ...]
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A whole session: its figures, and its turns in the order they began.

    `truncated`: it has more turns than are read; these are the latest.
    """

    summary: SessionSummary
    turns: tuple[TurnFigures, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class UserSummary:
    """One user's requests within the time asked about; an empty `user_id` is: not set.

    `failed` counts requests with a failed span. `p95_ns` is that of the requests' durations.
    """

    user_id: str
    requests: int
    failed: int
    sessions: int
    spans: int
    tokens: Tokens
    cost_usd: float | None
    unknown_cost: int
    unknown_tokens: int
    p95_ns: int | None
    first: int
    last: int
    features: Several
    models: Several
    estimates: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserPage:
    """A page of a list of users. `next` is the cursor of the following ones, None at the end."""

    users: tuple[UserSummary, ...]
    next: str | None
