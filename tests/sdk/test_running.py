"""What holds before `init()`, and what a running SDK says."""

from __future__ import annotations

from pathlib import Path

from tests.sdk.sdk_process import run

from sightline.sdk import running
from sightline.sdk.configuration import Config


def test_before_init_the_defaults_hold() -> None:
    assert Config().max_value_chars == running.MAX_VALUE_CHARS
    assert Config().propagate == running.PROPAGATED
    assert running.runtime() is None
    assert running.server() is None
    running.keep_trace("feedback")
    running.emit("x", {}, 0, 0, 0, 0)


ABANDONED = """
    import gc
    import sightline

    sightline.init()

    def answer():
        with sightline.llm_call("m", messages="hi") as call:
            return call.stream(iter(["a", "b"]))

    stream = answer()
    next(stream)
    del stream
    gc.collect()
"""


WAITS = """
    import os
    from pathlib import Path
    from sightline.testing import wait_until

    file = Path(os.environ["SIGHTLINE_FILE"])
    wait_until(lambda: file.exists() and "collected" in file.read_text(), "the span is in the file")
"""


def test_the_worker_ends_what_nobody_holds_any_more(tmp_path: Path) -> None:
    """Without another call of the SDK, which would do it, too."""
    file = tmp_path / "spans.jsonl"
    made = run(ABANDONED + WAITS, {"SIGHTLINE_FILE": str(file), "SIGHTLINE_FLUSH_INTERVAL": "0.05"})
    assert (made.returncode, made.stderr) == (0, "")
    assert '"sightline.stream.chunks"' in file.read_text()


def test_what_nobody_holds_any_more_is_ended_at_exit(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    made = run(ABANDONED, {"SIGHTLINE_FILE": str(file)})
    assert (made.returncode, made.stderr) == (0, "")
    assert file.read_text().count("collected") == 1
