"""One request over HTTP, bounded in every direction, and what its answer means."""

from __future__ import annotations

import gzip
import io
import re
import socket
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from sightline.sdk.exporter_settings import Destination
from sightline.sdk.protobuf import WireError, as_signed, fields
from sightline.sdk.tls import tls_context

MEDIA_TYPE = "application/x-protobuf"
_CONNECT = 3.0
_LONGEST_ANSWER = 64 * 1024
_POOL = re.compile(r"_(Plain|Secure)(Pool)?\(host=.*?\): ")  # our own classes, which say nothing to a reader
_LAYER = re.compile(r".*connection: |.*[\"']Unable to connect to proxy[\"'], ", re.DOTALL)


class Fate(Enum):
    """What the server did with a request."""

    TAKEN = "taken"
    LATER = "later"  # away or busy: the same bytes again, after a pause
    LOCKED_OUT = "locked_out"  # wrong key, or not an OTLP server: someone has to change something
    REFUSED = "refused"  # it will never take these bytes
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Answer:
    """`rejected`: items that the server left out of a request it took. `pause`: seconds it asked for."""

    fate: Fate
    reason: str = ""
    status: int = 0
    rejected: int = 0
    pause: float | None = None


class Sender:
    """Posts to each signal's address. Used by one thread at a time."""

    def __init__(self, place: Destination, distro: str) -> None:
        self._place = place
        self._headers = {
            "user-agent": distro,
            **{name.lower(): value for name, value in place.headers.items()},
            "content-type": MEDIA_TYPE,
            "accept": MEDIA_TYPE,
        }
        if place.compression == "gzip":
            self._headers["content-encoding"] = "gzip"
        self._pool: Any = None
        self._through = ""
        self._deadline = _Deadline()

    def send(self, signal: str, packed: bytes, seconds: float | None = None) -> Answer:
        """Send a compressed body, in at most `seconds` all in all. Never raises."""
        longest, address = self._place.timeout, self._place.addresses[signal]
        limit = max(0.05, min(longest, seconds if seconds is not None else longest))
        try:
            if self._pool is None:
                proxy = _proxy(self._place)
                self._through = f" through the proxy {_host(proxy)}" if proxy else ""
                self._pool = _pool(self._place, self._deadline, proxy)
            self._deadline.at = time.monotonic() + limit
            answer = self._pool.urlopen(
                "POST",
                address,
                body=packed if self._place.compression == "gzip" else gzip.decompress(packed),
                headers=self._headers,
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=min(_CONNECT, limit), read=limit),
            )
            try:
                body = _read(answer, self._deadline)
                return judged(answer.status, dict(answer.headers), body, address + self._through)
            finally:
                answer.drain_conn() if answer.closed else answer.close()
        except Exception as error:  # a border: a proxy or server may answer anything at all
            self._pool = None  # a connection in an unknown state is not used again
            return Answer(Fate.LATER, f"{address}{self._through}: {_why(error)}")

    def close(self) -> None:
        """Let go of the connections."""
        if self._pool is not None:
            self._pool.clear()
            self._pool = None


def judged(status: int, headers: Mapping[str, str], body: bytes, address: str) -> Answer:
    """What an HTTP answer means for the request."""
    named = {name.lower(): value for name, value in headers.items()}
    kind = named.get("content-type", "").split(";")[0].strip().lower()
    if status in (200, 202):
        if kind not in ("", MEDIA_TYPE, "application/json", "application/octet-stream"):
            return Answer(
                Fate.LOCKED_OUT,
                f"{address} answers with {kind[:80]!r}, which is no OTLP server's answer",
                status,
            )
        rejected, why = _rejected(body) if kind == MEDIA_TYPE else (0, "")
        return Answer(Fate.TAKEN, why, status, rejected)
    said = _said(body, kind)
    if status in (401, 403):
        return Answer(Fate.LOCKED_OUT, f"the server refuses the key ({status}{said})", status)
    if status == 407:
        return Answer(Fate.LOCKED_OUT, f"a proxy before {address} wants credentials (407)", status)
    if status in (404, 405) or status < 400:  # a success that OTLP does not know is none, either
        place = "".join(c for c in named.get("location", "") if c.isprintable())[:200]
        more = f", which points to {place}" if place and status >= 300 else ""
        return Answer(Fate.LOCKED_OUT, f"{address} is no OTLP address ({status}{more})", status)
    if status == 413:
        return Answer(Fate.TOO_LARGE, f"too large for the server{said}", status)
    if status == 400 and kind not in (MEDIA_TYPE, "application/json") and _NO_OTLP.search(body[:2000]):
        return Answer(Fate.LOCKED_OUT, f"{address} is no OTLP address ({status}{said})", status)
    if status in (408, 429) or status >= 500:
        return Answer(Fate.LATER, f"{status}{said}", status, pause=_pause(named.get("retry-after")))
    return Answer(Fate.REFUSED, f"{status}{said}", status)


def _rejected(body: bytes) -> tuple[int, str]:
    """How many items were left out, and the server's words for it: partial_success (1), in it rejected_spans
    or rejected_log_records (1) and error_message (2)."""
    rejected, why = 0, ""
    try:
        for field, _, partial in fields(body):
            if field == 1 and isinstance(partial, bytes):
                parts = list(fields(partial))
                counts = [n for inner, _, n in parts if inner == 1 and isinstance(n, int)]
                words = [w for inner, _, w in parts if inner == 2 and isinstance(w, bytes)]
                rejected = as_signed(counts[-1]) if counts else rejected
                why = _said(words[-1], "text/plain") if words else why
    except WireError:  # a server may answer anything
        return 0, ""
    return max(0, rejected), why


# What servers say of themselves that speak TLS on this port, and pages of other servers.
_NO_OTLP = re.compile(rb"HTTP request.{0,20} to (an )?HTTPS|<html|<!doctype", re.IGNORECASE)
_HINTS = (
    ("WRONG_VERSION_NUMBER", "the server does not speak TLS there: is its address http://…?"),
    ("another protocol", "SIGHTLINE_URL is to be the port for HTTP, 4318 unless it was changed"),
    ("Hostname mismatch", "the server's certificate is for another name than that in its address"),
    ("IP address mismatch", "the server's certificate is for another name than that in its address"),
    ("CERTIFICATE_VERIFY_FAILED", "name the certificate it is signed with: SIGHTLINE_CERTIFICATE"),
    ("CERTIFICATE_REQUIRED", "the server asks for a certificate: SIGHTLINE_CLIENT_CERTIFICATE"),
)


def _why(error: Exception) -> str:
    """An exception's own words, without those of the layers around it; one line."""
    if "BadStatusLine" in str(error) or "BadStatusLine" in repr(error):
        text = "the answer is not HTTP but another protocol, such as gRPC or TLS"
    else:
        text = " ".join(_POOL.sub("", _LAYER.sub("", str(error))).split())
        text = _without_ends(text)
    said = "".join(c for c in text if c.isprintable())[:200] or type(error).__name__
    return said + next((f" ({hint})" for words, hint in _HINTS if words in said), "")


def _without_ends(text: str) -> str:
    """A text out of the middle of a Python expression without the brackets and quotes that end it."""
    while text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1].rstrip(",")
        text = text[:-1] if text[-1:] in ("'", '"') and text.count(text[-1]) % 2 else text
    return text


def _said(body: bytes, kind: str) -> str:
    """The server's own words, where they are short text."""
    text = body
    if kind == MEDIA_TYPE:  # google.rpc.Status: field 2 is the message
        text = body[body.find(b"\x12") + 2 :] if b"\x12" in body[:12] else b""
    words = " ".join(text.decode("utf-8", "replace").split())
    printable = "".join(c for c in words if c.isprintable())[:200].rstrip(".")
    return f": {printable}" if printable and not printable.startswith("<") else ""


def _pause(retry_after: str | None) -> float | None:
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), 600.0) if seconds == seconds else None


# -- a deadline for everything that is read ----------------------------------------------------------------


class _Deadline:
    """When an answer must be there, in monotonic seconds. A socket's time-out starts anew with each byte."""

    at = 0.0

    def left(self) -> float:
        """Seconds that are left. Raises TimeoutError."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        return left


class _Raw(io.RawIOBase):
    """`held`: the file of the socket that was there before. While it is open, so is the socket, also where
    the connection is over with this answer."""

    def __init__(self, sock: socket.socket, deadline: _Deadline, held: Any) -> None:
        self._sock, self._deadline, self._held = sock, deadline, held

    def close(self) -> None:
        self._held.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


def _read(answer: Any, deadline: _Deadline) -> bytes:
    body = b""
    while len(body) < _LONGEST_ANSWER:
        part = answer.read(min(8192, _LONGEST_ANSWER - len(body)), decode_content=False)
        if not part:
            return body
        body += part
        deadline.left()
    return body


def _proxy(place: Destination) -> str:
    """The proxy that the environment names for a server; empty for none."""
    parts = urlsplit(next(iter(place.addresses.values())))  # of one server, whichever the signal
    proxy = urllib.request.getproxies().get(parts.scheme)
    if not proxy or urllib.request.proxy_bypass(parts.hostname or ""):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _host(address: str) -> str:
    """An address without the user and password in it."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _pool(place: Destination, deadline: _Deadline, proxy: str) -> Any:
    """Connections whose answers keep to the deadline, through `proxy` unless it is empty."""

    class Response(HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            self.fp = io.BufferedReader(_Raw(sock, deadline, self.fp))

    plain = type("_Plain", (HTTPConnection,), {"response_class": Response})
    secure = type("_Secure", (HTTPSConnection,), {"response_class": Response})
    parts = urlsplit(next(iter(place.addresses.values())))
    options: dict[str, Any] = {"num_pools": 2, "maxsize": 1}
    if parts.scheme == "https":
        options["ssl_context"] = tls_context(place.certificate, place.client_certificate, place.client_key)
    if proxy:
        manager: Any = urllib3.ProxyManager(proxy, **options)
    else:
        manager = urllib3.PoolManager(**options)
    http, https = urllib3.HTTPConnectionPool, urllib3.HTTPSConnectionPool
    manager.pool_classes_by_scheme = {
        "http": type("_PlainPool", (http,), {"ConnectionCls": plain}),
        "https": type("_SecurePool", (https,), {"ConnectionCls": secure}),
    }
    return manager
