"""What newer Pythons do otherwise, and the SDK has to bear. Where this Python can't, the test is skipped;
`tests/flow/test_other_pythons.py` runs it with one that can.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
import typing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest
from tests.sdk.recorded import Recorded, of
from tests.sdk.sdk_process import run

import sightline
from sightline.sdk.arguments import Parameters
from sightline.sdk.capture import json_of
from sightline.sdk.redaction import guard
from sightline.testing import environment

from_3_14 = pytest.mark.skipif(sys.version_info < (3, 14), reason="only Python 3.14 and later do this")

# Not in this file: it postpones annotations as older Pythons do, and they would be texts.
DEFERRED = """
import sightline

class Tree:
    @sightline.trace
    def deeper(self, by: Tree) -> Tree:
        return self

    @sightline.trace
    def leaves(self, under: Tree):
        yield 1

    @sightline.trace
    async def later(self, other: Nowhere) -> Tree:
        return self

    @sightline.tool
    def prune(self, at: Nowhere) -> int:
        return 2

    @sightline.context(feature="trees")
    def shake(self, how: Nowhere) -> Tree:
        return self

@sightline.trace
def plant(where: Nowhere, by: str = "me") -> Tree:
    return Tree()
"""


@from_3_14
def test_annotations_of_what_does_not_exist_yet_or_never_are_left_alone(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    made: dict[str, Any] = {}
    exec(compile(DEFERRED, "trees.py", "exec", dont_inherit=True), made)
    tree = made["plant"]("here")
    assert tree.deeper(tree) is tree and tree.shake("hard") is tree
    assert list(tree.leaves(tree)) == [1]
    assert tree.prune("top") == 2
    assert [span.name for span in recorded.spans] == [
        "plant",
        "Tree.deeper",
        "Tree.leaves",
        "execute_tool prune",
    ]
    assert of(recorded.spans[0], "input.value") == {"where": "here"}
    assert not caplog.records
    # They can still be asked for by those who need them, such as web frameworks.
    for name in ("deeper", "leaves"):
        assert typing.get_type_hints(getattr(made["Tree"], name)).popitem()[1] is made["Tree"]
        assert next(iter(inspect.signature(getattr(made["Tree"], name)).parameters)) == "self"


@from_3_14
def test_template_strings_are_captured_as_they_are_written_with_their_values() -> None:
    made: dict[str, Any] = {"question": "why?", "sources": [1, 2]}
    exec('prompt = t"Answer {question!r:>9} from {sources}."', made)
    assert json_of(made["prompt"], 1000) == (
        '{"template": "Answer {question!r:>9} from {sources}.", '
        '"values": {"question": "why?", "sources": [1, 2]}}'
    )
    exec('prompt = t""', made)
    assert json_of(made["prompt"], 1000) == '{"template": "", "values": {}}'


def test_a_function_whose_signature_cannot_be_had_is_traced(
    recorded: Recorded,
) -> None:
    class Unsigned:
        @property
        def __signature__(self) -> inspect.Signature:
            raise NameError("name 'Tree' is not defined")

        def __call__(self, *words: str) -> int:
            return len(words)

    assert Parameters(Unsigned()).named(("a", "b"), {}) == {"arguments": ("a", "b")}
    assert sightline.trace(Unsigned())("a", "b") == 2
    assert of(recorded.spans[0], "input.value") == {"arguments": ["a", "b"]}


class Buffered(Executor):
    """An executor whose `map` takes more than those of Python 3.11 do."""

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[Any]:
        return iter([*map(fn, *iterables), buffersize])

    def kill_workers(self) -> str:
        return "killed"


def test_a_carrying_executor_has_what_its_executor_has() -> None:
    carrying = sightline.carry(Buffered())
    assert list(carrying.map(len, ["a", "bb"], buffersize=7)) == [1, 2, 7]
    assert carrying.kill_workers() == "killed"
    for name in ("revive_workers", "_private", "__len__"):
        assert not hasattr(carrying, name)


OWN_INTERPRETERS = """
    import os, sys
    from concurrent.futures import InterpreterPoolExecutor
    import sightline

    def work(n):
        import sightline
        return sightline.current_span().trace_id, dict(sightline.sdk.context.attributes_of())

    def whole(file):
        import sightline
        own = sightline.Redaction(functions=[lambda field, text: text.replace("bad", "[x]")])
        started = sightline.init(file=file, quiet=True, redaction=own)
        with sightline.span("inside", input="bad"):
            return started.enabled

    if __name__ == "__main__":
        sightline.init(enabled=False)
        with InterpreterPoolExecutor(1) as pool:
            with sightline.context(session="s 1"), sightline.span("above") as span:
                expected = span.trace_id, {"session.id": "s 1"}
                assert sightline.carry(pool).submit(work, 1).result() == expected
                assert list(sightline.carry(pool).map(work, [1, 2], buffersize=1)) == [expected] * 2
            assert pool.submit(whole, sys.argv[1]).result()
"""


@from_3_14
def test_interpreters_beside_each_other(tmp_path: Path) -> None:
    """They have no daemon threads, and wait for all others when they end."""
    script, file = tmp_path / "interpreters.py", tmp_path / "spans.jsonl"
    script.write_text(inspect.cleandoc(OWN_INTERPRETERS))
    made = subprocess.run(
        [sys.executable, str(script), str(file)],
        env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    said = file.read_text()
    assert '"name":"inside"' in said and '"[x]"' in said and '"bad"' not in said


SOON_OVER = """
    import sightline

    own = sightline.Redaction(functions=[lambda field, text: text.replace("bad", "[x]")])
    sightline.init(redaction=own, quiet=True)
    with sightline.span("short", input="bad luck"):
        pass
"""


def test_a_program_that_ends_at_once_is_redacted_by_its_own_functions(tmp_path: Path) -> None:
    """Python 3.12 starts no thread any more once a program ends, and the functions need one."""
    file = tmp_path / "spans.jsonl"
    made = run(SOON_OVER, {"SIGHTLINE_FILE": str(file)})
    assert (made.returncode, made.stderr) == (0, "")
    assert '"[x] luck"' in file.read_text()


def test_without_a_thread_own_functions_withhold_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses(*_: Any) -> threading.Thread:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(guard, "started", refuses)
    one = guard.Guard(60.0)
    one.start()
    for _ in range(5):
        with pytest.raises(guard.Withheld, match="since the program ends"):
            one.run(lambda: "never")
    monkeypatch.undo()
    assert one.run(lambda: "now") == "now"
