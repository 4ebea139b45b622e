"""From what was given, an argument or a variable's text, to an option's value.

Readers raise `UnusableError` with what was expected instead; its message completes "expected …".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sightline.sdk.sampling import Sampling

_LONGEST_PEM = 16 * 2**20
_TRUTHS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


class UnusableError(Exception):
    """What was expected instead; the message completes "expected …"."""


def _text(value: object, _: bool) -> str:
    if not isinstance(value, str):
        raise UnusableError(f"a text, not {type(value).__name__}")
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
        raise UnusableError("an address like http://localhost:4318 or https://sightline.example")
    bare = text.split("?")[0].split("#")[0].rstrip("/")
    for ending in ("/v1/traces", "/v1/logs", "/v1/metrics"):
        bare = bare.removesuffix(ending)
    return bare


def whole_url(value: object, _: bool) -> str:
    """An address that is used as it is; without a path, the root."""
    _url(value, False)
    text = _text(value, False)
    return text if urlsplit(text).path else urlsplit(text)._replace(path="/").geturl()


def _key(value: object, _: bool) -> str:
    text = _text(value, False).removeprefix("Bearer ").strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UnusableError("a key of printable ASCII characters without spaces, as the server showed it")
    return text


def _headers(value: object, _: bool) -> dict[str, str]:
    if isinstance(value, str):
        pairs = [pair.split("=", 1) for pair in value.split(",") if pair.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise UnusableError("name=value pairs with commas between them")
        found = {unquote(name.strip()).lower(): unquote(text.strip()) for name, text in pairs}
    elif isinstance(value, Mapping) and all(isinstance(t, str) for pair in value.items() for t in pair):
        found = {name.lower(): text for name, text in value.items()}
    else:
        raise UnusableError("a dict of texts")
    for name, text in found.items():
        if not name.isascii() or not name or set(name + text) & set("\r\n\0"):
            raise UnusableError("names and values without line ends")
    return found


def _boolean(value: object, _: bool) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTHS:
        return _TRUTHS[value.lower()]
    raise UnusableError("True or False (1 or 0 in a variable)")


def flag(text: str | None) -> bool:
    """Whether a variable's text says yes."""
    return _TRUTHS.get((text or "").strip().lower(), False)


def _whole(least: int) -> Callable[[object, bool], int]:
    def read(value: object, _: bool) -> int:
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            raise UnusableError(f"a whole number of at least {least}")
        return number

    return read


def _seconds(least: float, most: float) -> Callable[[object, bool], float]:
    def read(value: object, otel: bool) -> float:
        try:
            number = float(value) if isinstance(value, str | int | float) else float("nan")
        except ValueError:
            number = float("nan")
        if otel and number > most:  # specified as milliseconds; OpenTelemetry's SDK for Python reads seconds
            number /= 1000
        if isinstance(value, bool) or not least <= number <= most:
            raise UnusableError(f"seconds from {least:g} to {most:g}")
        return number

    return read


def _sampling(value: object, _: bool) -> Sampling:
    if isinstance(value, Sampling):
        return value
    expected = "a ratio from 0 to 1, or sightline.Sampling(ratio=0.1, slow=5.0)"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnusableError(expected)
    try:
        return Sampling(ratio=float(value))
    except ValueError:
        raise UnusableError(expected) from None


def _redaction(value: object, _: bool) -> object:
    if _TRUTHS.get(str(value).lower()) is False:
        return None
    if value is True or flag(value if isinstance(value, str) else ""):
        from sightline.sdk.redaction import Redaction  # its patterns cost those who want none nothing

        return Redaction()
    if not callable(getattr(value, "apply", None)):
        raise UnusableError("True, sightline.Redaction(…), or an object with apply(field, text) -> text")
    return value


def _path(value: object, _: bool) -> Path:
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise UnusableError("a path")
    return Path(os.fspath(value)).expanduser()


def _pem(holds: str, mark: bytes) -> Callable[[object, bool], Path]:
    def read(value: object, _: bool) -> Path:
        path = _path(value, False)
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
                raise UnusableError(f"a file with {holds}, which it is not")
            with path.open("rb") as file:
                found = file.read(_LONGEST_PEM)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise UnusableError(f"a file with {holds} that can be read ({why})") from None
        if mark not in found:
            raise UnusableError(f"a file with {holds} in PEM, which has a line -----BEGIN …{mark.decode()}")
        return path

    return read


def _words(value: object, _: bool) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    if isinstance(value, Sequence | set | frozenset) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise UnusableError("a list of names")


def _instrument(value: object, otel: bool) -> bool | tuple[str, ...] | dict[str, str]:
    if isinstance(value, Mapping) and all(isinstance(word, str) for pair in value.items() for word in pair):
        return dict(value)
    try:
        return _boolean(value, otel)
    except UnusableError:
        return _words(value, otel)


def _spooling(value: object, _: bool) -> str:
    if value not in ("auto", "always", "off"):
        raise UnusableError("'auto', 'always' or 'off'")
    return str(value)


def _compression(value: object, _: bool) -> str:
    if value not in ("gzip", "none"):
        raise UnusableError("'gzip' or 'none'")
    return str(value)


READERS: dict[str, Callable[[Any, bool], object]] = {
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
    "compression": _compression,
    "certificate": _pem("certificates", b"CERTIFICATE-----"),
    "client_certificate": _pem("a certificate", b"CERTIFICATE-----"),
    "client_key": _pem("a private key", b"PRIVATE KEY-----"),
    "enabled": _boolean,
    "quiet": _boolean,
}


CAREFUL: dict[str, tuple[Callable[[], object], str]] = {
    "redaction": (lambda: _redaction(True, False), "sightline.Redaction(), so that nothing leaves as it is"),
    "capture_content": (lambda: False, "False, so that no content leaves"),
    "propagate": (lambda: (), "nothing in baggage"),
}
"""What holds where one of these was given and cannot be used, or its name was misspelt: someone wanted
something to stay here, and a slip must not send it. The words complete "going on with …"."""
