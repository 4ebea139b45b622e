"""The guide of reports as a reader follows it from an empty folder, and the snippets about redaction."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from tests.docs.blocks import ROOT, blocks, commands

from sightline.cli import main
from sightline.testing import environment

GUIDE = ROOT / "docs" / "guide" / "report.md"
REDACTION = ROOT / "docs" / "guide" / "redaction.md"
CALLS = """
with __import__("opentelemetry.trace").trace.get_tracer("guide").start_as_current_span("chat gpt-4o") as span:
    span.set_attribute("gen_ai.operation.name", "chat")
    span.set_attribute("gen_ai.request.model", "gpt-4o")
    span.set_attribute("gen_ai.usage.input_tokens", 12)
    span.set_attribute("gen_ai.usage.output_tokens", 3)
sightline.flush()
sightline.shutdown()
"""


def test_every_command_of_the_guide(tmp_path: Path) -> None:
    program = blocks(GUIDE.read_text())[0].text + CALLS
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls.jsonl").exists(), done.stderr
    record = {"model": "gpt-4o", "took": 120, "customer": {"id": "ada"}, "prompt_tokens": 5}
    (tmp_path / "app.log").write_text(json.dumps(record) + "\n")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_text(json.dumps(record) + "\n")
    told = [command.text for command in commands(GUIDE)]
    assert len(told) > 6
    for text in told:
        words = shlex.split(text)
        found = subprocess.run(
            [sys.executable, "-m", "sightline.cli", *words[1:]], cwd=tmp_path, capture_output=True, text=True,
            timeout=60, check=False, env=environment(),
        )  # fmt: skip
        assert found.returncode == 0, f"{text}\n{found.stdout}{found.stderr}"
    assert "<svg" in (tmp_path / "report.html").read_text()
    assert "By model" in (tmp_path / "report.md").read_text()


def test_the_figures_of_the_guide_exist() -> None:
    [told] = re.findall(r"Figures: (.*?)\. Times", GUIDE.read_text())
    for name in re.findall(r"`([a-z_]+[a-z0-9]*)`", told):
        if name in {"p90", "p95", "p99", "mean", "most"} or name.endswith("_"):
            continue
        text = f"{name}<0s" if name.startswith("latency") else f"{name}<0"
        done = CliRunner().invoke(main, ["report", "-", "--fail-if", text], input='{"model":"m"}\n')
        assert "there is no figure" not in done.output, name


def test_snippets_of_the_guide_of_redaction_run() -> None:
    text = REDACTION.read_text()
    text = re.sub(r"<!-- not run: .*? -->\n```python\n.*?```\n", "", text, flags=re.DOTALL)
    snippets = [b.text for b in blocks(text) if b.language == "python" and "init(" not in b.text]
    assert len(snippets) == 3
    for snippet in snippets:
        exec(snippet, {})
