"""HTTP with Python's own library: a kept connection, patience when told to wait, problems as errors."""

from __future__ import annotations

import copy
import gzip
import http.client
import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from sightline.client.errors import ClientError, Incomplete, Refused, Unreachable

# The server asks for patience, or is being started anew.
_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 60.0
_PIECE = 2**18
_GZIP = 31
Params = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ClientError when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ClientError("The server answered something that is no JSON; is it a Sightline?") from error


class Transport:
    """A Sightline at `url`, spoken to with `key`. Not shared between threads.

    An answer 429 or 503 is asked again, `retries` times, after as long as it says.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        seconds: float = 60.0,
        retries: int = 5,
        wait: Callable[[float], Any] = time.sleep,
    ) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise Unreachable(f"{url!r} is no address of a server; write http://host:port.")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, port
        self._prefix, self._key = parts.path.rstrip("/"), key
        self._seconds, self._retries, self._wait = seconds, retries, wait
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Close the connection; it opens again when it is needed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request and its whole answer. Raises Refused for any status from 400 on, and Unreachable."""
        with self._answered(method, path, params, body, headers) as answer:
            try:
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                raise Unreachable(f"{self.url} broke off its answer.") from error
            told = {name.lower(): value for name, value in answer.getheaders()}
            if told.get("content-encoding") == "gzip":
                content = gzip.decompress(content)
            return Answer(answer.status, told, content)

    def stream(self, path: str, params: Params | None = None, *, header: str) -> tuple[str, Iterator[bytes]]:
        """A header of a long answer, and its pieces, unpacked.

        Raises Incomplete without that header; the iterator does when the answer ends too early.
        """
        own = copy.copy(self)  # its own connection: others may be asked meanwhile
        own._connection = None
        answer = own._answered("GET", path, params, None, {"accept-encoding": "gzip"})
        told = {name.lower(): value for name, value in answer.getheaders()}
        if header not in told:
            answer.close()
            own.close()
            raise Incomplete("The answer is none of a Sightline.")
        return told[header], own._pieces(answer, told.get("content-encoding") == "gzip")

    def _pieces(self, answer: http.client.HTTPResponse, packed: bool) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(_GZIP) if packed else None
        whole = False
        try:
            while piece := answer.read1(_PIECE):
                found = unpacker.decompress(piece) if unpacker else piece
                if found:
                    yield found
            # `read1` takes a connection that was cut for an end; the last chunk alone is one.
            whole = answer.isclosed() and (unpacker is None or unpacker.eof)
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise Incomplete(f"The answer broke off ({_why(error)}).") from error
        finally:
            answer.close()
            self.close()
        if not whole:
            raise Incomplete("The answer broke off: the server could not finish it; its log says why.")

    def _answered(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> http.client.HTTPResponse:
        target = self._prefix + path
        asked = {k: _said(v) for k, v in (params or {}).items() if v is not None and v != ""}
        if asked:
            target += f"?{urlencode(asked)}"
        sent = {"accept": "application/json", **(headers or {})}
        if self._key:
            sent["authorization"] = f"Bearer {self._key}"
        for attempt in range(self._retries + 1):
            answer = self._once(method, target, body, sent)
            if answer.status < 400:
                return answer
            content = answer.read()
            refused = Refused(answer.status, _problem(content), content)
            if answer.status not in _AGAIN or attempt == self._retries:
                raise refused
            self._wait(_patience(answer.getheader("retry-after"), attempt))
        raise AssertionError("unreachable")

    def _once(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        for fresh in (False, True):
            kept = self._connection is not None
            if self._connection is None:
                kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
                self._connection = kind(self._host, self._port, timeout=self._seconds)
            try:
                self._connection.request(method, target, body, dict(headers))
                return self._connection.getresponse()
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.close()
                # A connection that was kept may have been closed over there in the meantime.
                if fresh or not kept:
                    raise Unreachable(f"{self.url} does not answer HTTP ({_why(error)}).") from error
        raise AssertionError("unreachable")


def _said(value: str | int | float | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problem(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _patience(told: str | None, attempt: int) -> float:
    try:
        return min(float(told or ""), _LONGEST_WAIT)
    except ValueError:
        return min(2.0**attempt, _LONGEST_WAIT)


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
