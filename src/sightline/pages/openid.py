"""OpenID Connect, the provider's side: what it offers, and who a code stands for.

Authorization code with PKCE. Three kinds of requests go out (discovery, keys, the exchange of a code), each
bounded in time and size, none follows a redirect. Signatures are checked by joserfc; no algorithm with a
shared secret is taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sightline.control.exposure import is_loopback
from sightline.settings import AuthSettings

SECONDS = 5.0
"""Longest time one request to the provider may take."""
MOST_BYTES = 1 << 20
KEEP_SECONDS = 3600.0
"""How long what the provider says of itself is believed."""
AGAIN_SECONDS = 60.0
"""Unknown keys make us ask again, at most this often."""
LEEWAY = 60
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


class OpenIdError(Exception):
    """Why a sign-in through the provider failed, as a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in on its way: everything that must match is derived from one secret in the browser."""

    secret: str

    def part(self, name: str) -> str:
        """`state`, `nonce` or `verifier`."""
        return hmac.new(self.secret.encode(), name.encode(), hashlib.sha256).hexdigest()

    @property
    def challenge(self) -> str:
        """PKCE's S256 of the verifier."""
        digest = hashlib.sha256(self.part("verifier").encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in there. `id` is unique over all providers; the e-mail is verified."""

    id: str
    email: str
    name: str


Fetch = Callable[[str, bytes | None, Mapping[str, str]], Any]
"""Address, form or None, headers → the JSON that is answered. Raises OpenIdError."""


class Provider:
    """A provider of OpenID Connect. Safe to use from several threads; blocks while it asks.

    `clock` gives seconds since the epoch.
    """

    def __init__(
        self, settings: AuthSettings, clock: Callable[[], float] = time.time, fetch: Fetch | None = None
    ) -> None:
        if find_spec("joserfc") is None:
            raise OpenIdError('OpenID needs the joserfc package: pip install "sightline[oidc]".')
        self._settings = settings
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._clock = clock
        self._fetch = fetch or fetch_json
        self._lock = Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def address(self, flow: Flow, redirect_uri: str) -> str:
        """Where the browser goes to sign in."""
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": flow.part("state"),
            "nonce": flow.part("nonce"),
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def identity(self, flow: Flow, code: str, redirect_uri: str) -> Identity:
        """Who the code stands for. Raises OpenIdError."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.part("verifier"),
        }
        client, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        headers: dict[str, str] = {}
        ways = self._about().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret and "client_secret_basic" in ways:
            pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            fields |= {"client_id": client, **({"client_secret": secret} if secret else {})}
        answer = self._fetch(self._endpoint("token_endpoint"), urlencode(fields).encode(), headers)
        token = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise OpenIdError("The OpenID provider answered without an ID token.")
        return self._checked(self._claims(token), flow)

    def _claims(self, token: str) -> Mapping[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        for asked_again in (False, True):
            keys = self._remembered(
                "jwks_uri", self._endpoint("jwks_uri"), AGAIN_SECONDS if asked_again else KEEP_SECONDS
            )
            try:
                return jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
            except (JoseError, ValueError, TypeError, KeyError) as error:
                problem = error  # the provider may have changed its keys
        raise OpenIdError("The OpenID provider's token has no valid signature.") from problem

    def _checked(self, claims: Mapping[str, Any], flow: Flow) -> Identity:
        """The identity in the claims, when each says what it must (OpenID Connect Core, 3.1.3.7)."""
        now, client = self._clock(), self._settings.oidc_client_id
        audience = claims.get("aud")
        audience = audience if isinstance(audience, list) else [audience]
        expires = claims.get("exp")
        subject, email = claims.get("sub"), claims.get("email")
        if str(claims.get("iss", "")).rstrip("/") != self._issuer:
            raise OpenIdError("The OpenID provider's token is from another issuer than auth.oidc_issuer.")
        if client not in audience or (len(audience) > 1 and claims.get("azp") != client):
            raise OpenIdError("The OpenID provider's token is for another client than auth.oidc_client_id.")
        if isinstance(expires, bool) or not isinstance(expires, int | float) or expires + LEEWAY <= now:
            raise OpenIdError("The OpenID provider's token is too old. Are both clocks right?")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), flow.part("nonce").encode()):
            raise OpenIdError("The OpenID provider's token belongs to another sign-in. Try again.")
        if not isinstance(subject, str) or not subject or not isinstance(email, str) or not email:
            raise OpenIdError("The OpenID provider names no e-mail address; allow Sightline to see it there.")
        if claims.get("email_verified") is not True:
            raise OpenIdError(f"The OpenID provider has not verified that {email[:254]} is yours.")
        domains = {d.lower().lstrip("@") for d in self._settings.oidc_domains}
        if domains and email.rpartition("@")[2].lower() not in domains:
            raise OpenIdError(f"Addresses such as {email[:254]} may not sign in here (auth.oidc_domains).")
        name = claims.get("name")
        return Identity(f"{self._issuer}|{subject}"[:500], email, name if isinstance(name, str) else "")

    def _about(self) -> Mapping[str, Any]:
        found = self._remembered("about", f"{self._issuer}/.well-known/openid-configuration", KEEP_SECONDS)
        if not isinstance(found, dict) or str(found.get("issuer", "")).rstrip("/") != self._issuer:
            raise OpenIdError(f"{self._issuer} does not describe itself as this OpenID provider.")
        return found

    def _endpoint(self, name: str) -> str:
        address = self._about().get(name)
        if not isinstance(address, str) or not _safe(address):
            raise OpenIdError(f"The OpenID provider names no {name} that begins with https://.")
        return address

    def _remembered(self, name: str, address: str, seconds: float) -> Any:
        with self._lock:
            known = self._kept.get(name)
        if known is not None and 0 <= self._clock() - known[0] < seconds:
            return known[1]
        found = self._fetch(address, None, {})
        with self._lock:
            self._kept[name] = (self._clock(), found)
        return found


def _safe(address: str) -> bool:
    """TLS, or this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Whoever redirects is not who was asked."""


def fetch_json(address: str, form: bytes | None, headers: Mapping[str, str]) -> Any:
    """`Fetch` over the network."""
    where = urlsplit(address).netloc
    if not _safe(address):
        raise OpenIdError(f"The OpenID provider at {where or address[:80]} must be reached by https://.")
    end = time.monotonic() + SECONDS
    request = urllib.request.Request(address, form, {"Accept": "application/json", **headers})  # noqa: S310 -- _safe
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=SECONDS) as answer:
            body = b""
            while chunk := answer.read1(1 << 16):
                body += chunk
                if len(body) > MOST_BYTES or time.monotonic() > end:
                    raise OpenIdError(f"The OpenID provider at {where} answers too much or too slowly.")
        return json.loads(body)
    except urllib.error.HTTPError as error:
        error.close()
        raise OpenIdError(f"The OpenID provider at {where} answered {error.code}. Try again.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise OpenIdError(f"The OpenID provider at {where} cannot be asked: {str(reason)[:200]}.") from error
