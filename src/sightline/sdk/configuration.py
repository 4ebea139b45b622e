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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypedDict
from urllib.parse import unquote, urlsplit

from sightline.sdk.sampling import Sampling

ENDPOINT = "http://localhost:4318"
Spooling = Literal["auto", "always", "off"]
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
    enabled: bool = _option(True, "False, or `SIGHTLINE_DISABLED=1`: everything does nothing.")
    quiet: bool = _option(False, "True: do not say at start what is on.")


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that could not be used: `option` it was for, and the sentence that says what to do."""

    option: str
    text: str


class _UnusableError(Exception):
    """What was expected instead; the message completes "expected …"."""


# What holds where one of these was given and cannot be used, or its name was misspelt: someone wanted
# something to stay here, and a slip must not send it. The words complete "going on with …".
_CAREFUL: dict[str, tuple[Callable[[], object], str]] = {
    "redaction": (lambda: _redaction(True, False), "sightline.Redaction(), so that nothing leaves as it is"),
    "capture_content": (lambda: False, "False, so that no content leaves"),
    "propagate": (lambda: (), "nothing in baggage"),
}


def configure(
    options: Mapping[str, object], environ: Mapping[str, str], script: str = ""
) -> tuple[Config, tuple[Problem, ...]]:
    """The configuration from arguments and variables, and what of them could not be used.

    `script`: the program's path, for a name where none is given.
    """
    problems: list[Problem] = []
    given: dict[str, Any] = {}
    defaults = Config()
    for entry in fields(Config):
        name = entry.name
        for where, value in _said(name, entry.metadata["also"], options, environ):
            try:
                given[name] = _READERS[name](value, where.startswith("OTEL_"))
                break
            except Exception as error:  # a border: values may be anything, also objects that raise
                said = isinstance(error, _UnusableError)
                expected = str(error) if said else f"a usable value ({type(error).__name__})"
                text = _sentence(where, value, expected, name, getattr(defaults, name))
                problems.append(Problem(name, text))
                if name in _CAREFUL:  # and no later source is asked, which may be less strict
                    given[name] = _CAREFUL[name][0]()
                    break
    known = {entry.name for entry in fields(Config)}
    for name in sorted(map(str, options.keys() - known)):
        close = difflib.get_close_matches(name, known, 1) or [""]
        hint = f" Did you mean {close[0]}?" if close[0] else " docs/guide/sdk.md lists the options."
        if close[0] in _CAREFUL and close[0] not in given:
            make, words = _CAREFUL[close[0]]
            given[close[0]] = make()
            hint += f" Going on with {close[0]}: {words}."
        problems.append(Problem(name, f"sightline.init({name}=…): there is no such option; ignored.{hint}"))
    if _flag(environ.get("SIGHTLINE_DISABLED")) or _flag(environ.get("OTEL_SDK_DISABLED")):
        given["enabled"] = False
    given.setdefault("service", "")
    if not given["service"]:
        given["service"] = _service_of(environ, script)
    if _IN_ADDRESS.search(given.get("endpoint", "")):
        _move_credentials(given)
    return Config(**given), tuple(problems)


def _move_credentials(given: dict[str, Any]) -> None:
    """Send a user and password of the address as a header: the address itself is shown and linked to."""
    parts = urlsplit(given["endpoint"])
    said, _, place = parts.netloc.rpartition("@")
    given["endpoint"] = parts._replace(netloc=place).geturl()
    basic = b64encode(unquote(said).encode()).decode()
    given["headers"] = {"authorization": f"Basic {basic}", **given.get("headers", {})}


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


def _sentence(where: str, value: object, expected: str, name: str, default: object) -> str:
    shown = "…" if name in ("api_key", "headers") else _shown(value)
    place = f"sightline.init({name}={shown})" if where.startswith("sightline.") else f"{where}={shown}"
    fallback = "the default" if name in ("sampling", "headers") else repr(default)
    if name in _CAREFUL:
        fallback = _CAREFUL[name][1]
    return (
        f"{place}: expected {expected}; going on with {fallback}. "
        f"Correct the value, or remove it ({variable(name)} sets it from the environment)."
    )


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a border: someone's __repr__
        text = f"<{type(value).__name__}>"
    text = _IN_ADDRESS.sub("//…@", text)  # it is logged
    return text if len(text) <= 80 else text[:79] + "…"


_IN_ADDRESS = re.compile(r"//[^/@\s]*@")
"""A user and a password in an address."""


# -- readers: from an argument or a variable's text to a value ---------------------------------------------


def _text(value: object, _: bool) -> str:
    if not isinstance(value, str):
        raise _UnusableError(f"a text, not {type(value).__name__}")
    return value.strip()


def _url(value: object, _: bool) -> str:
    text = _text(value, False)
    parts = urlsplit(text)
    try:
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        port_ok = False
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_ok
        or not text.isprintable()  # nor are lone surrogates
        or " " in text
    ):
        raise _UnusableError("an address like http://localhost:4318 or https://sightline.example")
    bare = text.split("?")[0].split("#")[0].rstrip("/")
    for ending in ("/v1/traces", "/v1/logs", "/v1/metrics"):
        bare = bare.removesuffix(ending)
    return bare


def _key(value: object, _: bool) -> str:
    text = _text(value, False).removeprefix("Bearer ").strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _UnusableError("a key of printable ASCII characters without spaces, as the server showed it")
    return text


def _headers(value: object, _: bool) -> dict[str, str]:
    if isinstance(value, str):
        pairs = [pair.split("=", 1) for pair in value.split(",") if pair.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise _UnusableError("name=value pairs with commas between them")
        found = {unquote(name.strip()).lower(): unquote(text.strip()) for name, text in pairs}
    elif isinstance(value, Mapping) and all(isinstance(t, str) for pair in value.items() for t in pair):
        found = {name.lower(): text for name, text in value.items()}
    else:
        raise _UnusableError("a dict of texts")
    for name, text in found.items():
        if not name.isascii() or not name or set(name + text) & set("\r\n\0"):
            raise _UnusableError("names and values without line ends")
    return found


def _boolean(value: object, _: bool) -> bool:
    if isinstance(value, bool):
        return value
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise _UnusableError("True or False (1 or 0 in a variable)")


def _flag(text: str | None) -> bool:
    return (text or "").strip().lower() in ("1", "true", "yes", "on")


def _whole(least: int) -> Callable[[object, bool], int]:
    def read(value: object, _: bool) -> int:
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            raise _UnusableError(f"a whole number of at least {least}")
        return number

    return read


def _seconds(least: float, most: float) -> Callable[[object, bool], float]:
    def read(value: object, otel: bool) -> float:
        try:
            number = float(value) if isinstance(value, str | int | float) else float("nan")
        except ValueError:
            number = float("nan")
        if otel and number >= 1000:  # OpenTelemetry's time-outs are milliseconds; some write seconds
            number /= 1000
        if isinstance(value, bool) or not least <= number <= most:
            raise _UnusableError(f"seconds from {least:g} to {most:g}")
        return number

    return read


def _sampling(value: object, _: bool) -> Sampling:
    if isinstance(value, Sampling):
        return value
    expected = "a ratio from 0 to 1, or sightline.Sampling(ratio=0.1, slow=5.0)"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _UnusableError(expected)
    try:
        return Sampling(ratio=float(value))
    except ValueError:
        raise _UnusableError(expected) from None


def _redaction(value: object, _: bool) -> object:
    if value is False or str(value).lower() in ("0", "false", "no", "off"):
        return None
    if value is True or _flag(value if isinstance(value, str) else ""):
        from sightline.sdk.redaction import Redaction  # its patterns cost those who want none nothing

        return Redaction()
    if not callable(getattr(value, "apply", None)):
        raise _UnusableError("True, sightline.Redaction(…), or an object with apply(field, text) -> text")
    return value


def _path(value: object, _: bool) -> Path:
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise _UnusableError("a path")
    return Path(os.fspath(value)).expanduser()


def _words(value: object, _: bool) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    if isinstance(value, Sequence | set | frozenset) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise _UnusableError("a list of names")


def _instrument(value: object, otel: bool) -> bool | tuple[str, ...] | dict[str, str]:
    if isinstance(value, Mapping) and all(isinstance(word, str) for pair in value.items() for word in pair):
        return dict(value)
    try:
        return _boolean(value, otel)
    except _UnusableError:
        return _words(value, otel)


def _spooling(value: object, _: bool) -> str:
    if value not in ("auto", "always", "off"):
        raise _UnusableError("'auto', 'always' or 'off'")
    return str(value)


_READERS: dict[str, Callable[[Any, bool], object]] = {
    "endpoint": _url,
    "api_key": _key,
    "headers": _headers,
    "service": _text,
    "environment": _text,
    "release": _text,
    "sampling": _sampling,
    "redaction": _redaction,
    "capture_content": _boolean,
    "max_value_chars": _whole(100),
    "metrics": _boolean,
    "instrument": _instrument,
    "propagate": _words,
    "spool": _spooling,
    "spool_dir": _path,
    "spool_max_bytes": _whole(64 * 1024),
    "file": _path,
    "file_max_bytes": _whole(1024),
    "file_keep": _whole(0),
    "flush_interval": _seconds(0.01, 60.0),
    "queue_max_spans": _whole(1),
    "queue_max_bytes": _whole(1024),
    "timeout": _seconds(0.1, 120.0),
    "enabled": _boolean,
    "quiet": _boolean,
}


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
