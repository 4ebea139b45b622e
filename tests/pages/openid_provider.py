"""A small real OpenID provider in the test's own process: discovery, keys, codes, PKCE, signed tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "sightline at home", "a secret: with/odd+characters"


class OpenIdProvider:
    """Signs `claims` in as whoever comes. `spoil` changes the claims at last, `answers` whole endpoints."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {
            "sub": "7", "email": "bob@example.com", "email_verified": True, "name": "Bob at work"
        }  # fmt: skip
        self.spoil: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def change_keys(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "two"})

    def about(self) -> dict[str, Any]:
        paths = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer, **{name: self.issuer + path for name, path in paths.items()}}

    def go(self, query: dict[str, str]) -> str:
        """Where the browser is sent after its user agreed."""
        assert query["response_type"] == "code" and query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256" and "openid" in query["scope"].split()
        code = f"code{len(self.codes)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if tuple(map(unquote, pair.split(":"))) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= {**self.claims, **self.spoil}
        key: Any = OctKey.import_key(SECRET * 3) if self.algorithm.startswith("HS") else self.key
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return 200, {"id_token": jwt.encode(header, claims, key, algorithms=[self.algorithm])}


@contextmanager
def provider() -> Iterator[OpenIdProvider]:
    """The provider on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            running.asked.append(url.path)
            if url.path == "/go":
                self.send_response(302)
                self.send_header("Location", running.go(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif url.path == "/keys":
                self.answer(url.path, 200, {"keys": [running.key.as_dict(private=False)]})
            elif url.path == "/.well-known/openid-configuration":
                self.answer(url.path, 200, running.about())
            else:
                self.answer(url.path, 404, {})

        def do_POST(self) -> None:
            running.asked.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(self.path, *running.token(form, self.headers.get("authorization", "")))

        def answer(self, path: str, status: int, document: dict[str, Any]) -> None:
            status, body = running.answers.get(path, (status, json.dumps(document).encode()))
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", body.decode())
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = OpenIdProvider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
