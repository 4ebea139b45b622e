"""The files of the guide for Next.js, checked by a strict compiler and run without it: it is too large here.

In their place stands a package `next` that has `after` alone. By hand the guide was run in Next.js itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from js_collector import collecting
from js_parts import PIECES, ROOT, SDK, Installed, Provider, http_server, run

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
GUIDE = (ROOT / "docs" / "guide" / "case-nextjs.md").read_text()
BLOCK = re.compile(r"```(?:ts|js)\n(// ([\w./]+).*?)```", re.DOTALL)
# What Next.js does with the files: sets up once, calls a route, waits for what was given to `after`.
PROGRAM = """
import { register } from "./instrumentation";
import { POST } from "./app/api/chat/route";
import { GET } from "./app/api/edge/route";
import { ask, thumb } from "./app/actions";
import { given } from "next/server";

await register();
const asked = { method: "POST", body: JSON.stringify({ user: "ada", question: "What is a span?" }) };
const answer = await POST(new Request("http://localhost/api/chat", asked));
const text = await answer.text();
const edge = await (await GET(new Request("http://localhost/api/edge"))).json();
const { trace } = await ask("why");
await thumb(trace!, true);
await Promise.all(given);
console.log(JSON.stringify({ text, edge, trace: answer.headers.get("x-trace") }));
"""
NEXT = {
    "package.json": '{ "name": "next", "type": "module", "exports": { "./server": "./server.js" } }',
    "server.js": "export const given = [];\nexport const after = (work) => void given.push(work);\n",
    "server.d.ts": "export declare const given: Promise<unknown>[];\n"
    "export declare function after<T>(task: Promise<T> | (() => T | Promise<T>)): void;\n",
}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installed, Path]:
    installed, folder = Installed(), tmp_path_factory.mktemp("next")
    found = {name: text for text, name in BLOCK.findall(GUIDE)}
    assert set(found) == {
        "instrumentation.ts", "next.config.mjs", "app/actions.ts",
        "app/api/chat/route.ts", "app/api/edge/route.ts",
    }  # fmt: skip
    packages = folder / "node_modules"
    packages.mkdir()
    for entry in (installed.folder / "node_modules").iterdir():
        (packages / entry.name).symlink_to(entry)
    stub = {f"node_modules/next/{name}": text for name, text in NEXT.items()}
    for name, text in (found | stub | {"program.ts": PROGRAM}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return installed, folder


def test_a_strict_compiler_passes_on_them(application: tuple[Installed, Path]) -> None:
    installed, folder = application
    tsc = installed.folder / "node_modules" / "typescript" / "bin" / "tsc"
    how = ("--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "--types", "node")
    run(installed.node, str(tsc), "--strict", "--noEmit", "--skipLibCheck", *how, "program.ts", cwd=folder)


def test_they_trace_what_the_guide_says(application: tuple[Installed, Path]) -> None:
    installed, folder = application
    esbuild = SDK / "node_modules" / "esbuild" / "bin" / "esbuild"
    how = ("--bundle", "--packages=external", "--platform=node", "--format=esm", "--outfile=program.mjs")
    run(str(esbuild), "program.ts", *how, "--log-level=warning", cwd=folder)
    with collecting() as server, http_server(Provider) as provider:
        env = {
            "SIGHTLINE_ENDPOINT": server.url, "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"{provider}/v1",
        }  # fmt: skip
        said = json.loads(run(installed.node, "program.mjs", cwd=folder, env=env))
        spans = {one["name"]: one for one in server.spans()}
        logs = [body for path, body in server.requests if path.endswith("/v1/logs")]
    assert said["text"] == "".join(PIECES) and said["edge"] == {"edge": True}
    route, call = spans["POST /api/chat"], spans["OpenAI Chat Completions"]
    assert said["trace"] == route["traceId"] == call["traceId"]
    assert call["parentSpanId"] == route["spanId"] and call["attributes"]["user.id"] == "ada"
    assert route["attributes"]["gen_ai.response.time_to_first_chunk"] > 0
    assert {"GET /api/edge", "work", "ask"} <= set(spans)
    (record,) = logs[0]["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert record["traceId"] == spans["ask"]["traceId"]
