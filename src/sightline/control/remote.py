"""Projects and keys of a server that runs somewhere else: the part of control that its API has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sightline.client.errors import ClientError
from sightline.client.transport import Transport
from sightline.control.errors import ControlError
from sightline.control.rows import to_terms
from sightline.records.access import ApiKey, Project, Scope


class RemoteControl:
    """Speaks to the API at `url` with an admin key. Every method raises ControlError."""

    def __init__(self, url: str, key: str) -> None:
        try:
            self._transport = Transport(url, key)
        except ClientError as error:
            raise ControlError(str(error)) from error

    def migrate(self) -> None:
        """Nothing: the server has done it."""

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def projects(self) -> list[Project]:
        """The projects that the key may see."""
        return [_project(one) for one in self._ask("GET", "/projects")["projects"]]

    def create_project(
        self, name: str, retention_days: int, content_days: int | None = None, *, by: str = ""
    ) -> Project:
        """Make a project; the server's audit knows who by the key."""
        body: dict[str, Any] = {"name": name, "retention_days": retention_days}
        return _project(
            self._ask("POST", "/projects", body | ({"content_days": content_days} if content_days else {}))
        )

    def update_project(self, name: str, **_: Any) -> Project:
        """Not over the API."""
        raise ControlError(
            f"How long project {name} keeps its data is changed on its page of settings, or on the server's"
            " machine without --url."
        )

    def keys(self, project: str | None = None) -> list[ApiKey]:
        """Keys of a project, of the key's own when none is named."""
        return [_key(one) for one in self._ask("GET", "/keys", project=project)["keys"]]

    def create_key(
        self,
        project: str,
        scope: Scope | str,
        label: str = "",
        *,
        origins: Iterable[str] = (),
        limits: Mapping[str, object] | None = None,
        by: str = "",
    ) -> tuple[ApiKey, str]:
        """Make a key; it and its text."""
        wanted = list(origins)
        body = {
            "scope": str(scope),
            "label": label,
            **({"origins": wanted} if wanted else {}),
            **(limits or {}),
        }
        made = self._ask("POST", "/keys", body, project)
        return _key(made), str(made["key"])

    def change_public_key(
        self,
        key_id: str,
        *,
        label: str | None = None,
        origins: Iterable[str] | None = None,
        limits: Mapping[str, object] | None = None,
        project: str | None = None,
        by: str = "",
    ) -> ApiKey:
        """Change what binds a public key of the project."""
        body: dict[str, Any] = dict(limits or {})
        body |= {} if label is None else {"label": label}
        body |= {} if origins is None else {"origins": list(origins)}
        return _key(self._ask("PATCH", f"/keys/{key_id}", body, project))

    def revoke_key(self, key_id: str, *, project: str | None = None, by: str = "") -> ApiKey:
        """End a key of the project."""
        return _key(self._ask("DELETE", f"/keys/{key_id}", project=project))

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, project: str | None = None
    ) -> dict[str, Any]:
        try:
            answer = self._transport.request(
                method,
                f"/api/v1{path}",
                {"project": project},
                None if body is None else json.dumps(body).encode(),
                {"content-type": "application/json"} if body is not None else {},
            )
            found: dict[str, Any] = answer.json()
        except ClientError as error:
            raise ControlError(str(error)) from error
        return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _project(told: dict[str, Any]) -> Project:
    made = _moment(told["created_at"])
    assert made is not None  # noqa: S101 - the API's schema has it always
    return Project(told["name"], made, told["retention_days"], told["content_days"])


def _key(told: dict[str, Any]) -> ApiKey:
    made = _moment(told.get("created_at"))
    return ApiKey(
        id=told["id"], project=told["project"], scope=Scope(told["scope"]), label=told.get("label", ""),
        created_at=made or datetime.min, last_used_at=_moment(told.get("last_used_at")),
        revoked_at=_moment(told.get("revoked_at")), terms=to_terms(told.get("public")),
        text=told.get("key", "") if told.get("public") else "",
    )  # fmt: skip
