"""A real Postgres, as in the tests of control; and property tests are no races: machines may be busy."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from tests.control.conftest import cluster

__all__ = ["cluster"]

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
