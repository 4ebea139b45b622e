"""Whose data of which time is asked about: nothing is asked without both."""

from __future__ import annotations

from dataclasses import dataclass, replace

# Other spans of a trace or session are looked for this much (ns) before and after the time asked about.
WIDER = 3_600 * 10**9
# The last moment a DateTime64(9) holds.
LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Window:
    """A project and a stretch of time: from `since` up to, without, `until`; nanoseconds since the epoch."""

    project: str
    since: int
    until: int

    def __post_init__(self) -> None:
        if not 0 <= self.since < self.until <= LATEST:
            raise ValueError(f"{self.since} to {self.until} is not a stretch of time in nanoseconds")

    @property
    def length(self) -> int:
        """How long it is, in nanoseconds."""
        return self.until - self.since

    def earlier(self, distance: int) -> Window:
        """The same stretch, `distance` nanoseconds before; cut off at the epoch."""
        return replace(self, since=max(0, self.since - distance), until=max(1, self.until - distance))

    def wider(self) -> Window:
        """The stretch in which other spans of its traces and sessions are looked for."""
        return replace(self, since=max(0, self.since - WIDER), until=min(LATEST, self.until + WIDER))
