"""What calls cost whose cost nobody reported: by the price list `genai-prices`, where it is installed."""

from __future__ import annotations

from datetime import UTC, datetime

from sightline.catalog.rates import Rates, Usage, cost
from sightline.report.call import Call

MISSING = 'costs are those that the files report; pip install "sightline[prices]" to compute the others'


class Pricer:
    """Fills in costs. `version` names the list; None when there is none."""

    def __init__(self, wanted: bool = True) -> None:
        self.version: str | None = None
        self._book = None
        if not wanted:
            return
        try:
            import genai_prices  # noqa: F401 - whether it is there
        except ModuleNotFoundError:
            return
        from sightline.catalog.prices import PriceBook

        self._book = PriceBook()
        self.version = self._book.version
        self._rates: dict[tuple[str | None, ...], Rates | None] = {}

    def price(self, call: Call) -> None:
        """Compute the cost of a call that reports tokens and no cost."""
        if self._book is None or call.cost is not None or (call.input is None and call.output is None):
            return
        at = datetime.fromtimestamp(call.time / 1e9, UTC) if call.time else datetime.now(UTC)
        key = (call.provider, call.asked_model, call.model, call.tier, at.strftime("%Y-%m-%d"))
        if key not in self._rates:
            if len(self._rates) > 20_000:
                self._rates.clear()
            self._rates[key] = self._book.resolve(call.provider, call.asked_model, call.model, at, call.tier)
        rates = self._rates[key]
        if rates is None:
            return
        usage = Usage(
            input=call.input, output=call.output, cache_read=call.cache_read, cache_write=call.cache_write,
            cache_write_1h=call.cache_write_1h, reasoning=call.reasoning, audio_input=call.audio_input,
            audio_output=call.audio_output,
        )  # fmt: skip
        total = cost(rates, usage).total
        call.cost = None if total is None else float(total)
