"""The detectors of the JavaScript SDK, as one program that Node runs: for tests and for a bench."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.flow.js_parts import SDK, sdk_build
from tests.sdk.redaction_cases import Case, Found

# Places are counted in UTF-16; times are of the processor in seconds, the best of fifteen.
PROGRAM = """
import { find } from "./src/redaction/patterns.ts";
import { redactPatterns } from "./src/redaction/tokens.ts";
import { redactor } from "./src/node/redaction.ts";
import { readFileSync } from "node:fs";
const { texts = [], fields = [], redact, timed = [] } = JSON.parse(readFileSync(0, "utf8"));
const run = redactor(redact);
const places = texts.map((text) => find(text).map(({ start, end, kind }) => [start, end, kind]));
const redacted = fields.map(([field, text]) => run(field, text));
const times = timed.map((text) => {
  const taken = Array.from({ length: 15 }, () => {
    const began = process.cpuUsage();
    redactPatterns("input.value", text);
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e6;
  });
  return Math.min(...taken);
});
console.log(JSON.stringify({ places, redacted, times }));
"""
Ask = Callable[[object], dict[str, Any]]


def detectors(folder: Path) -> Ask:
    """Build the program in a folder; what is returned runs it once for each question."""
    build = sdk_build().front_end()
    node, npm = build.find_node()
    build.install(node, npm)
    program = folder / "find.mjs"
    bundling = ["--bundle", "--platform=node", "--format=esm", f"--outfile={program}", "--log-level=warning"]
    command = [node, "node_modules/esbuild/bin/esbuild", *bundling]
    made = subprocess.run(command, cwd=SDK, input=PROGRAM, text=True, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr

    def ask(asked: object) -> dict[str, Any]:
        done = subprocess.run(
            [node, str(program)], input=json.dumps(asked), text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return ask


def places(ask: Ask, made: Iterable[Case]) -> dict[str, list[Found]]:
    """By text, what JavaScript finds, counted in characters as Python does."""
    texts = [case.text for case in made]
    found = {}
    for text, there in zip(texts, ask({"texts": texts})["places"], strict=True):
        units = text.encode("utf-16-le", "surrogatepass")
        index = [len(units[: 2 * i].decode("utf-16-le", "replace")) for i in range(len(units) // 2 + 1)]
        found[text] = [(index[start], index[end], kind) for start, end, kind in there]
    return found
