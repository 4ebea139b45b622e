"""Signing in through an OpenID provider: away to it, and back with a code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlencode

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.control.errors import AlreadyExists, InvalidValue
from sightline.control.keys import draw_at_random
from sightline.control.tokens import matches, new_token, shaped
from sightline.pages import first
from sightline.pages.address import local
from sightline.pages.answers import Missing
from sightline.pages.entrance import Entrance, over_tls
from sightline.pages.openid import Flow, Identity, OpenIdError, Provider
from sightline.records.access import DEFAULT_PROJECT
from sightline.records.people import Person

log = structlog.get_logger(__name__)
START, BACK = "/login/openid", "/login/openid/back"
COOKIE = "sightline_openid"
MINUTES = 10


class OpenIdEntrance:
    """`/login/openid`: 404 where no provider is set."""

    def __init__(self, entrance: Entrance, provider: Provider | None) -> None:
        self.entrance = entrance
        self.services = entrance.services
        self._given = provider

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [("GET", START, self.start), ("GET", BACK, self.back)]

    async def start(self, request: Request) -> Response:
        """To the provider, with a secret for the way back in a cookie of ten minutes."""
        provider, following = self._provider(), local(request.query_params.get("next", "/"))
        scheme = "https" if over_tls(request) else request.url.scheme
        back = first.address(scheme, request.url.hostname or "", request.url.port) + BACK
        secret = new_token(draw_at_random)
        try:
            address = await run_in_threadpool(provider.address, Flow(secret), back)
        except OpenIdError as error:
            return self._failed(request, following, error)
        answer = RedirectResponse(address, 302)
        answer.set_cookie(
            COOKIE,
            urlencode({"secret": secret, "back": back, "next": following}),
            max_age=MINUTES * 60,
            path=START,
            secure=scheme == "https",
            httponly=True,
            samesite="lax",  # strict would not come back from another site
        )
        return answer

    async def back(self, request: Request) -> Response:
        """From the provider: check everything, then sign in."""
        provider, query = self._provider(), request.query_params
        kept = parse_qs(request.cookies.get(COOKIE, ""))
        secret, back, following = (kept.get(name, [""])[0] for name in ("secret", "back", "next"))
        following = local(following)
        try:
            if not shaped(secret) or not matches(query.get("state", ""), Flow(secret).part("state")):
                raise OpenIdError(
                    f"This sign-in did not begin in this browser in the last {MINUTES} minutes."
                )
            if "code" not in query:
                said = query.get("error_description") or query.get("error") or "no reason given"
                raise OpenIdError(f"The OpenID provider did not sign you in: {said[:200]}")
            identity = await run_in_threadpool(provider.identity, Flow(secret), query["code"], back)
            person = await run_in_threadpool(self._person, identity)
        except OpenIdError as error:
            answer = self._failed(request, following, error)
        else:
            answer = await self.entrance.enter(request, person, following)
        answer.delete_cookie(COOKIE, path=START, httponly=True, samesite="lax")
        return answer

    def _person(self, identity: Identity) -> Person:
        control, role = self.services.control, self.services.settings.auth.oidc_role
        name = "".join(c for c in identity.name if c.isprintable())[:200]
        person = control.person_from_provider(identity.id, identity.email, name)
        if person is not None:
            return person
        stranger = OpenIdError(
            f"{identity.email[:254]} is not known here. Ask an administrator of this server to add you."
        )
        if not role or not control.has_people():
            raise stranger
        try:
            return control.add_person(
                identity.email,
                name,
                roles={DEFAULT_PROJECT: role},
                external_id=identity.id,
                by="openid",
            )
        except (AlreadyExists, InvalidValue) as error:
            raise stranger from error

    def _provider(self) -> Provider:
        if self._given is None:
            raise Missing("No OpenID provider is set; see auth.oidc_issuer.")
        return self._given

    def _failed(self, request: Request, following: str, error: OpenIdError) -> Response:
        log.warning("openid_failed", reason=str(error))
        return self.entrance.form(request, following, error=str(error), status=403)
