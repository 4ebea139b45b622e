"""Words that stand for themselves: the kinds of spans and their statuses."""

from __future__ import annotations

from sightline.catalog.conventions import conventions

# What digest writes where no attribute speaks of the kind.
_WITHOUT_SOURCE = ("other",)
FAILED = "error"
STATUSES = ("ok", FAILED, "unset")
OTEL_KINDS = ("internal", "server", "client", "producer", "consumer", "unspecified")
USAGE_SOURCES = ("own", "rollup")
COST_SOURCES = ("computed", "reported", "unknown")


def _kinds() -> tuple[str, ...]:
    """Every kind that the conventions can give a span, in alphabetical order."""
    catalog = conventions()
    found = set(_WITHOUT_SOURCE)
    for source in catalog.field("span.kind").applicable:
        for step in source.steps:
            if step.name in ("const", "const_if_true"):
                found.add(step.argument)
            elif step.name == "enum":
                words = catalog.words[step.argument]
                found |= {*words.exact.values(), *(p.value for p in words.patterns)}
    return tuple(sorted(word for word in found if word.isalpha()))


KINDS = _kinds()
