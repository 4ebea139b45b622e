"""ClickHouse's HTTP protocol in front of a chDB directory, as far as the store and its driver speak it.

`python clickhouse_http.py DIRECTORY PORT` serves until it is ended and prints one line once it listens. It is
no ClickHouse server: no users, no compression of answers, no progress, no native block versions, answers come
whole.
As on a server a request without a session sees no temporary table of another one, a session is locked while a
query of it runs, and settings of a request last as long as the request.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from collections.abc import Mapping
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Parameters of a request that are no settings of its query.
PROTOCOL = {
    "query", "database", "session_id", "session_timeout", "session_check", "query_id", "quota_key", "role",
    "compress", "decompress", "buffer_size", "wait_end_of_query", "client_protocol_version", "default_format",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression", "user",
    "password",
}  # fmt: skip
_SETTING = re.compile(r"[a-z_][a-z0-9_]*")
_INSERT = re.compile(rb"\s*(INSERT\s+INTO\s+[^\n]*?)\s+FORMAT\s+(\w+)[ \t]*\n?", re.IGNORECASE)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*(?:SETTINGS\b.*)?;?\s*$", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"Code: (\d+)\.")
# What the server answers for some codes; 500 for the others.
_STATUS = {47: 404, 60: 404, 81: 404, 62: 400, 457: 400, 159: 408, 373: 500}


class Refused(Exception):
    """A failure that this server finds itself, in ClickHouse's words."""


class Session:
    """A connection with its temporary tables; one query at a time."""

    def __init__(self, directory: str) -> None:
        self.connection = chdb.connect(directory)
        self.busy = threading.Lock()


class Engine:
    """The directory, and the sessions on it."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._keep = chdb.connect(directory)  # the engine stays while no request is under way
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self.timezone = self._keep.query("SELECT timezone()", "TabSeparatedRaw").bytes().decode().strip()

    def run(self, parameters: Mapping[str, str], text: bytes) -> tuple[bytes, str]:
        """The answer to a request and its format ('' for none)."""
        name = parameters.get("session_id", "")
        if not name:
            session = Session(self._directory)
            try:
                return self._run(session.connection, parameters, text)
            finally:
                session.connection.close()
        with self._lock:
            session = self._sessions.get(name) or self._sessions.setdefault(name, Session(self._directory))
        if not session.busy.acquire(blocking=False):
            raise Refused(
                f"Code: 373. DB::Exception: Session {name} is locked by a concurrent client."
                " (SESSION_IS_LOCKED)"
            )
        try:
            return self._run(session.connection, parameters, text)
        finally:
            session.busy.release()

    def _run(self, connection: Any, parameters: Mapping[str, str], text: bytes) -> tuple[bytes, str]:
        settings = {k: v for k, v in parameters.items() if k not in PROTOCOL and not k.startswith("param_")}
        bound = {k[6:]: v for k, v in parameters.items() if k.startswith("param_")}
        set_now: list[str] = []
        try:
            for key, value in settings.items():
                if not _SETTING.fullmatch(key):
                    raise Refused(f"Code: 115. DB::Exception: Unknown setting '{key}'. (UNKNOWN_SETTING)")
                escaped = value.replace("\\", "\\\\").replace("'", "\\'")
                # What the driver asks for is a name of the HTTP interface or a setting of the query.
                connection.query(f"SET {key} = '{escaped}'", "TabSeparated")
                set_now.append(key)
            insert = _INSERT.match(text)
            if insert:
                return _insert(connection, insert, text), ""
            sql = text.decode("utf-8", "surrogateescape")
            named = _FORMAT.search(sql)
            format_ = named[1] if named else parameters.get("default_format", "TabSeparated")
            answer = connection.query(sql, format_, params=bound).bytes()
            return answer, format_ if answer else ""
        finally:
            if set_now:
                connection.query("SET " + ", ".join(f"{key} = DEFAULT" for key in set_now), "TabSeparated")


def _insert(connection: Any, insert: re.Match[bytes], text: bytes) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".block") as file:
        file.write(memoryview(text)[insert.end() :])
        file.flush()
        into, format_ = insert[1].decode(), insert[2].decode()
        sql = f"{into} FROM INFILE '{file.name}' COMPRESSION 'none' FORMAT {format_}"
        if " FROM input(" in into:
            sql = into.replace(" FROM input(", f" FROM file('{file.name}', '{format_}', ", 1)
        return bytes(connection.query(sql, "TabSeparated").bytes())


class Handler(BaseHTTPRequestHandler):
    """One request after the other on a connection."""

    protocol_version = "HTTP/1.1"
    engine: Engine

    def log_message(self, *_: Any) -> None:
        """Nothing: tests read what the tests say."""

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n", {})
        else:
            self._ask(b"")

    def do_POST(self) -> None:
        self._ask(self._body())

    def _ask(self, body: bytes) -> None:
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            parameters |= _form(kind, body)
            body = b""
        query = parameters.pop("query", "").encode()
        text = query + b"\n" + body if query and body else query or body
        headers = {
            "X-ClickHouse-Query-Id": parameters.get("query_id", ""),
            "X-ClickHouse-Timezone": self.engine.timezone,
            "X-ClickHouse-Summary": "{}",
        }
        try:
            answer, format_ = self.engine.run(parameters, text)
        except (RuntimeError, Refused) as error:
            said = str(error)
            found = _CODE.search(said)
            code = int(found[1]) if found else 1002
            headers["X-ClickHouse-Exception-Code"] = str(code)
            said = f"{said} (version 26.9.1.1 (official build))\n"
            self._answer(_STATUS.get(code, 500), said.encode("utf-8", "replace"), headers)
            return
        if format_:
            headers["X-ClickHouse-Format"] = format_
        self._answer(200, answer, headers)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        encoding = self.headers.get("Content-Encoding", "")
        if encoding == "zstd":
            return zstd.decompress(body)
        if encoding == "lz4":
            import lz4.frame

            return bytes(lz4.frame.decompress(body))
        return body

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _form(kind: str, body: bytes) -> dict[str, str]:
    parts = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found = {}
    for part in parts.get_payload():
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        found[str(name)] = part.get_payload(decode=True).decode()  # type: ignore[union-attr]
    return found


class Server(ThreadingHTTPServer):
    """One thread for each connection."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    directory, port = sys.argv[1], int(sys.argv[2])
    Path(directory).mkdir(parents=True, exist_ok=True)
    Handler.engine = Engine(directory)
    server = Server(("127.0.0.1", port), Handler)
    print("listening", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
