"""The price pass: each distinct model of a segment is resolved once, its rates join inside the engine.

Rates become constant arrays with one row for each model and context tier; a span finds its row by its model
and its input tokens. The formula is that of `catalog.rates.cost`: parts are taken out of their parents where
they have a price of their own, and what is not known stays unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sightline.catalog.rates import RATE_COLUMNS, Rates, rates_columns
from sightline.digest.canonical import CANON, MODEL_KINDS
from sightline.digest.steps import array, quoted
from sightline.digest.usage import USAGE_COLUMNS, usage_expression

_KEY_COLUMNS = ("provider", "request_model", "response_model", "service_tier")
# Canonical columns that a cost depends on.
COST_INPUTS = frozenset(
    {*_KEY_COLUMNS, *USAGE_COLUMNS, "cache_read_tokens", "cache_write_tokens", "tokens_cache_write_1h"}
    | {
        "reasoning_tokens",
        "tokens_audio_input",
        "tokens_audio_output",
        "tokens_image_input",
        "tokens_image_output",
    }
    | {"cost_input", "cost_cache_read", "cost_cache_write", "cost_output", "cost_request"}
)
_SEPARATOR = "\x1f"


class Prices(Protocol):
    """Where rates come from: `catalog.prices.PriceBook`. `projects` have prices of their own."""

    @property
    def projects(self) -> frozenset[str]:
        """Projects in which a model may cost something else."""
        ...

    def resolve(
        self,
        provider: str | None,
        request_model: str | None,
        response_model: str | None,
        at: datetime,
        service_tier: str | None = None,
        *,
        project: str | None = None,
    ) -> Rates | None:
        """The rates of a model at a moment, for spans of a project, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """A model as spans name it, on one day (UTC), of one project where that makes a difference. `key` is the
    text by which a span finds it."""

    key: str
    names: tuple[str | None, ...]
    day: str
    project: str | None = None


def model_key(columns: Sequence[str], projects: frozenset[str] = frozenset()) -> str:
    """The text that identifies the model and day of a canonical span, and its project where that is one of
    `projects`, which have prices of their own."""
    # A name may hold anything, also what separates the parts.
    parts = [
        f"replaceAll(ifNull(c_{n}, ''), {quoted(_SEPARATOR)}, ' ')" if n in columns else "''"
        for n in _KEY_COLUMNS
    ]
    day = "toString(toDate(fromUnixTimestamp64Nano(toInt64(start), 'UTC')))"
    apart = []
    if projects:
        apart = [f"if(project IN ({', '.join(map(quoted, sorted(projects)))}), toString(project), '')"]
    return f"concat({f', {quoted(_SEPARATOR)}, '.join([*parts, day, *apart])})"


def models_select(columns: Sequence[str], projects: frozenset[str] = frozenset()) -> str:
    """The distinct models of the canonical spans that report usage."""
    return f"SELECT DISTINCT {model_key(columns, projects)} FROM {CANON} WHERE {usage_expression(columns)}"


def read_model(key: str) -> Model:
    """The model behind a key."""
    parts = key.split(_SEPARATOR)
    names, day, *apart = parts[: len(_KEY_COLUMNS)], *parts[len(_KEY_COLUMNS) :]
    return Model(key, tuple(name or None for name in names), day, next(iter(apart), "") or None)


@dataclass(frozen=True, slots=True)
class CostPlan:
    """How a segment's spans are priced: layers of named expressions, each over those before, and the
    columns. `by_project`: they read whose span it is."""

    layers: tuple[dict[str, str], ...]
    columns: dict[str, str]
    by_project: bool = False


def cost_plan(columns: Sequence[str], keys: Sequence[str], prices: Prices) -> CostPlan:
    """The plan for canonical spans joined with their tree (`usage`: 1 own, 2 rollup)."""
    table = _Table(keys, prices)
    models = ", ".join(quoted(k) for k in MODEL_KINDS)
    applies = f"({usage_expression(columns)} OR kind IN ({models})) AND usage != 2"
    reported = "c_reported_cost_usd" if "reported_cost_usd" in columns else "CAST(NULL, 'Nullable(Float64)')"
    if not table.rows:
        source = f"multiIf(NOT priced, NULL, isNotNull({reported}), 'reported', 'unknown')"
        return CostPlan(
            ({"priced": applies},), {"cost_usd": f"if(priced, {reported}, NULL)", "cost_source": source}
        )
    used = [name for name in RATE_COLUMNS if name in ("input_rate", "output_rate") or table.any(name)]
    layers = (
        {"priced": applies, "model_row": table.row(columns)},
        {f"r_{name}": f"{table.column(name)}[rate_row]" for name in used}
        | {"version": f"{array(table.versions)}[rate_row]"},
        _parts(columns, used),
        {"p_total": "p_input + p_cache + p_output + p_request"},
    )
    row = {"rate_row": table.tier("model_row", columns)}
    computed = f"priced AND isNull({reported}) AND isNotNull(p_total)"
    result = {
        "cost_usd": f"if(priced, coalesce({reported}, p_total), NULL)",
        "cost_source": f"multiIf(NOT priced, NULL, isNotNull({reported}), 'reported',"
        " isNotNull(p_total), 'computed', 'unknown')",
        "price_version": f"if({computed}, version, NULL)",
    }
    for name in ("input", "cache_read", "cache_write", "output", "request"):
        column = f"cost_{name}"
        value = f"if({computed}, p_{name}, NULL)"
        result[column] = f"coalesce(c_{column}, {value})" if column in columns else value
    return CostPlan((layers[0], row, *layers[1:]), result, bool(prices.projects))


class _Table:
    """Rates of the models of a segment as rows: one for each model, followed by one for each of its tiers."""

    def __init__(self, keys: Sequence[str], prices: Prices) -> None:
        self._projects = prices.projects
        self.rows: list[dict[str, Any]] = []
        self.versions: list[str] = []
        self._keys: list[str] = []
        self._first: list[int] = []
        self._overs: list[list[int]] = []
        for key in keys:
            model = read_model(key)
            at = datetime.fromisoformat(model.day).replace(hour=12, tzinfo=UTC)
            provider, request, response, tier = model.names
            rates = prices.resolve(provider, request, response, at, tier, project=model.project)
            if rates is not None:
                self._add(key, rates)

    def _add(self, key: str, rates: Rates) -> None:
        flat = rates_columns(rates)
        tiers = range(len(flat["tier_over"]))
        self._keys.append(key)
        self._first.append(len(self.rows) + 1)
        self._overs.append(flat["tier_over"])
        self.rows.append({name: flat[name] for name in RATE_COLUMNS})
        self.rows += [{n: flat[f"tier_{n}s"][i] for n in RATE_COLUMNS} for i in tiers]
        self.versions += [rates.version] * (1 + len(tiers))

    def any(self, name: str) -> bool:
        """Whether some model has a price of this class."""
        return any(row[name] is not None for row in self.rows)

    def column(self, name: str) -> str:
        """The rates of a class as an array."""
        values = ", ".join("NULL" if row[name] is None else repr(float(row[name])) for row in self.rows)
        return f"[{values}]::Array(Nullable(Float64))"

    def row(self, columns: Sequence[str]) -> str:
        """The ordinal of a span's model, 0 for an unknown one."""
        ordinals = ", ".join(str(i) for i in range(1, len(self._keys) + 1))
        key = model_key(columns, self._projects)
        return f"transform({key}, {array(self._keys)}, [{ordinals}]::Array(UInt32), toUInt32(0))"

    def tier(self, ordinal: str, columns: Sequence[str]) -> str:
        """The row of rates for a model's ordinal and a span's input tokens."""
        first = f"[{', '.join(map(str, self._first))}]::Array(UInt32)[{ordinal}]"
        if not any(self._overs) or "input_tokens" not in columns:
            return first
        limits = "[" + ", ".join(f"[{', '.join(map(str, o))}]::Array(UInt64)" for o in self._overs) + "]"
        return f"{first} + arrayCount(o -> ifNull(c_input_tokens, 0) > o, {limits}[{ordinal}])"


def _parts(columns: Sequence[str], used: Sequence[str]) -> dict[str, str]:
    """Cost parts as nullable expressions over the span's rates; NULL is unknown."""

    def count(name: str) -> str:
        return f"toInt64(ifNull(c_{name}, 0))" if name in columns else "0"

    def apart(name: str, rate: str) -> tuple[str, str] | None:
        if name not in columns or rate not in used:
            return None
        return (
            f"if(isNull(r_{rate}), 0, {count(name)})",
            f"if(isNull(r_{rate}), 0, {count(name)} * ifNull(r_{rate}, 0))",
        )

    def side(column: str, rate: str, without: str, parts: list[tuple[str, str] | None], free: str) -> str:
        found = [p for p in parts if p]
        taken = " + ".join([without, *(p[0] for p in found)])
        value = f"c_{column}" if column in columns else "CAST(NULL, 'Nullable(UInt64)')"
        own = f"greatest({count(column)} - ({taken}), 0) * r_{rate}"
        whole = " + ".join([own, *(p[1] for p in found)])
        return (
            f"multiIf(isNull(r_{rate}) AND ifNull({value}, 0) = 0 AND {free}, toFloat64(0),"
            f" isNull({value}), NULL, {whole})"
        )

    read, write = count("cache_read_tokens"), count("cache_write_tokens")
    hour = f"least({count('tokens_cache_write_1h')}, {write})"
    cache_read = (
        f"if({read} = 0, 0, {read} * r_cache_read_rate)" if "cache_read_rate" in used else "toFloat64(0)"
    )
    cache_write = "toFloat64(0)"
    if "cache_write_5m_rate" in used:
        priced = f"({write} - {hour}) * r_cache_write_5m_rate + {hour} * ifNull(r_cache_write_1h_rate, 0)"
        cache_write = f"if({write} = 0, 0, {priced})"
    request = "ifNull(r_request_rate, 0)" if "request_rate" in used else "toFloat64(0)"
    inputs = [
        apart("tokens_audio_input", "audio_input_rate"),
        apart("tokens_image_input", "image_input_rate"),
    ]
    outputs = [
        apart("reasoning_tokens", "reasoning_rate"),
        apart("tokens_audio_output", "audio_output_rate"),
        apart("tokens_image_output", "image_output_rate"),
    ]
    paid = (
        "isNotNull(r_output_rate)"
        if "request_rate" not in used
        else "(isNotNull(r_output_rate) OR isNotNull(r_request_rate))"
    )
    return {
        "p_input": side("input_tokens", "input_rate", f"{read} + {write}", inputs, paid),
        "p_cache_read": cache_read,
        "p_cache_write": cache_write,
        "p_cache": f"{cache_read} + {cache_write}",
        "p_output": side("output_tokens", "output_rate", "0", outputs, "rate_row > 0"),
        "p_request": request,
    }
