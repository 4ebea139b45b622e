"""A fork finds no thread of ours: they rest for that moment, and what waits to be sent is not put off."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from tests.sdk.sdk_process import run
from tests.sdk.sdk_servers import OK, http_server

from sightline.sdk import own_threads
from sightline.sdk.folder_lock import let_go, take_lock, wait_for_lock

# The hooks that were registered first come last before a fork.
SEEN = """
    import os, threading
    found = []
    os.register_at_fork(before=lambda: found.append(len(threading.enumerate())))
    import sightline
    from sightline.sdk import runtime
    from sightline.testing import wait_until

    def fork():
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
"""

RESTS = (
    SEEN
    + """
    own = sightline.Redaction(functions=[lambda field, text: text.replace("bad", "good")])
    sightline.init(file={file!r}, flush_interval=60, quiet=True, redaction=own)
    for n in range(5):
        with sightline.span(f"bad span {{n}}"):
            pass
        fork()
    assert found == [1] * 5, found
    assert {{t.name for t in threading.enumerate()}} == {{
        "MainThread", "sightline-worker", "sightline-redaction"
    }}
"""
)


def test_no_thread_of_ours_is_there_at_a_fork_and_none_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    done = run(RESTS.format(file=str(file)))
    assert done.returncode == 0, done.stderr
    if sys.version_info[:2] != (3, 13):  # counts threads when the one that rested is back
        assert not done.stderr
    assert [file.read_text().count(f'"good span {n}"') for n in range(5)] == [1] * 5


OFTEN = (
    SEEN
    + """
    from pathlib import Path
    sightline.init(file={file!r}, flush_interval=0.2, quiet=True)
    with sightline.span("waits"):
        pass
    def arrived():
        fork()
        return Path({file!r}).exists() and "waits" in Path({file!r}).read_text()
    wait_until(arrived, "the span is in the file")
"""
)


def test_forks_in_quick_succession_put_nothing_off(tmp_path: Path) -> None:
    done = run(OFTEN.format(file=str(tmp_path / "spans.jsonl")))
    assert done.returncode == 0, done.stderr


BUSY = (
    SEEN
    + """
    import time
    sightline.init(endpoint={url!r}, spool="off", flush_interval=0.01, quiet=True)
    with sightline.span("sent"):
        pass
    worker = runtime.current().worker
    wait_until(lambda: worker._busy, "the worker sends")
    began = time.monotonic()
    fork()
    assert time.monotonic() - began < 5
    assert found == [2], found
    os._exit(0)
"""
)


def test_a_fork_does_not_wait_for_a_server_that_hangs() -> None:
    release = threading.Event()

    def hang(path: str, body: bytes) -> Any:
        release.wait(30)
        return OK

    with http_server(hang) as (url, _):
        done = run(BUSY.format(url=url))
        release.set()
    assert done.returncode == 0, done.stderr


AMID_WORK = """
    import os, threading, time, warnings
    import sightline
    warnings.simplefilter("ignore")
    sightline.init(file={file!r}, quiet=True, flush_interval=0.02)
    over, made = threading.Event(), [0, 0]

    def work(n):
        while not over.wait(0.001):
            with sightline.span("work"):
                made[n] += 1

    with sightline.span("first"):
        pass
    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads: thread.start()
    try:
        for n in range(40):
            pid = os.fork()
            if pid == 0:
                with sightline.span("child"):
                    pass
                os._exit(0 if sightline.flush(10) else 1)
            assert os.waitpid(pid, 0)[1] == 0, n
    finally:
        over.set()
        for thread in threads: thread.join()
    assert sightline.flush(10)
    counts = sightline.counts().spans
    assert counts.acknowledged == counts.ended == sum(made) + 1, (counts, made)
"""


def test_forks_amid_the_work_of_other_threads_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    done = run(AMID_WORK.format(file=str(file)))
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text().count('"name":"child"') == 40


def test_a_thread_that_goes_on_is_not_waited_for_and_one_that_ends_is_gone() -> None:
    begun, over = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        over.wait(10)

    thread = own_threads.started(work, "test", over.set)
    begun.wait(10)
    own_threads.rested(thread)
    assert thread.is_alive()
    over.set()
    thread.join()
    own_threads.rested(thread)
    assert not Path(f"/proc/self/task/{thread.native_id}").exists()


def test_a_child_does_not_keep_the_lock_that_its_parent_held_at_the_fork(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl.lock"
    held = wait_for_lock(path)
    copy = os.dup(held)  # shares the lock, as a child's does
    assert take_lock(path) is None
    let_go(held)
    again = take_lock(path)
    assert again is not None
    for fd in (again, copy):
        os.close(fd)
