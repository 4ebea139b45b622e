"""Tokens and cost of a row as a page writes them: known, a lower bound, unknown, or nothing to know. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.pages.figures import Shown, narrow, shown
from sightline.query.measures import Unit
from sightline.records.figures import Figure
from sightline.records.trace import Tokens


@dataclass(frozen=True, slots=True)
class TokensCell:
    """Input and output. `absent`: no model was called; `unknown_all`: none said; `lower` says what the sum
    leaves out. `estimates` are both, where sampled traces stand for more."""

    input: int | None
    output: int | None
    absent: bool
    unknown_all: bool
    lower: str
    estimates: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class CostCell:
    """Money. `lower` says what the sum leaves out; with no `usd` it is why the amount is unknown.

    `estimate`: how much it is where sampled traces stand for more.
    """

    usd: float | None
    lower: str
    estimate: Shown | None = None


_NOTHING: Mapping[str, Figure] = {}


def tokens_cell(
    tokens: Tokens, unknown: int, calls: int, estimates: Mapping[str, Figure] = _NOTHING
) -> TokensCell:
    """Tokens of some calls of a model; of sampled ones with the estimates of a session or user."""
    none = tokens.input is None and tokens.output is None
    said = f"{unknown:,} {'call' if unknown == 1 else 'calls'} did not report all tokens" if unknown else ""
    both = [estimates[name] for name in ("input_tokens", "output_tokens") if name in estimates]
    return TokensCell(
        tokens.input,
        tokens.output,
        none and not calls and not unknown,
        none,
        said,
        tuple(narrow(shown(one, Unit.TOKENS)) for one in both),
    )


def cost_cell(usd: float | None, unknown: int, estimates: Mapping[str, Figure] = _NOTHING) -> CostCell:
    """What is known of a cost; of sampled calls with the estimates of a session or user."""
    said = (
        f"{unknown:,} {'call has' if unknown == 1 else 'calls have'} no price, or no tokens"
        if unknown
        else ""
    )
    estimate = estimates.get("cost_usd")
    return CostCell(usd, said, narrow(shown(estimate, Unit.USD)) if estimate and usd is not None else None)
