"""The flags of `sightline serve`."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sightline.operations.flags import settings_from, settings_options
from sightline.operations.settings_table import settings_table
from sightline.settings import Settings


def run(
    *arguments: str, environ: dict[str, str] | None = None, folder: Path
) -> tuple[int, str, Settings | None]:
    seen: list[Settings] = []

    @click.command()
    @settings_options
    def serve(**options: object) -> None:
        seen.append(settings_from(options, environ or {}, folder))

    answer = CliRunner().invoke(serve, arguments)
    return answer.exit_code, answer.output, seen[0] if seen else None


def test_the_flags_that_others_rely_on(tmp_path: Path) -> None:
    code, output, found = run(
        "--host", "::1", "--port", "1", "--grpc-port", "2", "--data", "d", "--insecure", folder=tmp_path
    )
    assert code == 0, output
    assert found is not None
    assert (found.http.host, found.http.port, found.grpc.port) == ("::1", 1, 2)
    assert (found.data, found.insecure) == (Path("d"), True)


@pytest.mark.parametrize("setting", settings_table(), ids=lambda s: s.key)
def test_every_setting_has_its_flag_and_help(tmp_path: Path, setting: object) -> None:
    _, output, _ = run("--help", folder=tmp_path)
    assert setting.flag in output  # type: ignore[attr-defined]


def test_a_switch_can_be_turned_off_again(tmp_path: Path) -> None:
    environ = {"SIGHTLINE_SELF_TRACING": "true"}
    assert run("--no-self-tracing", environ=environ, folder=tmp_path)[2] == Settings()


def test_an_error_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    code, output, _ = run("--port", "high", folder=tmp_path)
    assert code == 1
    assert output.startswith('Error: http.port is "high" (from flag --http-port), but must be')
    assert "Traceback" not in output


def test_config_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[grpc]\nport = 0\n")
    found = run("--config", "mine.toml", folder=tmp_path)[2]
    assert found is not None
    assert found.grpc.port == 0
