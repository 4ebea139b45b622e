"""What the account of a sender comes to, from what is stored and what it says of itself. Pure."""

from __future__ import annotations

from dataclasses import replace

from sightline.records.senders import Gap, Numbers, Report, State, Verdict

# What followed a gap less than this (ns) ago: what is missing may be on its way.
SETTLED = 60 * 10**9
# A sender that reports every 15 seconds and has not for so long (ns) is gone.
GONE = 5 * 60 * 10**9
_SHOWN = 3
_NOUNS = {"spans": ("span", "spans"), "logs": ("log record", "log records")}


def judge(
    signal: str, numbers: Numbers | None, report: Report | None, now: int, *, expired: bool, spool: int | None
) -> Verdict:
    """The verdict about one signal of a sender; `now` in ns, `spool` the bytes of its spool.

    `expired`: what it sent first may be gone by retention, so that only numbers in between can be missing.
    """
    if numbers is None and report is None:
        return Verdict(State.UNNUMBERED, "not numbered: whether anything is missing is unknown")
    held = numbers.distinct if numbers else 0
    between = _between(numbers, report, expired)
    # What was acknowledged and has no number here: behind the last one that is stored.
    unstored = 0
    if report and not expired:
        unstored = max(0, report.acknowledged - held - between)
    missing = between + unstored
    if not missing:
        return _nothing_missing(signal, numbers, report, now, expired=expired, spool=spool)
    waiting, lost = (report.waiting, report.lost) if report else (0, 0)
    told = _missing(signal, numbers, report, missing, unstored, expired)
    young = numbers.fresh if numbers else 0
    if report and now - report.at < SETTLED:
        young += unstored
    unexplained = missing - waiting - lost
    if unexplained > young:
        beside = f"; {_drops(report)}" if lost and report else ""
        return Verdict(State.MISSING, f"{told}{beside}", unexplained)
    if missing <= lost and report:
        return Verdict(State.DROPPED, f"{_drops(report)}; {told}")
    if waiting and report:
        return Verdict(State.WAITING, f"{_waits(report, now, spool)}; {told}")
    return Verdict(State.WAITING, f"{told}: on the way")


def _between(numbers: Numbers | None, report: Report | None, expired: bool) -> int:
    """Numbers that are known to be missing, up to the highest that is stored."""
    if numbers is None:
        return 0
    first = numbers.lowest - 1 if report and not expired else 0
    return numbers.missing + first


def _nothing_missing(
    signal: str, numbers: Numbers | None, report: Report | None, now: int, *, expired: bool, spool: int | None
) -> Verdict:
    many = _NOUNS[signal][1]
    if report is None:
        low, high = (numbers.lowest, numbers.highest) if numbers else (0, 0)
        before = f"; whether {_range(1, low - 1)} came is unknown" if low > 1 else ""
        return Verdict(State.COMPLETE, f"none missing from {low:,} to {high:,}{before}")
    if expired:
        low = numbers.lowest if numbers else 0
        text = f"none missing since {low:,}; older ones may have expired" if low else "all may have expired"
    elif not report.made:
        return Verdict(State.QUIET, f"made no {many} yet")
    elif not report.acknowledged:
        text = "nothing acknowledged yet" if report.waiting or report.lost else "all left out by sampling"
    elif report.acknowledged == 1:
        text = f"the acknowledged {_NOUNS[signal][0]} is stored"
    else:
        text = f"all {report.acknowledged:,} acknowledged {many} are stored"
    state = State.COMPLETE
    if report.lost:
        state, text = State.DROPPED, f"{text}; {_drops(report)}"
    if report.waiting and (spool or now - report.at > GONE):
        state = state if state is State.DROPPED else State.WAITING
        text = f"{text}; {_waits(report, now, spool)}"
    return Verdict(state, text)


def _missing(
    signal: str, numbers: Numbers | None, report: Report | None, missing: int, unstored: int, expired: bool
) -> str:
    gaps = [gap for gap in (numbers.gaps if numbers else ()) if gap.known or (report and not expired)]
    if unstored and not gaps:
        return f"{unstored:,} acknowledged and not stored"
    shown = ", ".join(_range(gap.first, gap.last) for gap in gaps[:_SHOWN])
    more = missing - unstored - sum(gap.count for gap in gaps[:_SHOWN])
    parts = [f"sequence {shown}"] if shown else []
    if more > 0 and shown:
        parts.append(f"{more:,} more")
    if unstored:
        parts.append(f"{unstored:,} after the last that is stored")
    return f"{missing:,} missing{': ' if parts else ''}{' and '.join(parts)}"


def _range(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def _drops(report: Report) -> str:
    """`12 dropped by the sender (queue full)`, the commonest reasons first."""
    reasons = sorted(report.dropped.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{name.replace('_', ' ')}{f' {n:,}' if len(reasons) > 1 else ''}" for name, n in reasons if n]
    return f"{report.lost:,} dropped by the sender ({', '.join(named)})"


def _waits(report: Report, now: int, spool: int | None) -> str:
    held = f": {size(spool)}" if spool else ""
    if now - report.at > GONE:
        return f"{report.waiting:,} were still waiting at its last report{held}"
    return f"{report.waiting:,} still in its {'spool' if spool else 'memory'}{held}"


def size(number: int) -> str:
    """Bytes in the unit that leaves one to three digits before the point."""
    value, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def with_gaps(numbers: Numbers, gaps: tuple[Gap, ...], now: int) -> Numbers:
    """The numbering with its gaps; those that something followed only just now are fresh."""
    fresh = sum(gap.count for gap in gaps if gap.first > 1 and now - gap.until < SETTLED)
    return replace(numbers, gaps=gaps, fresh=min(fresh, numbers.missing))
