from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sightline.content.difference import MOST_LINES, difference


def sides(left: str, right: str) -> list[str]:
    marks = {"same": " ", "left": "-", "right": "+", "gap": "…"}
    return [marks[line.side] + line.text for line in difference(left, right)]


def test_lines_that_differ_with_two_around() -> None:
    left = "\n".join("abcdefgh")
    assert sides(left, left.replace("e", "E")) == ["…", " c", " d", "-e", "+E", " f", " g"]
    assert sides(left, left) == []


def test_json_differs_where_its_values_do() -> None:
    left = [{"role": "user", "content": "one\ntwo"}]
    right = [{"role": "user", "content": "one\nthree"}]
    found = sides(json.dumps(left), json.dumps(right))
    assert (
        '-two"' in found
        and '+three"' in found
        and ' "content": "one' in [f.replace("    ", "") for f in found]
    )


def test_a_long_text_is_cut_and_says_so() -> None:
    left = "\n".join(map(str, range(MOST_LINES + 5)))
    assert sides(left, left + "\nmore")[-1] == "+… 6 lines more"


@given(st.text(alphabet="ab\n", max_size=60), st.text(alphabet="ab\n", max_size=60))
def test_each_side_can_be_read_back(left: str, right: str) -> None:
    found = difference(left, right)
    ours = [line.text for line in found if line.side in ("same", "left")]
    theirs = [line.text for line in found if line.side in ("same", "right")]

    def within(some: list[str], lines: list[str]) -> bool:
        rest = iter(lines)
        return all(line in rest for line in some)

    assert within(ours, left.splitlines()) and within(theirs, right.splitlines())
    assert bool(found) == (left.splitlines() != right.splitlines())
