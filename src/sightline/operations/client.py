"""A small HTTP client for commands that talk to a running server: `doctor` and `backup`."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sightline.settings import Settings

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - recognised, not bound
MAX_ANSWER = 32 * 2**20


class UnreachableError(Exception):
    """Nobody answers HTTP at the address; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def reason(self) -> str:
        """What the server said, short enough for one line."""
        content = self.json()
        if isinstance(content, dict):
            text = next((content[name] for name in ("detail", "message", "error") if name in content), None)
            if isinstance(text, str):
                return " ".join(text.split())[:300]
        text = " ".join(self.body[:300].decode(errors="replace").split())
        return text if text.isprintable() else "(unreadable)"


def default_url(settings: Settings) -> str:
    """Where a server with these settings is reached from the same machine."""
    host = _EVERY_ADDRESS.get(settings.http.host, settings.http.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.http.port}"


class Server:
    """A Sightline at `url`, spoken to with `key` (empty: none)."""

    def __init__(self, url: str, key: str = "", seconds: float = 5.0) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == -1:
            raise UnreachableError(f"{url!r} is no address of a server; write http://host:port.")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.host, self.port = parts.hostname, port or (443 if parts.scheme == "https" else 80)
        self._secure, self._prefix = parts.scheme == "https", parts.path.rstrip("/")
        self._key, self._seconds = key, seconds

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        """One request on a connection of its own. Raises `UnreachableError`."""
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self.host, self.port, timeout=seconds or self._seconds)
        sent = dict(headers or {})
        if self._key:
            sent["authorization"] = f"Bearer {self._key}"
        try:
            connection.request(method, self._prefix + path, body, sent)
            answer = connection.getresponse()
            content = answer.read(MAX_ANSWER)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnreachableError(f"{self.url} does not answer HTTP ({_why(error)}).") from error
        finally:
            connection.close()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)

    def is_sightline(self) -> bool:
        """Whether a Sightline answers here. Raises `UnreachableError` when nobody does."""
        content = self.request("GET", "/healthz").json()
        return isinstance(content, dict) and content.get("server") == "sightline"


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
