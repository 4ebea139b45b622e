"""The one door to the control database. Synchronous, safe to call from several threads."""

from __future__ import annotations

from sightline.control.migration import migrate
from sightline.control.own_prices import OwnPrices
from sightline.control.projects import CONTENT_DAYS, RETENTION_DAYS, Projects
from sightline.control.schema import PROJECTS
from sightline.control.stored_keys import StoredKeys
from sightline.control.stored_score_definitions import StoredScoreDefinitions
from sightline.control.stored_sessions import StoredSessions
from sightline.control.stored_settings import StoredSettings
from sightline.control.stored_views import StoredViews
from sightline.records.access import DEFAULT_PROJECT


class Control(
    Projects, StoredKeys, StoredSettings, StoredSessions, OwnPrices, StoredViews, StoredScoreDefinitions
):
    """Projects, environments, keys, people, settings, own prices, saved views and definitions of scores, in
    SQLite or Postgres.

    Opening connects to nothing: call `migrate()` before anything else, `close()` at the end.
    Every change is written together with its entry in the audit, in one transaction; `by` says who
    (`cli:<user>`, `key:<id>`, `person:<e-mail>`). Every method may raise ControlUnavailable; writers
    raise InvalidValue and NotFound, each as a sentence for a person.
    """

    def migrate(self) -> None:
        """Bring the schema to this code's, and make project `default`. Raises SchemaRefused."""
        migrate(self._engine)
        with self._writing() as db:
            values = {
                "created_at": self._now(),
                "retention_days": RETENTION_DAYS,
                "content_days": CONTENT_DAYS,
            }
            new = self._insert(PROJECTS).values(name=DEFAULT_PROJECT, **values).on_conflict_do_nothing()
            db.execute(new)
