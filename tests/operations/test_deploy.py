"""The files under `deploy/`: what they name exists, and what they configure is accepted."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.operations.server_thread import serving

from sightline.operations.client import Server
from sightline.operations.configuration import load
from sightline.operations.health import health_routes
from sightline.operations.settings_table import settings_table

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def instructions() -> list[tuple[str, str]]:
    """The Containerfile as (instruction, arguments), continued lines joined."""
    lines = [line for line in (DEPLOY / "Containerfile").read_text().splitlines() if not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [line.partition(" ") for line in text.splitlines() if line.strip()]
    return [(name, rest.strip()) for name, _, rest in found]


def arguments(name: str) -> list[str]:
    return [rest for found, rest in instructions() if found == name]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in arguments("ENV") for pair in shlex.split(line))


def test_every_instruction_is_one() -> None:
    known = "FROM WORKDIR ENV COPY RUN LABEL USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD"
    assert {name for name, _ in instructions()} <= set(known.split())
    for name in ("ENTRYPOINT", "CMD"):
        assert json.loads(arguments(name)[0])
    assert json.loads(arguments("HEALTHCHECK")[0].partition("CMD ")[2])[0] == "python"


def test_what_is_copied_exists() -> None:
    stages = {line.split(" AS ")[1] for line in arguments("FROM") if " AS " in line}
    for line in arguments("COPY"):
        *sources, _ = line.split()
        if sources[0].startswith("--from="):
            assert sources[0].partition("=")[2] in stages
            continue
        for source in sources:
            assert (ROOT / source).exists(), f"deploy/Containerfile copies {source}, which does not exist"


def test_it_runs_as_nobody_special_and_keeps_its_data() -> None:
    assert arguments("USER") == ["10001"]
    assert arguments("VOLUME") == [environment()["SIGHTLINE_DATA"]]
    assert arguments("STOPSIGNAL") == ["SIGTERM"]
    # A data directory in an image's layer would go with the container.
    assert [name for name, _ in instructions()].index("USER") < [n for n, _ in instructions()].index("VOLUME")


def test_the_containers_variables_are_settings() -> None:
    variables = {name: value for name, value in environment().items() if name.startswith("SIGHTLINE_")}
    found = load({}, variables, None)
    assert (found.http.host, found.data) == ("0.0.0.0", Path("/var/lib/sightline"))
    ports = {str(found.http.port), str(found.grpc.port)}
    assert set(arguments("EXPOSE")[0].split()) == ports


def test_the_extras_it_installs_exist() -> None:
    extras = re.search(r"\.whl\)\[([a-z,]+)\]", " ".join(arguments("RUN")))
    assert extras
    declared = re.findall(r"^([a-z]+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert set(extras[1].split(",")) <= set(declared)


def test_the_health_check_sees_a_server_and_its_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving([*health_routes({})]) as url:
        monkeypatch.setenv("SIGHTLINE_HTTP_PORT", str(Server(url).port))
        with pytest.raises(SystemExit) as healthy:
            runpy.run_path(str(DEPLOY / "healthcheck.py"))
    assert not healthy.value.code
    with pytest.raises(SystemExit, match="not healthy"):
        runpy.run_path(str(DEPLOY / "healthcheck.py"))


def test_the_example_is_accepted_and_says_what_the_guide_says() -> None:
    found = load({}, {}, DEPLOY / "sightline.toml")
    assert found.data == Path("/var/lib/sightline")
    assert found.journal.min_free_disk == 2**30


def unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "sightline.service").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_drains_and_is_hardened() -> None:
    found = unit()
    assert found["Type"] == ["exec"]
    assert found["TimeoutStopSec"] == ["15"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["NoNewPrivileges"] == ["yes"]
    variables = {pair.split("=")[0] for pair in found["Environment"]}
    assert variables <= {s.variable for s in settings_table()} | {"SIGHTLINE_CONFIG"}
    assert found["WorkingDirectory"] == [str(load({}, {}, DEPLOY / "sightline.toml").data)]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    # Verification looks for the program and the user, which an installation has and a test machine has not.
    text = (DEPLOY / "sightline.service").read_text().replace("/opt/sightline/bin/sightline", "/bin/true")
    path = tmp_path / "sightline.service"
    path.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "sightline.service" in line]
    assert complaints == []
