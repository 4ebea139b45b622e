"""What `sightline.init()` can be told, and where it is read from.

Arguments come before `SIGHTLINE_*` variables, those before OpenTelemetry's own variables, those before the
defaults. A value that cannot be used is named in a problem and its default is taken: nothing here raises.
"""

# ruff: noqa: RUF009 - `_option` is `dataclasses.field` with the option's words

from __future__ import annotations

import difflib
import os
import re
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypedDict
from urllib.parse import unquote, urlsplit

from sightline.sdk.exporter_settings import (
    SIGNALS,
    destinations,
    looks_like_grpc,
    said_of_signals,
    with_traces_server,
)
from sightline.sdk.option_readers import CAREFUL, READERS, UnusableError, flag, whole_url
from sightline.sdk.sampling import Sampling

ENDPOINT = "http://localhost:4318"
Spooling = Literal["auto", "always", "off"]
Compression = Literal["gzip", "none"]
MIB = 2**20


class Options(TypedDict, total=False):
    """The arguments of `sightline.init()`; what each means stands at the field of `Config` of that name."""

    endpoint: str
    api_key: str
    headers: Mapping[str, str]
    service: str
    environment: str
    release: str
    sampling: Sampling | float
    redaction: object
    capture_content: bool
    max_value_chars: int
    metrics: bool
    instrument: bool | Sequence[str] | Mapping[str, str]
    propagate: Sequence[str]
    spool: Spooling
    spool_dir: str | os.PathLike[str]
    spool_max_bytes: int
    file: str | os.PathLike[str]
    file_max_bytes: int
    file_keep: int
    flush_interval: float
    queue_max_spans: int
    queue_max_bytes: int
    timeout: float
    compression: Compression
    certificate: str | os.PathLike[str]
    client_certificate: str | os.PathLike[str]
    client_key: str | os.PathLike[str]
    enabled: bool
    quiet: bool


def _option(default: Any, meaning: str, *also: str, secret: bool = False) -> Any:
    """A field: its default, what it means, and OpenTelemetry's variables that are read after ours.

    A `secret` is not shown: configurations are printed in notebooks and logs.
    """
    made = {"meaning": meaning, "also": also}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=made, repr=not secret)
    return field(default=default, metadata=made, repr=not secret)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the SDK was told. Sizes in bytes, times in seconds."""

    endpoint: str = _option(ENDPOINT, "The server's address, without `/v1/…`.", "OTEL_EXPORTER_OTLP_ENDPOINT")
    api_key: str = _option(
        "", "A key with the scope `ingest`; not needed where the server asks for none.", secret=True
    )
    headers: Mapping[str, str] = _option(
        {},
        "More headers for every request, for proxies that want some.",
        "OTEL_EXPORTER_OTLP_HEADERS",
        secret=True,
    )
    service: str = _option(
        "", "The program's name; without one, the name of its script.", "OTEL_SERVICE_NAME"
    )
    environment: str = _option("", "`production`, `staging`, … (`deployment.environment.name`).")
    release: str = _option("", "The program's version or commit (`service.version`).")
    sampling: Sampling = _option(
        Sampling(), "A ratio from 0 to 1, or `sightline.Sampling(…)` for rules; see below."
    )
    redaction: object = _option(
        None, "True, or `sightline.Redaction(…)`: what is taken out of texts before anything leaves."
    )
    capture_content: bool = _option(
        True, "False: prompts, answers, inputs and outputs never leave the program."
    )
    max_value_chars: int = _option(
        1_000_000, "A longer text is cut to this many characters, and says how long it was."
    )
    metrics: bool = _option(False, "True: metrics of GenAI calls beside the spans.")
    instrument: bool | tuple[str, ...] | Mapping[str, str] = _option(
        True,
        "False: turn on no instrumentations; a list: these libraries alone; a mapping: these, each with the "
        "family or package that shall serve it.",
    )
    propagate: tuple[str, ...] = _option(
        ("session.id", "sightline.team", "sightline.feature", "sightline.version"),
        "What of `sightline.context` goes to other services in W3C baggage. Every server that the program "
        "calls can read it, so `user.id` is not in it unless you say so.",
    )
    spool: Spooling = _option(
        "auto",
        "What is written to disk: `auto`, what the server could not take; `always`, everything before it "
        "is sent; `off`, nothing.",
    )
    spool_dir: Path | None = _option(None, "Where; without it, a folder in the user's cache.")
    spool_max_bytes: int = _option(256 * MIB, "At most this much for each process; the oldest goes first.")
    file: Path | None = _option(None, "Write OTLP as JSON lines to this file and send nothing.")
    file_max_bytes: int = _option(64 * MIB, "A file that would grow larger is set aside first.")
    file_keep: int = _option(5, "How many files that were set aside are kept.")
    flush_interval: float = _option(1.0, "How long a span waits at most before it is sent.")
    queue_max_spans: int = _option(20_000, "How many ended spans wait in memory at most; more are dropped.")
    queue_max_bytes: int = _option(64 * MIB, "And how large their texts are together at most.")
    timeout: float = _option(10.0, "The longest that one request may take.", "OTEL_EXPORTER_OTLP_TIMEOUT")
    compression: Compression = _option(
        "gzip", "`gzip`, or `none` for a proxy that cannot take it.", "OTEL_EXPORTER_OTLP_COMPRESSION"
    )
    certificate: Path | None = _option(
        None,
        "A file of PEM certificates that the server's is checked against, instead of the system's.",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
    )
    client_certificate: Path | None = _option(
        None,
        "A file with the program's certificate (PEM), where the server asks for one.",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    )
    client_key: Path | None = _option(
        None,
        "And with its private key, without a password; not needed where it stands in the certificate's file.",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    )
    enabled: bool = _option(True, "False, or `SIGHTLINE_DISABLED=1`: everything does nothing.")
    quiet: bool = _option(False, "True: do not say at start what is on.")
    signals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """What OpenTelemetry's variables say of single signals; no option."""


def option_fields() -> tuple[Field[Any], ...]:
    """The fields of `Config` that are options."""
    return tuple(entry for entry in fields(Config) if entry.metadata)


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that could not be used: `option` it was for, and the sentence that says what to do."""

    option: str
    text: str


def configure(
    options: Mapping[str, object], environ: Mapping[str, str], script: str = ""
) -> tuple[Config, tuple[Problem, ...]]:
    """The configuration from arguments and variables, and what of them could not be used.

    `script`: the program's path, for a name where none is given.
    """
    problems: list[Problem] = []
    given: dict[str, Any] = {}
    ours: set[str] = set()
    defaults = Config()

    def read(name: str, where: str, value: object, instead: object) -> tuple[Any, ...]:
        """The value alone, or nothing and one more problem."""
        reader = whole_url if name == "endpoint" and where in _OF_ONE_SIGNAL else READERS[name]
        try:
            return (reader(value, where.startswith("OTEL_")),)
        except UnusableError as error:
            text = _sentence(where, value, str(error), name, instead)
        except Exception as error:  # a border: values may be anything, also objects that raise
            text = _sentence(where, value, f"a usable value ({type(error).__name__})", name, "the default")
        problems.append(Problem(name, text))
        return (CAREFUL[name][0](),) if name in CAREFUL else ()  # no later source, which may be less strict

    for entry in option_fields():
        name = entry.name
        for where, value in _said(name, entry.metadata["also"], options, environ):
            if found := read(name, where, value, getattr(defaults, name)):
                given[name] = found[0]
                ours |= set() if where.startswith("OTEL_") else {name}
                break
    signals = said_of_signals(
        environ, frozenset(ours),
        lambda name, where, text: read(name, where, text, given.get(name, getattr(defaults, name))),
    )  # fmt: skip
    given = with_traces_server(given, signals)
    problems += _unknown(options, given)
    for said in (*signals.values(), given):
        _move_credentials(said, given.get("headers", {}))
    if flag(environ.get("SIGHTLINE_DISABLED")) or flag(environ.get("OTEL_SDK_DISABLED")):
        given["enabled"] = False
    given["service"] = given.get("service") or _service_of(environ, script)
    config = Config(**given, signals=signals)
    return config, (*problems, *_together(config, environ, ours))


_OF_ONE_SIGNAL = frozenset(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT" for signal in SIGNALS)


def _unknown(options: Mapping[str, object], given: dict[str, Any]) -> list[Problem]:
    """Options that are none; one that is almost a careful one is taken for it, at its strictest."""
    known = {entry.name for entry in option_fields()}
    problems = []
    for name in sorted(map(str, options.keys() - known)):
        close = difflib.get_close_matches(name, known, 1) or [""]
        hint = f" Did you mean {close[0]}?" if close[0] else " docs/guide/sdk.md lists the options."
        if close[0] in CAREFUL and close[0] not in given:
            make, words = CAREFUL[close[0]]
            given[close[0]] = make()
            hint += f" Going on with {close[0]}: {words}."
        problems.append(Problem(name, f"sightline.init({name}=…): there is no such option; ignored.{hint}"))
    return problems


def _move_credentials(given: dict[str, Any], headers: Mapping[str, str]) -> None:
    """Send a user and password of the address as a header: the address itself is shown and linked to."""
    parts = urlsplit(given.get("endpoint", ""))
    said, _, place = parts.netloc.rpartition("@")
    if said:
        given["endpoint"] = parts._replace(netloc=place).geturl()
        basic = b64encode(unquote(said).encode()).decode()
        given["headers"] = {"authorization": f"Basic {basic}", **given.get("headers", headers)}


def _together(config: Config, environ: Mapping[str, str], ours: set[str]) -> list[Problem]:
    """What is sound by itself and not beside the rest."""
    problems = []
    for place in destinations(config):
        if place.client_key is not None and place.client_certificate is None:
            text = (
                f"client_key={_shown(place.client_key)}: expected its certificate beside it; going on "
                "without. Name it with client_certificate (SIGHTLINE_CLIENT_CERTIFICATE, or "
                "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE)."
            )
            problems.append(Problem("client_key", text))
            break
    said = config.signals.get("traces", {}).get("endpoint")
    address = said or config.endpoint
    if "endpoint" not in ours and address != ENDPOINT and looks_like_grpc(environ, address):
        named = f"OTEL_EXPORTER_OTLP_{'TRACES_' if said else ''}ENDPOINT"
        text = (
            f"{named}={_shown(address)} with gRPC: expected an address for OTLP over HTTP, which is all that "
            "this SDK speaks; going on with HTTP there. Where it takes gRPC alone, as is usual on port 4317, "
            "name the other with SIGHTLINE_URL (usual: port 4318)."
        )
        problems.append(Problem("endpoint", text))
    return problems


def names_service(options: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    """Whether someone said what the program is called, so that it is not a guess from its script."""
    return bool(
        options.get("service") or environ.get(variable("service")) or environ.get("OTEL_SERVICE_NAME")
    )


def variable(option: str) -> str:
    """The environment variable of an option."""
    return f"SIGHTLINE_{option.upper()}"


_ALIASES = {"endpoint": ("SIGHTLINE_URL",)}


def _said(
    name: str, also: Sequence[str], options: Mapping[str, object], environ: Mapping[str, str]
) -> list[tuple[str, object]]:
    """Where a value was given, with it, first things first."""
    found: list[tuple[str, object]] = []
    if options.get(name) is not None:
        found.append((f"sightline.init({name})", options[name]))
    for key in (variable(name), *_ALIASES.get(name, ()), *also):
        if environ.get(key, "").strip():
            found.append((key, environ[key].strip()))
    return found


_INSTEAD = {
    "certificate": "the certificates that the system trusts",
    "client_certificate": "no certificate of the program's",
    "client_key": "no key of the program's",
}


def _sentence(where: str, value: object, expected: str, name: str, default: object) -> str:
    shown = "…" if name in ("api_key", "headers") else _shown(value)
    place = f"sightline.init({name}={shown})" if where.startswith("sightline.") else f"{where}={shown}"
    fallback = "the default" if name in ("sampling", "headers") else _shown(default)
    if name in CAREFUL:
        fallback = CAREFUL[name][1]
    elif default is None:
        fallback = _INSTEAD.get(name, fallback)
    return (
        f"{place}: expected {expected}; going on with {fallback}. "
        f"Correct the value, or remove it ({variable(name)} sets it from the environment)."
    )


def _shown(value: object) -> str:
    try:
        text = repr(str(value) if isinstance(value, Path) else value)
    except Exception:  # a border: someone's __repr__
        text = f"<{type(value).__name__}>"
    text = _IN_ADDRESS.sub("//…@", text)  # it is logged
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 3]}…{text[-_SHOWN * 2 // 3 :]}"


_SHOWN = 120
"""Characters of a value that a warning shows; of a path the end says more than the beginning."""
_IN_ADDRESS = re.compile(r"//[^/@\s]*@")
"""A user and a password in an address."""


def _service_of(environ: Mapping[str, str], script: str) -> str:
    """A name where none was given: OpenTelemetry's resource, the script, else Python itself."""
    for pair in environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(","):
        name, _, value = pair.partition("=")
        if name.strip() == "service.name" and value.strip():
            return unquote(value.strip())
    path = Path(script)
    stem = path.stem
    if stem == "__main__":  # python -m package
        stem = path.parent.name
    if stem in ("", "-c", "-m", "ipykernel_launcher"):
        return "python" if stem != "ipykernel_launcher" else "notebook"
    return stem


def script_path() -> str:
    """The path of the running program, empty in an interactive one."""
    return sys.argv[0] if getattr(sys, "argv", None) else ""
