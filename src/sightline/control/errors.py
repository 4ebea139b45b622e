"""What control refuses, each as one sentence with the next step."""

from __future__ import annotations


class ControlError(Exception):
    """Base of everything control raises on purpose; `str()` is fit for a person."""


class ControlUnavailable(ControlError):
    """The database cannot be opened, reached, read or written right now."""


class SchemaRefused(ControlError):
    """The database is of a newer Sightline, or holds tables that are not Sightline's."""


class NotFound(ControlError):
    """The project, key, environment, price, person, session or link named does not exist."""


class AlreadyExists(ControlError):
    """The name is taken."""


class InvalidValue(ControlError):
    """A name, number or text is outside what is allowed."""


class SignInRefused(ControlError):
    """E-mail and password do not belong together. Never tells which of them is wrong."""


class TooManyAttempts(ControlError):
    """The account or the address is locked for `seconds` more."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
