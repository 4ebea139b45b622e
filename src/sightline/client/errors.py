"""What can go wrong when a Sightline is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """The base of all; its text is one sentence."""


class Unreachable(ClientError):
    """Nobody answers at the address, or the connection broke."""


class Incomplete(ClientError):
    """An export ended before it was whole; what was written is not to be used."""


class MissingLibrary(ClientError):
    """An optional library is not installed; the message says what to install."""


class Refused(ClientError):
    """The server answered with a problem (RFC 9457).

    `position` and `length` count characters of a filter or query from 0, None where they are not known;
    `suggestion` is what may have been meant. `more` is the whole document, `body` its bytes.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], body: bytes = b"") -> None:
        self.status, self.body = status, body
        self.title = _text(problem.get("title"))
        self.detail = _text(problem.get("detail")) or _text(problem.get("message")) or self.title
        self.reason = _text(problem.get("reason"))
        self.position = _number(problem.get("position"))
        self.length = _number(problem.get("length"))
        self.suggestion = _text(problem.get("suggestion"))
        self.more = dict(problem)
        super().__init__(f"{self.detail} ({status})" if self.detail else f"The server answered {status}.")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
