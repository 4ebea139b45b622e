from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.pages import formats
from sightline.pages.formats import MS, US, Money, S

NOW = 1_795_185_140 * S  # Fri 20 Nov 2026, 14:32:20 UTC


@pytest.mark.parametrize(
    ("ns", "written"),
    [
        (0, "0 ms"),
        (1, "< 1 µs"),
        (640 * US, "640 µs"),
        (999_600, "1 ms"),
        (604 * MS, "604 ms"),
        (999_700 * US, "1.00 s"),
        (5_840 * MS, "5.84 s"),
        (59_994 * MS, "59.99 s"),
        (59_996 * MS, "1 m 0 s"),
        (552 * S, "9 m 12 s"),
        (3599 * S + 600 * MS, "1 h 0 m"),
        (6720 * S, "1 h 52 m"),
        (-12 * MS, "−12 ms"),
    ],
)
def test_durations(ns: int, written: str) -> None:
    assert str(formats.duration(ns)) == written


@given(st.integers(1, 2**63))
def test_a_duration_never_reads_as_zero_or_carries_a_full_unit(ns: int) -> None:
    parts = formats.duration(ns).parts
    assert any(number.strip("0.") for number, _ in parts)
    for number, unit in parts:
        if unit in ("m", "s") and len(parts) > 1:
            assert int(number) < 60
        if unit in ("µs", "ms"):
            assert int(number.removeprefix("< ")) < 1000


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (7_634, "7,634"),
        (99_999, "99,999"),
        (100_000, "100 k"),
        (999_949, "1.00 M"),
        (140_000_000, "140 M"),
        (1_040_000_000, "1.04 B"),
        (25_500_000, "25.5 M"),
        (-5, "−5"),
    ],
)
def test_counts(number: int, written: str) -> None:
    assert formats.count(number) == written


@pytest.mark.parametrize(
    ("usd", "style", "written"),
    [
        (0.0, Money.TABLE, "$0.00"),
        (21.47, Money.TABLE, "$21.47"),
        (0.0149, Money.TABLE, "$0.0149"),
        (0.00001, Money.TABLE, "< $0.0001"),
        (1234.5, Money.TABLE, "$1,234.50"),
        (1234.5, Money.HEADLINE, "$1,234"),
        (55_600.0, Money.HEADLINE, "$55.6 k"),
        (0.01251, Money.BREAKDOWN, "$0.012510"),
        (0.00000036, Money.BREAKDOWN, "< $0.000001"),
        (0.0, Money.BREAKDOWN, "$0.000000"),
        (-1.2, Money.TABLE, "−$1.20"),
        (float("nan"), Money.TABLE, "unknown"),
    ],
)
def test_money(usd: float, style: Money, written: str) -> None:
    assert formats.money(usd, style) == written


@given(st.floats(min_value=1e-12, max_value=1e9), st.sampled_from(Money))
def test_money_is_never_rounded_to_zero(usd: float, style: Money) -> None:
    written = formats.money(usd, style)
    assert written.startswith("< ") or any(c in "123456789" for c in written)


def test_percentages_lose_their_decimal_in_small_samples() -> None:
    assert formats.percent(1, 3) == "33.3 %"
    assert formats.percent(1, 3, sample=999) == "33 %"
    assert formats.percent(1, 3, sample=1000) == "33.3 %"
    assert formats.percent(1, 0) == "–"


def test_times() -> None:
    assert formats.clock(NOW - 63 * S, NOW) == "14:31:17"
    assert formats.clock(NOW - 2 * 86400 * S, NOW) == "Wed 14:32"
    assert formats.clock(NOW - 12 * 86400 * S, NOW) == "8 Nov"
    assert formats.clock(NOW - 800 * 86400 * S, NOW) == "11 Sep 2024"
    assert formats.absolute(NOW + 204 * MS) == "Fri 20 Nov 2026, 14:32:20.204 UTC"
    assert formats.machine(NOW + 204 * MS) == "2026-11-20T14:32:20.204Z"
    assert [formats.ago(NOW - n * S, NOW) for n in (8, 130, 7300, 200_000)] == [
        "8 s ago",
        "2 min ago",
        "2 h ago",
        "2 d ago",
    ]


@given(st.integers(-(2**70), 2**70))
def test_no_time_is_too_absurd_to_write(ns: int) -> None:
    assert formats.absolute(ns) and formats.machine(ns) and formats.clock(ns, NOW)


def test_sizes() -> None:
    assert [formats.size(n) for n in (812, 14_200, 3_100_000, 999_960)] == [
        "812 B",
        "14.2 kB",
        "3.1 MB",
        "1.0 MB",
    ]


def test_commands_in_foreign_text_become_visible() -> None:
    assert formats.shown("\x1b[31mred\x07") == "␛[31mred␇"
    assert formats.shown("safe\u202egpj.exe") == "safe[U+202E]gpj.exe"
    assert formats.shown("a\nb\tc") == "a\nb\tc"
    assert formats.shown("naïve שלום 漢字 👍🏽") == "naïve שלום 漢字 👍🏽"


def test_hidden_words_become_visible_and_shaped_letters_stay() -> None:
    assert formats.shown("a\u200bb\ufeff") == "a[U+200B]b[U+FEFF]"
    assert formats.shown("ok" + "".join(chr(0xE0000 + ord(c)) for c in "do")) == "ok[U+E0064][U+E006F]"
    assert formats.shown("a\u200db") == "a[U+200D]b"
    assert formats.shown("x\ufe01\ufe02") == "x\ufe01[U+FE02]"
    assert formats.shown("left\u200fright") == "left[U+200F]right"
    for written in (
        "می\u200cخواهم",
        "\U0001f469\u200d\U0001f4bb",
        "❤\ufe0f\u200d\U0001f525",
        "1\ufe0f\u20e3",
        "שלום\u200f!",
    ):
        assert formats.shown(written) == written
    wales = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
    assert formats.shown(wales) == wales


INVISIBLE = st.text(
    "a\u200b\u200c\u200d\u200e\u200f\u061c\ufe0f\ufe01א字\U0001f469\U0001f3f4\U000e0067\U000e007f \n\x1b"
)


@given(st.text() | INVISIBLE)
def test_shown_text_holds_no_command_and_is_stable(text: str) -> None:
    shown = formats.shown(text)
    assert not any((ord(c) < 32 and c not in "\n\t") or 0x202A <= ord(c) <= 0x202E for c in shown)
    assert formats.shown(shown) == shown
    shown.encode()


def test_times_of_lines_that_follow_closely() -> None:
    now = 1_795_185_140 * 10**9
    assert formats.edge(now, now) == "Fri 14:32"
    assert formats.edge(now - 7 * 86_400 * 10**9, now) == "13 Nov 14:32"
    assert formats.stamp(now) == "20 Nov 2026, 14:32:20"
    assert formats.stamp(now + 7 * 10**6) == "20 Nov 2026, 14:32:20.007"
    assert formats.precise(now, now) == "14:32:20"
    assert formats.precise(now - 86_400 * 10**9, now) == "Thu 14:32:20"
    assert formats.precise(now - 30 * 86_400 * 10**9, now) == "21 Oct 14:32"
