"""What every web integration can be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

Who = Mapping[str, Any] | None
"""What `identify` says: arguments of `sightline.context` (`user`, `session`, `team`, `feature`, …)."""


class Options(TypedDict, total=False):
    """The keyword arguments of every web integration; what each means stands at `WebOptions`."""

    identify: Callable[[Any], Any]
    trace_header: bool
    summary: bool
    trust_incoming: bool
    exclude: Sequence[str]


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How requests are seen.

    `identify`: says from the framework's request who asks (`{"user": …, "session": …}`); awaitable where the
    framework is asynchronous. `trace_header`: answers carry `traceresponse` and `x-trace-id`, so that a front
    end can send feedback. `summary`: answers that are not streamed carry `Server-Timing` and `x-sightline-*`
    with tokens, model calls and, where known, cost. `trust_incoming`: the caller's trace goes on here; False
    begins a new one with a link to it. `exclude`: paths that get no span; each covers what is below it.
    """

    identify: Callable[[Any], Any] | None = None
    trace_header: bool = True
    summary: bool = False
    trust_incoming: bool = True
    exclude: tuple[str, ...] = ()

    def skips(self, path: str) -> bool:
        """Whether a path gets no span.

        >>> options = WebOptions(exclude=("/health",))
        >>> options.skips("/health"), options.skips("/health/db"), options.skips("/healthy")
        (True, True, False)
        """
        return any(path == one or path.startswith(one.rstrip("/") + "/") for one in self.exclude)


def web_options(options: Options) -> WebOptions:
    """The options as a record. Raises TypeError for a name that is none, as any call would."""
    made = dict(options)
    excluded = made.get("exclude", ())
    made["exclude"] = (excluded,) if isinstance(excluded, str) else tuple(excluded)  # type: ignore[arg-type]
    return WebOptions(**made)  # type: ignore[arg-type]
