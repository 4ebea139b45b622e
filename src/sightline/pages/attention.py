"""What needs someone: new error types, failures and times that grew, unpriced models, refused senders. Pure.

Each entry says why it is there, with a figure and a link. What is lost comes first; then what failed or
slowed, by how many spans beyond what the comparison would give; what has no price last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages import formats
from sightline.pages.address import View
from sightline.pages.services import Intake
from sightline.query.dimensions import dimension
from sightline.query.filter.nodes import And, Condition, Name, Node, Operator, Value, joined
from sightline.query.filter.spelling import spell
from sightline.query.significance import BOUND, FEWEST, beyond, share_grew, tail_grew
from sightline.records.figures import Series
from sightline.records.overview import Behaviour
from sightline.records.senders import Sender

MOST = 7
# Of one kind no more than these: what is slow makes slow what waits for it.
MOST_OF_A_KIND = 3
NEW_ERRORS = 5
LATE = 10.0
METHOD = (
    f"Compared with the range before. An entry needs {FEWEST} spans on both sides and a change of {BOUND:g} "
    "standard deviations: a share of failures that is half as large again, or a p95 that is a fifth longer. "
    f"A new error type needs {NEW_ERRORS} spans."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that needs someone: its kind in a word, tone and icon; reason, figure and where it leads."""

    kind: str
    tone: str
    icon: str
    title: str
    reason: str
    figure: str
    unit: str
    href: str


@dataclass(frozen=True, slots=True)
class _Found:
    entry: Entry
    rank: tuple[int, float]


def attention(
    view: View,
    now: Sequence[Behaviour],
    before: Sequence[Behaviour],
    models: Sequence[Series],
    unknown_at: int,
    intake: Intake,
    losing: Sequence[Sender] = (),
) -> tuple[tuple[Entry, ...], int]:
    """At most seven entries, and how many more there are. `models` are rows of model calls whose figures have
    their cost at `unknown_at`; of the senders `losing` something is missing."""
    earlier = {(b.what, b.value): b for b in before}
    found = [*_intake(view, intake), *_lost(view, losing), *_unpriced(view, models, unknown_at)]
    for one in now:
        then = earlier.get((one.what, one.value))
        if one.what == "error.type":
            found += _new_error(view, one) if before and then is None else []
        elif then is not None:
            found += _failing(view, one, then)
            found += _slower(view, one, then)
    found.sort(key=lambda f: (f.rank[0], -f.rank[1]))
    kept: list[Entry] = []
    seen: dict[str, int] = {}
    for one_found in found:
        kind = one_found.entry.kind
        seen[kind] = seen.get(kind, 0) + 1
        if len(kept) < MOST and seen[kind] <= MOST_OF_A_KIND:
            kept.append(one_found.entry)
    return tuple(kept), len(found) - len(kept)


def _link(view: View, one: Behaviour, *more: Node) -> str:
    node = joined(And, [dimension(one.what).holds(one.value), *more])
    return view.link("traces", q=spell(node), view="spans")


_ERROR = Condition(Name("status"), Operator.IS, (Value(("error",)),))


def _users(number: int) -> str:
    return f" for {formats.count(number)} {'user' if number == 1 else 'users'}" if number else ""


def _new_error(view: View, one: Behaviour) -> list[_Found]:
    if one.count < NEW_ERRORS:
        return []
    reason = f"Not seen in the range before{'; it failed spans' + _users(one.users) if one.users else ''}."
    entry = Entry(
        "New error", "err", "error", one.value, reason, formats.count(one.count), "spans", _link(view, one)
    )
    return [_Found(entry, (1, one.count))]


def _failing(view: View, one: Behaviour, then: Behaviour) -> list[_Found]:
    if not share_grew(one.errors, one.count, then.errors, then.count):
        return []
    share = then.errors / then.count
    extra = beyond(one.errors, one.count, share)
    reason = (
        f"{_percent(one.errors, one.count)} of {formats.count(one.count)} failed{_users(one.users)}, "
        f"{_percent(then.errors, then.count)} before."
    )
    entry = Entry(
        "Failing", "err", "error", one.value, reason, f"+{formats.count(extra)}", "more failed",
        _link(view, one, _ERROR),
    )  # fmt: skip
    return [_Found(entry, (1, extra))]


def _slower(view: View, one: Behaviour, then: Behaviour) -> list[_Found]:
    if not tail_grew(one.slower, one.count, then.count, one.p95, then.p95):
        return []
    p95, was = round(one.p95 or 0), round(then.p95 or 0)
    extra = beyond(one.slower, one.count, 0.05)
    reason = (
        f"p95 {formats.duration(p95)}, {formats.duration(was)} before; {_percent(one.slower, one.count)} of "
        f"{formats.count(one.count)} take longer than that, 5 % did."
    )
    slow = Condition(Name("duration"), Operator.ABOVE, (Value((f"{was}ns",)),))
    entry = Entry(
        "Slower", "warn", "clock", one.value, reason, f"{p95 / max(was, 1):.1f}×", "the p95 before",
        _link(view, one, slow),
    )  # fmt: skip
    return [_Found(entry, (2, extra))]


def _unpriced(view: View, models: Sequence[Series], at: int) -> list[_Found]:
    found = []
    for row in models:
        unknown = row.total[at].unknown
        if not unknown or row.group.other:
            continue
        name = row.group.values[0] or "calls without a model's name"
        href = view.link("traces", q=f"({row.group.filter}) cost_source:unknown", view="spans")
        calls = f"{formats.count(unknown)} calls" if unknown != 1 else "1 call"
        entry = Entry(
            "Unpriced", "", "warning", name, f"No price for {calls}; every sum of cost leaves them out.",
            formats.count(unknown), "calls", href,
        )  # fmt: skip
        found.append(_Found(entry, (3, unknown)))
    return found


def _intake(view: View, intake: Intake) -> list[_Found]:
    found = []
    first = view.link("first")
    if intake.quarantined:
        entry = Entry(
            "Quarantine", "err", "warning", "Requests in quarantine",
            "They could not be read and wait with their reasons; nothing of them is in these figures.",
            formats.count(intake.quarantined), "requests", first,
        )  # fmt: skip
        found.append(_Found(entry, (0, intake.quarantined)))
    if intake.refused:
        entry = Entry(
            "Refused", "err", "warning", "Senders are refused", intake.refusal or "See the first run's page.",
            formats.count(intake.refused), "requests", first,
        )  # fmt: skip
        found.append(_Found(entry, (0, intake.refused)))
    if (intake.visible_after or 0) > LATE:
        late = formats.duration(round((intake.visible_after or 0) * formats.S))
        entry = Entry(
            "Late", "warn", "clock", "Data is late", "What was sent just now is not in these figures yet.",
            str(late), "until visible", first,
        )  # fmt: skip
        found.append(_Found(entry, (0, 0)))
    return found


def _lost(view: View, losing: Sequence[Sender]) -> list[_Found]:
    found = []
    for one in losing:
        says = "; ".join(a.verdict.says for a in (one.spans, one.logs) if a and a.verdict.missing)
        entry = Entry(
            "Lost", "err", "warning", one.service or one.id, f"{says[:1].upper()}{says[1:]}.",
            formats.count(one.missing), "missing", view.link("senders"),
        )  # fmt: skip
        found.append(_Found(entry, (0, one.missing)))
    return found


def _percent(part: int, whole: int) -> str:
    return formats.percent(part, whole, whole)
