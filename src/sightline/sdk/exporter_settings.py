"""What OpenTelemetry's variables say of single signals, and where each signal's requests go.

`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and its like come before the general `OTEL_EXPORTER_OTLP_…`, and an
address for one signal is used as it is. All of them come after arguments and `SIGHTLINE_*`, which hold for
every signal.
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sightline.sdk.configuration import Config

SIGNALS = ("traces", "logs", "metrics")
SETTINGS = (
    "endpoint",
    "headers",
    "timeout",
    "compression",
    "certificate",
    "client_certificate",
    "client_key",
)
"""Options that may differ by signal; each is the end of its variable's name."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A server and how to speak to it. `addresses`: by signal, whole; `timeout` in seconds."""

    addresses: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 10.0
    compression: str = "gzip"
    certificate: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None

    @property
    def server(self) -> str:
        """The address without the signals' part, where all have the same; else all addresses."""
        bases = {base_of(signal, address) for signal, address in self.addresses.items()}
        return (
            bases.pop() if len(bases) == 1 and "" not in bases else " ".join(sorted(self.addresses.values()))
        )


def said_of_signals(
    environ: Mapping[str, str], ours: frozenset[str], read: Callable[[str, str, str], tuple[Any, ...]]
) -> dict[str, dict[str, Any]]:
    """Options by signal that differ from the general ones.

    `ours`: options that an argument or a variable of ours has set. `read`: (option, variable, text) to the
    value alone, or to nothing where it cannot be used.
    """
    found: dict[str, dict[str, Any]] = {}
    for signal in SIGNALS:
        for option in SETTINGS:
            variable = f"OTEL_EXPORTER_OTLP_{signal.upper()}_{option.upper()}"
            text = environ.get(variable, "").strip()
            if text and option not in ours:
                for value in read(option, variable, text):
                    found.setdefault(signal, {})[option] = value
    return found


def with_traces_server(given: Mapping[str, Any], signals: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The general options, where an address was said for traces alone: their server takes the rest, too.

    Else scores and the account, which are logs and metrics, would go to a server that nobody named.
    """
    traces = signals.get("traces", {})
    if "endpoint" in given or not (base := base_of("traces", traces.get("endpoint", ""))):
        return dict(given)
    return {**traces, "endpoint": base, **given}


def destinations(config: Config) -> list[Destination]:
    """Where requests go: one server for all signals, unless OpenTelemetry's variables tell them apart."""
    found: dict[object, Destination] = {}
    for signal in SIGNALS:
        said = config.signals.get(signal, {})
        address = said.get("endpoint") or f"{config.endpoint}/v1/{signal}"
        options = {name: said.get(name, getattr(config, name)) for name in SETTINGS if name != "endpoint"}
        alike = (
            base_of(signal, address) or address,
            *(tuple(sorted(v.items())) if isinstance(v, Mapping) else v for v in options.values()),
        )
        known = found[alike].addresses if alike in found else {}
        found[alike] = Destination({**known, signal: address}, **options)
    return list(found.values())


def base_of(signal: str, address: str) -> str:
    """The server's address in that of a signal; empty where it is not said in OTLP's way."""
    ending = f"/v1/{signal}"
    return address.removesuffix(ending) if address.endswith(ending) else ""


def pages_of(config: Config) -> str:
    """The address of the server that has the traces; empty where it cannot be told from the signal's."""
    said = config.signals.get("traces", {}).get("endpoint")
    return config.endpoint if said is None else base_of("traces", said)


def traces_address(config: Config) -> str:
    """Where traces go, for people to read: the server, else the whole address."""
    return pages_of(config) or str(config.signals["traces"]["endpoint"])


def looks_like_grpc(environ: Mapping[str, str], address: str) -> bool:
    """Whether OpenTelemetry's variables mean gRPC: by its name, or unsaid and by its port."""
    protocols = [
        environ.get(f"OTEL_EXPORTER_OTLP_{part}PROTOCOL", "").strip().lower() for part in ("TRACES_", "")
    ]
    said = next((protocol for protocol in protocols if protocol), "")
    return said == "grpc" or (not said and urlsplit(address).port == 4317)
