"""When a span reports usage of its own, as an expression over canonical columns."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.digest.canonical import MODEL_KINDS
from sightline.digest.steps import quoted
from sightline.digest.tree import APART, CALL

# What a span has to say for itself before its usage counts: tokens or a reported cost.
USAGE_COLUMNS = ("input_tokens", "output_tokens", "reported_cost_usd", "tokens_total")


def figures_expression(columns: Sequence[str], prefix: str = "c_") -> str:
    """A hash of the tokens a span reports, 0 where it reports none: whether two spans tell of one call."""
    present = [f"{prefix}{name}" for name in ("input_tokens", "output_tokens") if name in columns]
    if not present:
        return "toUInt64(0)"
    known = " OR ".join(f"isNotNull({name})" for name in present)
    told = ", ".join(f"ifNull(toInt64({name}), -1)" for name in present)
    return f"if({known}, sipHash64({told}), 0)"


def called_expression(columns: Sequence[str], prefix: str = "c_") -> str:
    """A hash of the model a span asked for, without what a router puts before it and a release after it;
    0 where it names none."""
    present = [f"{prefix}{name}" for name in ("request_model", "response_model") if name in columns]
    if not present:
        return "toUInt64(0)"
    name = f"lower(splitByChar('/', ifNull(toString(coalesce({', '.join(present)})), ''))[-1])"
    plain = f"replaceRegexpOne({name}, '[-@:](20[0-9]{{2}}[0-9-]*|0[0-9]{{2}}|latest)$', '')"
    return f"if({plain} = '', 0, sipHash64({plain}))"


def role_expression() -> str:
    """What a span is in its tree: `tree.CALL`, `tree.APART`, or 0."""
    calls, apart = (", ".join(map(quoted, kinds)) for kinds in (MODEL_KINDS, ("tool", "agent", "workflow")))
    return f"toUInt8(multiIf(kind IN ({calls}), {CALL}, kind IN ({apart}), {APART}, 0))"


def usage_expression(columns: Sequence[str], prefix: str = "c_") -> str:
    """Whether a span reports usage, over the columns that occur."""
    present = [f"isNotNull({prefix}{name})" for name in USAGE_COLUMNS if name in columns]
    return f"({' OR '.join(present)})" if present else "0"
