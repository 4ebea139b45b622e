"""Rules by field: keep, redact, hash or drop, for a name or the names that begin alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

Rule: TypeAlias = Literal["keep", "redact", "hash", "drop"]
RULES: tuple[str, ...] = get_args(Rule)

# Words of the conventions and ids made by machines: nothing personal fits there.
KEPT: dict[str, Rule] = dict.fromkeys(
    (
        "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model",
        "gen_ai.response.model", "gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.output.type",
        "gen_ai.tool.call.id", "gen_ai.tool.name", "gen_ai.tool.type", "gen_ai.evaluation.name",
        "openinference.span.kind", "input.mime_type", "output.mime_type", "llm.model_name", "llm.provider",
        "service.name", "service.version", "service.instance.id", "service.namespace",
        "deployment.environment.name", "telemetry.*", "process.runtime.*", "sightline.sequence",
        "sightline.sampling.*", "sightline.score.id", "sightline.score.target", "sightline.score.data_type",
        "sightline.score.source", "sightline.release", "sightline.version",
    ),
    "keep",
)  # fmt: skip
_LARGEST = 4096


class Fields:
    """Which rule a field has: the longest that fits, one's own before the built-in ones."""

    def __init__(self, own: Mapping[str, str]) -> None:
        for pattern, rule in own.items():
            if rule not in RULES:
                raise ValueError(f"fields[{pattern!r}] is {rule!r}; a rule is one of {', '.join(RULES)}")
            if pattern.count("*") > 1:
                raise ValueError(
                    f"fields[{pattern!r}]: one * is understood, as in gen_ai.* or gen_ai.*.messages"
                )
        self._own, self._kept = dict(own), KEPT
        self._known: dict[str, str] = {}

    def rule(self, field: str) -> str:
        """The rule of a field; `redact` when none was given."""
        found = self._known.get(field)
        if found is None:
            found = _best(self._own, field) or _best(self._kept, field) or "redact"
            if len(self._known) < _LARGEST:  # names are the program's, so their number must be bounded
                self._known[field] = found
        return found


def _best(rules: Mapping[str, str], field: str) -> str | None:
    if field in rules:
        return rules[field]
    fitting = [pattern for pattern in rules if "*" in pattern and _fits(pattern, field)]
    return rules[max(fitting, key=len)] if fitting else None


def _fits(pattern: str, field: str) -> bool:
    head, _, tail = pattern.partition("*")
    return len(field) >= len(head) + len(tail) and field.startswith(head) and field.endswith(tail)
