"""The parameters of one statement: values never become text of the SQL."""

from __future__ import annotations

from typing import Any


class Parameters:
    """Gathers values while a statement is written, each under a name of its own."""

    def __init__(self, **given: Any) -> None:
        self.given: dict[str, Any] = dict(given)
        self._names: dict[tuple[str, str], str] = {}

    def value(self, kind: str, value: Any) -> str:
        """A value as a parameter of a ClickHouse type: what stands in the SQL for it."""
        # The same value is one parameter, however often the statement needs it.
        key = (kind, repr(value))
        if key not in self._names:
            self._names[key] = f"p{len(self._names)}"
            self.given[self._names[key]] = value
        return f"{{{self._names[key]}:{kind}}}"

    def texts(self, values: tuple[str, ...]) -> str:
        """Texts as one parameter."""
        return self.value("Array(String)", list(values))
