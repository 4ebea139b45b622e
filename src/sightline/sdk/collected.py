"""What a generator yielded or a stream said, within a limit: text while all of it is text, JSON otherwise."""

from __future__ import annotations

from sightline.sdk.capture import JSON, LEAST, PLAIN, cut, json_of


class Collected:
    """Takes items one by one; memory is bounded by `limit` characters, and 0 collects nothing.

    >>> items = Collected(1_000)
    >>> items.add("Hel"), items.add("lo"), items.text()
    (None, None, ('Hello', 'text/plain'))
    >>> items.add({"done": True})
    >>> items.text()
    ('["Hel", "lo", {"done": true}]', 'application/json')
    """

    __slots__ = ("_left", "_limit", "_plain", "_texts", "count")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit
        self._plain = True
        self._texts: list[str] = []
        self.count = 0

    def add(self, item: object) -> None:
        """One more; read now, since it may be changed later."""
        self.count += 1
        if self._left <= 0:
            return
        if self._plain and type(item) is not str:
            self._plain = False
            self._texts = [json_of(text, self._limit) for text in self._texts]
        if self._plain:
            text = item if len(item) <= self._left else item[: self._left]  # type: ignore[arg-type, index]
            self._left -= max(len(text), 1)  # type: ignore[arg-type]
        elif self._left < LEAST:
            self._left = 0
            return
        else:
            text = json_of(item, self._left)
            self._left -= len(text) + 2
        self._texts.append(text)  # type: ignore[arg-type]

    def text(self) -> tuple[str, str] | None:
        """All of it with its media type; None where nothing was collected."""
        if not self._texts:
            return None
        if self._plain:
            whole = "".join(self._texts)
            return (cut(whole, self._limit) if self._left > 0 else f"{cut(whole, self._limit)}…"), PLAIN
        missing = self.count - len(self._texts)
        more = [f'"…[+{missing} more]"'] if missing else []
        return f"[{', '.join([*self._texts, *more])}]", JSON
