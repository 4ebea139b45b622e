"""What the tests of queries share."""

from __future__ import annotations

from tests.query.sql_two_projects import two_projects

__all__ = ["two_projects"]
