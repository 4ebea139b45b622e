"""The spool on a real disk: nothing lost, nothing twice, within its bound, whoever dies when."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdk.sdk_process import program, run

from sightline.sdk.counts import SPOOL_FULL, Account
from sightline.sdk.packed import Packed
from sightline.sdk.spool import Spool, default_root, place
from sightline.sdk.spool_segment import MAGIC, Segment, read, record
from sightline.sdk.warnings_once import forget_warnings
from sightline.testing import environment, wait_until

BOUND = 64 * 1024


def packed(number: int, size: int = 100, signal: str = "traces") -> Packed:
    return Packed(signal, 1, number, number, f"{number}|".encode().ljust(size, b"x"))


def spool(folder: Path, sender: str = "me", max_bytes: int = 2**20, account: Account | None = None) -> Spool:
    return Spool(folder, sender, max_bytes, account or Account())


def drain(of: Spool) -> list[int]:
    found = []
    while (one := of.oldest()) is not None:
        found.append(one.first)
        of.done()
    return found


def test_what_is_kept_comes_back_in_order_and_once(tmp_path: Path) -> None:
    one = spool(tmp_path)
    assert all(one.keep(packed(n)) for n in range(5))
    assert one.items("traces") == 5
    assert drain(one) == [0, 1, 2, 3, 4]
    assert one.items("traces") == 0
    one.close()
    assert list(tmp_path.iterdir()) == []


def test_a_later_process_takes_over_what_is_left_as_not_its_own(tmp_path: Path) -> None:
    first = spool(tmp_path, "a")
    for n in range(5):
        first.keep(packed(n))
    assert first.oldest() == packed(0)
    first.done()
    first.close()
    second = spool(tmp_path, "b")
    second.keep(packed(100))
    taken = second.oldest()
    assert taken is not None
    assert (taken.first, taken.own) == (1, False)
    assert second.items("traces") == 1
    assert drain(second) == [1, 2, 3, 4, 100]
    second.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_process_lives_is_left_alone(tmp_path: Path) -> None:
    first, second = spool(tmp_path, "a"), spool(tmp_path, "b")
    first.keep(packed(1))
    assert drain(second) == []
    assert drain(first) == [1]


def test_the_oldest_goes_first_when_the_bound_is_reached_and_is_counted(tmp_path: Path) -> None:
    account = Account()
    one = spool(tmp_path, max_bytes=4 * BOUND, account=account)
    for n in range(100):
        assert one.keep(packed(n, 10_000))
        assert one.bytes <= 4 * BOUND
        assert sum(f.stat().st_size for f in tmp_path.rglob("*.spool")) <= 4 * BOUND
    left = drain(one)
    assert left == list(range(100 - len(left), 100))
    assert account.of("traces").dropped == {SPOOL_FULL: 100 - len(left)}
    assert 10 <= len(left) <= 26


def test_a_torn_last_record_is_cut_off_and_the_rest_is_sent(tmp_path: Path) -> None:
    first = spool(tmp_path, "a")
    for n in range(3):
        first.keep(packed(n))
    first.close()
    (path,) = tmp_path.rglob("*.spool")
    path.write_bytes(path.read_bytes()[:-7])
    assert drain(spool(tmp_path, "b")) == [0, 1]


def test_a_changed_byte_is_noticed_and_what_is_before_is_sent(tmp_path: Path) -> None:
    first = spool(tmp_path, "a")
    for n in range(3):
        first.keep(packed(n))
    first.close()
    (path,) = tmp_path.rglob("*.spool")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert drain(spool(tmp_path, "b")) == [0]


@given(st.lists(st.sampled_from("kodcr"), max_size=60), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_any_order_of_keeping_sending_and_dying_loses_and_doubles_nothing(
    tmp_path_factory: Any, steps: list[str], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    dice, sent, kept, generation = random.Random(seed), [], 0, 0
    one = spool(folder, "0", 2**24)
    for step in steps:
        if step == "k":
            assert one.keep(packed(kept, dice.randrange(10, 40_000)))
            kept += 1
        elif step in "od" and (found := one.oldest()) is not None:
            sent.append(found.first)
            one.done()
        elif step in "cr":
            one.close() if step == "c" else one.abandon()
            generation += 1
            one = spool(folder, str(generation), 2**24)
    sent += drain(one)
    assert sorted(sent) == list(range(kept))
    one.close()


@given(st.binary(max_size=300), st.integers(0, 300))
@settings(deadline=None)
def test_any_bytes_can_be_opened(tmp_path_factory: Any, data: bytes, cut: int) -> None:
    path = tmp_path_factory.mktemp("segment") / "1.spool"
    whole = MAGIC + record(packed(1)) + data
    path.write_bytes(whole[:cut] if cut < len(MAGIC) else whole)
    segment = Segment.open(path)
    if cut >= len(MAGIC):
        assert segment.oldest() == Packed("traces", 1, 1, 1, packed(1).body, False)
    segment.close()


def test_a_record_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(record(packed(7)))
    fd = os.open(path, os.O_RDONLY)
    stored = read(fd, 0, True)
    os.close(fd)
    assert stored is not None
    assert (stored.packed, stored.done, stored.end) == (packed(7), False, path.stat().st_size)


WRITER = """
    import sys
    from pathlib import Path
    from sightline.sdk.counts import Account
    from sightline.sdk.packed import Packed
    from sightline.sdk.spool import Spool
    spool = Spool(Path({folder!r}), {sender!r}, 2**28, Account())
    number = {begin}
    while True:
        assert spool.keep(Packed("traces", 1, number, number, str(number).encode().ljust(5000, b"x")))
        sys.stdout.write(f"{{number}}\\n"); sys.stdout.flush()
        number += 1
"""


def test_what_was_written_before_a_kill_is_there_once_after_it(tmp_path: Path) -> None:
    said: list[int] = []
    for round_ in range(3):
        code = WRITER.format(folder=str(tmp_path / "s"), sender=f"w{round_}", begin=round_ * 10**6)
        with (tmp_path / "out").open("w+") as out:
            writer = subprocess.Popen(program(code), stdout=out, env=environment())
            wait_until(lambda: (tmp_path / "out").stat().st_size > 2000, "the writer to write")
            writer.send_signal(signal.SIGKILL)
            writer.wait(30)
            said += [int(line) for line in (tmp_path / "out").read_text().split("\n")[:-1]]
    left = drain(spool(tmp_path / "s", "reader", 2**28))
    assert len(left) == len(set(left))
    assert set(said) <= set(left)
    assert len(left) - len(said) <= 3  # at most the one after the last that was said, for each


def test_a_child_of_a_fork_neither_sends_nor_holds_what_is_its_parents(tmp_path: Path) -> None:
    one = spool(tmp_path, "parent")
    one.keep(packed(1))
    child = os.fork()
    if child == 0:
        one.abandon()
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    try:
        one.close()
        assert drain(spool(tmp_path, "later")) == [1]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_disk_that_takes_no_more_says_so_once_and_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forget_warnings()
    now = [0.0]
    one = Spool(tmp_path, "me", 2**20, Account(), lambda: now[0])
    assert one.keep(packed(1))
    real = os.write

    def full(fd: int, data: Any) -> int:
        if len(data) > 50:
            real(fd, bytes(data)[:40])  # a disk fills in the middle of a write
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert not one.keep(packed(2))
        assert not one.keep(packed(3))
    now[0] += 6
    assert one.keep(packed(4))
    assert drain(one) == [1, 4]
    assert [("No space left" in r.message, "SIGHTLINE_SPOOL_DIR" in r.message) for r in caplog.records] == [
        (True, True)
    ]


FULL = """
    import resource, signal
    from pathlib import Path
    from sightline.sdk.counts import Account
    from sightline.sdk.packed import Packed
    from sightline.sdk.spool import Spool
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    spool = Spool(Path({folder!r}), "me", 2**20, Account())
    print([spool.keep(Packed("traces", 1, n, n, b"x" * 6000)) for n in range(5)])
    while (one := spool.oldest()) is not None:
        print(one.first)
        spool.done()
"""


def test_the_kernels_own_limit_is_met_without_harm(tmp_path: Path) -> None:
    done = run(FULL.format(folder=str(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "[True, True, True, False, False]"
    assert done.stdout.split("\n")[1:4] == ["0", "1", "2"]


def test_a_folder_that_cannot_be_made_is_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    forget_warnings()
    (tmp_path / "file").write_text("in the way")
    one = spool(tmp_path / "file" / "deep")
    assert not one.keep(packed(1))
    assert one.oldest() is None
    assert len(caplog.records) == 1


def test_another_key_another_server_and_another_service_have_other_folders(tmp_path: Path) -> None:
    places = {
        place(tmp_path, "s", "http://a", "k"), place(tmp_path, "s", "http://b", "k"),
        place(tmp_path, "s", "http://a", "l"), place(tmp_path, "t", "http://a", "k"),
    }  # fmt: skip
    assert len(places) == 4
    assert place(tmp_path, "../../etc", "http://a", "k").is_relative_to(tmp_path / "etc")
    assert "secret" not in str(place(tmp_path, "s", "http://a", "secret"))


def test_only_the_user_may_read_what_is_kept(tmp_path: Path) -> None:
    one = spool(tmp_path / "root")
    one.keep(packed(1))
    assert {oct(p.stat().st_mode & 0o77) for p in (tmp_path / "root").rglob("*")} == {"0o0"}


def test_the_default_place_is_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_root({"XDG_CACHE_HOME": "/c"}) == Path("/c/sightline/spool")
    monkeypatch.setenv("HOME", "/home/x")
    assert default_root({}, "linux") == Path("/home/x/.cache/sightline/spool")
    assert default_root({}, "darwin") == Path("/home/x/Library/Caches/sightline/spool")


def test_a_folder_that_someone_removes_is_made_again(tmp_path: Path) -> None:
    one = spool(tmp_path / "shared")
    assert one.keep(packed(1))
    shutil.rmtree(tmp_path / "shared")
    assert one.keep(packed(2))
    assert one.keep(packed(3))
    assert len(list((tmp_path / "shared").rglob("*.spool"))) == 1
    assert drain(one) == [1, 2, 3]
    one.close()
    assert list((tmp_path / "shared").rglob("*.spool")) == []
