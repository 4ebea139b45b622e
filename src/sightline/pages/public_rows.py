"""What became of public keys, as rows of the health page, and as one fact for its verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sightline.control.public_use import PublicUse, Reason
from sightline.pages import formats
from sightline.pages.health_facts import Fact
from sightline.records.access import ApiKey

LATELY = 3600 * 10**9
"""How long (ns) a refusal is something that needs attention."""
SHOWN = 50
WORDS = {
    Reason.RATE: "over the key's rate",
    Reason.ADDRESS: "over the rate of one address",
    Reason.SIZE: "too large",
    Reason.ORIGIN: "from pages of other sites",
    Reason.SCOPE: "for what a public key may not do",
    Reason.REVOKED: "with the key revoked",
}


@dataclass(frozen=True, slots=True)
class PublicRow:
    """One public key: what was taken and refused, why, and when (ns) and from where last.

    `origin` is what the last refused sender wrote, whatever that is. `tone` is `warn` where it was lately.
    """

    key: str
    label: str
    project: str
    accepted: int
    refused: int
    reasons: tuple[tuple[str, int], ...]
    at: int | None
    origin: str
    tone: str


def public_rows(uses: Iterable[PublicUse], keys: Iterable[ApiKey], now: int) -> tuple[PublicRow, ...]:
    """The keys among `keys` that were used, those refused most first."""
    known = {key.id: key for key in keys}
    rows = [_row(use, known[use.key_id], now) for use in uses if use.key_id in known]
    return tuple(sorted(rows, key=lambda row: (-row.refused, -row.accepted, row.key))[:SHOWN])


def _row(use: PublicUse, key: ApiKey, now: int) -> PublicRow:
    reasons = sorted(use.refused.items(), key=lambda pair: -pair[1])
    lately = use.at is not None and now - use.at < LATELY
    return PublicRow(
        key=key.id,
        label=key.label,
        project=key.project,
        accepted=use.accepted,
        refused=use.refusals,
        reasons=tuple((WORDS[reason], count) for reason, count in reasons),
        at=use.at,
        origin=use.origin,
        tone="warn" if lately else "",
    )


def public_fact(rows: Sequence[PublicRow]) -> tuple[Fact, ...]:
    """What the verdict says of them; nothing when nothing was refused lately."""
    lately = [row for row in rows if row.tone]
    if not lately:
        return ()
    worst = lately[0]
    more = f" and {len(lately) - 1} more" if len(lately) > 1 else ""
    return (
        Fact(
            f"Refused to public key {worst.label or worst.key}{more}",
            formats.count(sum(row.refused for row in lately)),
            "warn",
        ),
    )
