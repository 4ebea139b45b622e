"""The JavaScript package: what is in it, how it is found, and what its types say to strict compilers."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import shutil
import tarfile
from pathlib import Path

import pytest
from js_parts import SDK, Installed, run

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]
NODE_NAMES = {"init", "context", "trace", "traced", "llmCall", "retrieval", "tool", "score", "feedback",
              "flush", "shutdown", "handler", "middleware", "traceHeaders", "vercel", "spanProcessor",
              "counts", "currentTrace", "redactPatterns", "VERSION"}  # fmt: skip
BROWSER_NAMES = {
    "init",
    "context",
    "trace",
    "score",
    "feedback",
    "flush",
    "shutdown",
    "counts",
    "currentTrace",
}


@pytest.fixture(scope="module")
def installed() -> Installed:
    return Installed()


def package(installed: Installed) -> Path:
    return installed.folder / "node_modules" / "@sightline" / "sdk"


MODULES = {
    "nodenext": ("--module", "NodeNext"),
    "node16": ("--module", "Node16"),
    "bundler": ("--module", "ESNext", "--moduleResolution", "bundler"),
    "node10": ("--module", "CommonJS", "--moduleResolution", "node10"),
}


@pytest.mark.parametrize(
    ("module", "ending"),
    [*itertools.product(("nodenext", "node16"), ("mts", "cts")), ("bundler", "ts"), ("node10", "ts")],
)
def test_strict_compilers_pass_on_a_program_that_uses_everything(
    installed: Installed, tmp_path: Path, module: str, ending: str
) -> None:
    """As ES module and as CommonJS; also that what is wrong is refused (`@ts-expect-error`)."""
    (tmp_path / "node_modules").symlink_to(installed.folder / "node_modules")
    shutil.copy(installed.folder / "consumer.ts", tmp_path / f"consumer.{ending}")
    tsc = installed.folder / "node_modules" / "typescript" / "bin" / "tsc"
    flags = ["--strict", "--noEmit", "--target", "es2022", *MODULES[module], "--exactOptionalPropertyTypes",
             "--noUncheckedIndexedAccess", "--noImplicitOverride", "--lib", "es2022,dom,dom.iterable",
             "--types", "node"]  # fmt: skip
    run(installed.node, str(tsc), *flags, f"consumer.{ending}", cwd=tmp_path)


def test_both_kinds_of_modules_have_the_same_names(installed: Installed) -> None:
    for entry, names in (("@sightline/sdk", NODE_NAMES), ("@sightline/sdk/browser", BROWSER_NAMES)):
        esm = installed.run(
            "--input-type=module", "-e", f"console.log(JSON.stringify(Object.keys(await import('{entry}'))))"
        )
        common = installed.run("-e", f"console.log(JSON.stringify(Object.keys(require('{entry}'))))")
        assert set(json.loads(esm)) - {"default", "module.exports"} == names
        assert set(json.loads(common)) - {"__esModule"} == names


def test_an_es_module_and_a_common_js_copy_share_one_runtime(installed: Installed) -> None:
    script = (
        "import { createRequire } from 'node:module'; import { init } from '@sightline/sdk';"
        "const common = createRequire(import.meta.url)('@sightline/sdk');"
        "init({ instrument: false, enabled: true }); common.trace('x', () => 1);"
        "console.log(common.counts().spans.ended); process.exit()"
    )
    assert installed.run("--input-type=module", "-e", script).strip() == "1"


def test_every_export_is_there_and_nothing_else_is_reachable(installed: Installed) -> None:
    exports = json.loads((package(installed) / "package.json").read_text())["exports"]

    def files(entry: object) -> list[str]:
        return (
            [entry] if isinstance(entry, str) else [f for value in dict(entry).values() for f in files(value)]
        )  # type: ignore[call-overload]

    for name, entry in exports.items():
        for file in files(entry):
            assert (package(installed) / file).is_file(), f"{name}: {file}"
    blocked = (
        "import('@sightline/sdk/dist/esm/node/start.js').then(() => 'open', e => e.code).then(console.log)"
    )
    assert installed.run("-e", blocked).strip() == "ERR_PACKAGE_PATH_NOT_EXPORTED"


def test_a_bundler_for_the_edge_finds_a_build_without_node(installed: Installed, tmp_path: Path) -> None:
    """As Next.js bundles a route with `runtime = "edge"`; OpenTelemetry's packages have such a build, too."""
    (tmp_path / "node_modules").symlink_to(installed.folder / "node_modules")
    wanted = sorted(NODE_NAMES)
    (tmp_path / "route.mjs").write_text(
        f'import {{ {", ".join(wanted)} }} from "@sightline/sdk"; export default [{", ".join(wanted)}];'
    )
    esbuild = SDK / "node_modules" / "esbuild" / "bin" / "esbuild"
    flags = (
        "--bundle",
        "--format=esm",
        "--conditions=edge-light,import",
        "--main-fields=browser,module,main",
    )
    bundled = run(str(esbuild), "route.mjs", *flags, "--platform=browser", cwd=tmp_path)
    assert "AsyncLocalStorage" in bundled
    assert not re.search(
        r"""(?:from|require\(|import)\s*["'](?:node:|fs|os|path|crypto|async_hooks)""", bundled
    )
    assert not re.search(r"\bBuffer\.|__filename|process\.(?:on|argv|pid|cwd|kill)\b", bundled)


def test_the_tarball_has_what_is_used_and_nothing_of_this_machine(
    installed: Installed, tmp_path: Path
) -> None:
    with tarfile.open(installed.pack(tmp_path)) as packed:
        names = packed.getnames()
        texts = {n: packed.extractfile(n).read() for n in names if n.endswith((".js", ".ts", ".json", ".md"))}  # type: ignore[union-attr]
    assert all(n.startswith(("package/dist/", "package/package.json", "package/README.md")) for n in names)
    # A fifth of it is the build for where there is no Node.
    assert sum(map(len, texts.values())) < 750_000
    for name, text in texts.items():
        assert str(Path.home()).encode() not in text and str(tmp_path.parent).encode() not in text, name
        assert b"sourceMappingURL=data" not in text, name


def test_the_browsers_part_is_small_in_every_form(installed: Installed) -> None:
    folder = package(installed) / "dist"
    assert len(gzip.compress((folder / "browser.min.js").read_bytes(), 9)) < 10_000
    for kind in ("esm", "cjs"):
        script = (folder / kind / "browser.js").read_text()
        assert "@opentelemetry" not in script and "require(" not in script


def test_the_node_part_starts_quickly_and_says_little(installed: Installed) -> None:
    script = "require('@sightline/sdk').init({ instrument: false }); console.log('on')"
    assert installed.run("-e", script) == "on\n"
