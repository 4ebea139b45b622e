"""What holds before `init()`, and what a running SDK says."""

from __future__ import annotations

from sightline.sdk import running
from sightline.sdk.configuration import Config


def test_before_init_the_defaults_hold() -> None:
    assert Config().max_value_chars == running.MAX_VALUE_CHARS
    assert Config().propagate == running.PROPAGATED
    assert running.runtime() is None
    assert running.server() is None
    running.keep_trace("feedback")
    running.emit("x", {}, 0, 0, 0, 0)
