"""What control refuses, each as one sentence with the next step."""

from __future__ import annotations


class ControlError(Exception):
    """Base of everything control raises on purpose; `str()` is fit for a person."""


class ControlUnavailable(ControlError):  # noqa: N818 -- named for what happened, as everywhere here
    """The database cannot be opened, reached, read or written right now."""


class SchemaRefused(ControlError):  # noqa: N818 -- named for what happened, as everywhere here
    """The database is of a newer Sightline, or holds tables that are not Sightline's."""


class NotFound(ControlError):  # noqa: N818 -- named for what happened, as everywhere here
    """The project, key, environment or price named does not exist."""


class AlreadyExists(ControlError):  # noqa: N818 -- named for what happened, as everywhere here
    """The name is taken."""


class InvalidValue(ControlError):  # noqa: N818 -- named for what happened, as everywhere here
    """A name, number or text is outside what is allowed."""
