"""Tokens and cost of a row as a page writes them: known, a lower bound, unknown, or nothing to know. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.records.trace import Tokens


@dataclass(frozen=True, slots=True)
class TokensCell:
    """Input and output. `absent`: no model was called; `unknown_all`: none said; `lower` says what the sum
    leaves out."""

    input: int | None
    output: int | None
    absent: bool
    unknown_all: bool
    lower: str


@dataclass(frozen=True, slots=True)
class CostCell:
    """Money. `lower` says what the sum leaves out; with no `usd` it is why the amount is unknown."""

    usd: float | None
    lower: str


def tokens_cell(tokens: Tokens, unknown: int, calls: int) -> TokensCell:
    """Tokens of some calls of a model."""
    none = tokens.input is None and tokens.output is None
    said = f"{unknown:,} {'call' if unknown == 1 else 'calls'} did not report all tokens" if unknown else ""
    return TokensCell(tokens.input, tokens.output, none and not calls and not unknown, none, said)


def cost_cell(usd: float | None, unknown: int) -> CostCell:
    """What is known of a cost."""
    said = (
        f"{unknown:,} {'call has' if unknown == 1 else 'calls have'} no price, or no tokens"
        if unknown
        else ""
    )
    return CostCell(usd, said)
