"""What control refuses, each as one sentence with the next step."""

from __future__ import annotations


class ControlError(Exception):
    """Base of everything control raises on purpose; `str()` is fit for a person."""


class ControlUnavailable(ControlError):
    """The database cannot be opened, reached, read or written right now."""


class SchemaRefused(ControlError):
    """The database is of a newer Sightline, or holds tables that are not Sightline's."""


class NotFound(ControlError):
    """The project, key, environment or price named does not exist."""


class AlreadyExists(ControlError):
    """The name is taken."""


class InvalidValue(ControlError):
    """A name, number or text is outside what is allowed."""
