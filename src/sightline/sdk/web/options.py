"""What every web integration can be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from sightline.sdk.warnings_once import warn_once

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
    """The options as a record. What cannot be used is warned of once each and left out: frameworks make their
    middleware with the first request, which must be served.
    """
    made: dict[str, Any] = {}
    for name, value in dict(options).items():
        expected = _EXPECTED.get(name)
        if expected is None:
            warn_once(
                f"web {name}",
                f"sightline: the middleware has no option {name!r}; ignored. Its options are "
                f"{', '.join(_EXPECTED)} (docs/guide/web-frameworks.md).",
            )
        elif name == "exclude" and isinstance(value, str):
            made[name] = (value,)
        elif name == "exclude" and isinstance(value, list | tuple | set | frozenset):
            made[name] = tuple(one for one in value if isinstance(one, str))
        elif (name == "identify" and (value is None or callable(value))) or (
            isinstance(value, bool) and expected == "True or False"
        ):
            made[name] = value
        else:
            warn_once(
                f"web {name}",
                f"sightline: the middleware's {name} is a {type(value).__name__}; expected {expected}. "
                "It is left at its default; correct or remove it.",
            )
    return WebOptions(**made)


_EXPECTED: Final = {
    "identify": "a function from the request to {'user': …}",
    "trace_header": "True or False",
    "summary": "True or False",
    "trust_incoming": "True or False",
    "exclude": "a list of paths",
}
