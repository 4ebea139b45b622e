"""The SDK's guide has every option with its default; UPDATE_GOLDEN=1 writes the table anew."""

from __future__ import annotations

import os
import re
from dataclasses import MISSING
from pathlib import Path

import pytest
from tests.sdk.sdk_certificates import make_authority
from tests.sdk.sdk_process import run

from sightline.sdk.configuration import option_fields, variable
from sightline.sdk.sampling import Sampling

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "sdk.md"
BEGIN, END = "-->\n", "<!-- end of options -->"


def _default(value: object) -> str:
    if value is MISSING or value == Sampling():
        return "" if value is MISSING else "everything"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int) and value >= 2**20 and value % 2**20 == 0:
        return f"{value // 2**20} MiB"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:g} s"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`" if value else ""


def table() -> str:
    rows = ["| option | default | |", "|---|---|---|"]
    for entry in option_fields():
        also = "".join(f" Also `{name}`." for name in entry.metadata["also"])
        rows.append(f"| `{entry.name}` | {_default(entry.default)} | {entry.metadata['meaning']}{also} |")
    return "\n".join(rows) + "\n"


def test_the_guide_has_every_option_as_it_is() -> None:
    text = GUIDE.read_text()
    head, rest = text.split("<!-- options:", 1)
    marker, rest = rest.split(BEGIN, 1)
    written, tail = rest.split(END, 1)
    if os.environ.get("UPDATE_GOLDEN"):
        GUIDE.write_text(f"{head}<!-- options:{marker}{BEGIN}{table()}{END}{tail}")
        return
    assert written == table(), "run it with UPDATE_GOLDEN=1 and look at the difference"


def test_the_variable_of_an_option_is_its_name() -> None:
    assert variable("spool_max_bytes") == "SIGHTLINE_SPOOL_MAX_BYTES"


EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S)


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: code.strip().split("\n")[-1][:40])
def test_every_example_runs_and_warns_of_nothing_but_that_no_server_is_there(
    code: str, tmp_path: Path
) -> None:
    program = (
        f"import sightline\n{code}\nfrom opentelemetry import trace\n"
        "trace.get_tracer('x').start_span('a').end()\nsightline.flush(5)\n"
    )
    if "authority.pem" in code:
        make_authority(tmp_path, "authority")
    env = {"SIGHTLINE_SPOOL_DIR": str(tmp_path), "SIGHTLINE_URL": "http://127.0.0.1:9"}
    done = run(program, env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if "did not take what was sent" not in line]
    assert said == []
