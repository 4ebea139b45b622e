"""Whether prompts and answers are in the spans: every instrumentation has a switch, all are variables."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping

from sightline.sdk.instrumentations.choosing import Choice

# Name: (content wanted, content not wanted). Content goes onto spans, which is where servers look for it.
WANTS_CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
CONTENT: dict[str, tuple[str, str]] = {
    WANTS_CONTENT: ("SPAN_ONLY", "NO_CONTENT"),
    "TRACELOOP_TRACE_CONTENT": ("true", "false"),
    "OPENINFERENCE_HIDE_INPUTS": ("false", "true"),
    "OPENINFERENCE_HIDE_OUTPUTS": ("false", "true"),
}
OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST = "gen_ai_latest_experimental"


def set_switches(capture_content: bool, choices: Iterable[Choice], environ: MutableMapping[str, str]) -> None:
    """Set the variables that instrumentations read when they are turned on.

    What the program or its operator has set already stays, except that `capture_content=False` always turns
    content off: who asked for less gets less. A library's own spans are turned off where an instrumentation
    serves it, or must, since both would count a call twice.
    """
    switches = dict(CONTENT)
    for choice in choices:
        native = choice.library.native
        if native is None:
            continue
        switches |= native.content if choice.native else {}
        for name, value in (native.variables if choice.native else native.off).items():
            environ.setdefault(name, value)
    for name, (yes, no) in switches.items():
        if capture_content:
            environ.setdefault(name, yes)
        else:
            environ[name] = no
    opted = [word.strip() for word in environ.get(OPT_IN, "").split(",") if word.strip()]
    if not any(word.startswith("gen_ai") for word in opted):
        environ[OPT_IN] = ",".join([*opted, LATEST])
