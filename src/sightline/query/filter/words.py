"""Words that stand for themselves: the kinds of spans, their statuses, and how severe a log record is."""

from __future__ import annotations

from sightline.catalog.conventions import conventions

# What digest writes where no attribute speaks of the kind.
_WITHOUT_SOURCE = ("other",)
FAILED = "error"
STATUSES = ("ok", FAILED, "unset")
OTEL_KINDS = ("internal", "server", "client", "producer", "consumer", "unspecified")
USAGE_SOURCES = ("own", "rollup")
COST_SOURCES = ("computed", "reported", "unknown")
# The first of each name's four numbers (OpenTelemetry's log data model, severity fields, 2026-11).
SEVERITIES = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
# What other systems call them: the mapping in appendix B of the same page; `critical` as OpenTelemetry's own
# bridge of Python's logging sends it.
SEVERITY_WORDS = SEVERITIES | {
    "verbose": 1, "fine": 5, "information": 9, "informational": 9, "notice": 10, "warning": 13, "err": 17,
    "severe": 17, "alert": 19, "critical": 21, "emergency": 21, "emerg": 21, "panic": 21,
}  # fmt: skip


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
