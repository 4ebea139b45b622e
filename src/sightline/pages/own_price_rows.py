"""Own prices as a page shows them: which of them counts now, and what each says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from sightline.catalog.own_prices import PriceError, own_price
from sightline.catalog.rates import ClassRates, Rates
from sightline.records.access import PriceEntry

MILLION = Decimal(1_000_000)
# What a form asks for, in its order: key of a price file, words.
CLASSES: tuple[tuple[str, str], ...] = (
    ("input", "input"),
    ("output", "output"),
    ("cache_read", "cache read"),
    ("cache_write_5m", "cache write, 5 min"),
    ("cache_write_1h", "cache write, 1 h"),
    ("reasoning", "reasoning"),
    ("audio_input", "audio input"),
    ("audio_output", "audio output"),
    ("image_input", "image input"),
    ("image_output", "image output"),
)
_WORDS = dict(CLASSES) | {"cache_write": "cache write, 5 min"}


class State(StrEnum):
    """Whether an entry counts for what arrives now."""

    COUNTS = "counts now"
    LATER = "begins later"
    ENDED = "ended"
    FOLLOWED = "followed by a later one"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    TAKES_BACK = "withdrawal"
    WRONG = "cannot be read"


@dataclass(frozen=True, slots=True)
class RateLine:
    """The rates of calls with more than `over` input tokens (0: of all): pairs of class and amount."""

    over: int
    rates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OwnPriceRow:
    """One entry. `project` is empty for every project; `until` for no end; days as they were typed."""

    version: int
    project: str
    provider: str
    model: str
    begins: str
    until: str
    lines: tuple[RateLine, ...]
    note: str
    by: str
    entered: int
    state: State
    withdrawable: bool


def usd(amount: Decimal) -> str:
    """`$2.00`, `$0.075`, `$0.0000004`: all digits that were given, two at least."""
    text = f"{amount.normalize():f}"
    whole, _, rest = text.partition(".")
    return f"${int(whole):,}.{rest.ljust(2, '0')}"


def said(rates: ClassRates) -> tuple[tuple[str, str], ...]:
    """Pairs of class and amount: USD per million tokens, or for each call."""
    found = rates.priced()
    lines = [
        (_WORDS.get(n, n.replace("_", " ")), usd(r * MILLION)) for n, r in found.items() if n != "request"
    ]
    return (*lines, *((("each call", usd(found["request"])),) if "request" in found else ()))


def resolved(rates: Rates) -> tuple[RateLine, ...]:
    """The rates of a model as the price book answers them."""
    return (RateLine(0, said(rates.base)), *(RateLine(t.over, said(t.rates)) for t in rates.tiers))


def rows(
    entries: Sequence[PriceEntry],
    in_force: Sequence[PriceEntry],
    today: date,
    may_withdraw: Mapping[str, bool],
    *,
    history: bool,
) -> tuple[OwnPriceRow, ...]:
    """The entries by provider, model and day, newest first; with `history` those that no longer stand, too.

    `may_withdraw` is by project, '' for prices of every project.
    """
    newest = {e.version for e in in_force}
    found = [
        _row(e, entries, newest, in_force, today, may_withdraw.get(e.project or "", False))
        for e in entries
        if history or e.version in newest
    ]
    return tuple(sorted(found, key=lambda r: (r.provider, r.model, r.project, *_down(r))))


def _down(row: OwnPriceRow) -> tuple[int, int]:
    return -date.fromisoformat(row.begins).toordinal(), -row.version


def _row(
    entry: PriceEntry,
    entries: Sequence[PriceEntry],
    newest: set[int],
    in_force: Sequence[PriceEntry],
    today: date,
    may_withdraw: bool,
) -> OwnPriceRow:
    lines, until, wrong = _said(entry)
    state = State.WRONG if wrong else _state(entry, entries, newest, in_force, today, until)
    return OwnPriceRow(
        version=entry.version,
        project=entry.project or "",
        provider=entry.provider,
        model=entry.model,
        begins=entry.valid_from.isoformat(),
        until=until.isoformat() if until else "",
        lines=lines,
        note=entry.note,
        by=entry.entered_by,
        entered=round(entry.entered_at.timestamp() * 1000) * 10**6,
        state=state,
        withdrawable=may_withdraw and entry.version in newest,
    )


def _said(entry: PriceEntry) -> tuple[tuple[RateLine, ...], date | None, bool]:
    """What an entry says, its last day, and whether it cannot be read."""
    if entry.rates is None:
        return (), None, False
    try:
        price = own_price(entry.as_file_entry())
    except PriceError:
        return (), None, True
    until = price.end.astimezone(UTC).date() if price.end else None
    if price.discount is not None:
        return (RateLine(0, (("off the list", f"{(price.discount * 100).normalize():f} %"),)),), until, False
    tiers = tuple(RateLine(t.over, said(t.rates)) for t in price.tiers)
    return (RateLine(0, said(price.rates)), *tiers), until, False


def _state(
    entry: PriceEntry,
    entries: Sequence[PriceEntry],
    newest: set[int],
    in_force: Sequence[PriceEntry],
    today: date,
    until: date | None,
) -> State:
    if entry.rates is None:
        return State.TAKES_BACK
    if entry.version not in newest:
        later = [e for e in entries if e.version > entry.version and _place(e) == _place(entry)]
        return State.WITHDRAWN if later and later[0].rates is None else State.REPLACED
    if entry.valid_from > today:
        return State.LATER
    if until is not None and until <= today:
        return State.ENDED
    same = [e for e in in_force if _place(e)[:3] == _place(entry)[:3]]
    if any(entry.valid_from < e.valid_from <= today for e in same):
        return State.FOLLOWED
    return State.COUNTS


def _place(entry: PriceEntry) -> tuple[str, str, str, date]:
    return entry.project or "", entry.provider, entry.model, entry.valid_from


def day_of(now: int) -> date:
    """The day (UTC) of a moment in nanoseconds."""
    return datetime.fromtimestamp(now // 10**9, UTC).date()
