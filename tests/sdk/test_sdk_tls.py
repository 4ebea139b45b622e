"""Real TLS: a server with a certificate of its own, one that asks for the program's, and wrong files."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.sdk.sdk_certificates import lock, make_authority, make_certificate
from tests.sdk.sdk_process import run
from tests.sdk.sdk_servers import Taken, http_server

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes certificates with openssl")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities; `server` and `program` are signed by the first, `stranger` by the second."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("authority", "other"):
        make_authority(folder, name)
    for name, authority in (("server", "authority"), ("program", "authority"), ("stranger", "other")):
        make_certificate(folder, name, authority)
    lock(folder, "program", "locked")
    both = (folder / "program.pem").read_text() + (folder / "program.key").read_text()
    (folder / "both.pem").write_text(both)
    return folder


@contextmanager
def secure(files: Path, asks: bool = False) -> Iterator[tuple[str, Taken]]:
    """A server of the first authority's; with `asks`, for programs of that authority's alone."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files / "server.pem", files / "server.key")
    if asks:
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(files / "authority.pem")
    with http_server(tls=tls) as (url, taken):
        yield url, taken


def program(url: str, env: dict[str, object], options: str = "") -> tuple[int, str]:
    """How many spans the server acknowledged, and what the program was warned of."""
    code = (
        "import sightline\n"
        f"sightline.init(endpoint={url!r}, spool='off', quiet=True, instrument=False, {options})\n"
        "with sightline.span('work'): pass\n"
        "sightline.flush(5)\nprint(sightline.counts().spans.acknowledged)\n"
    )
    done = run(code, {name: str(value) for name, value in env.items()})
    return int(done.stdout), done.stderr


def test_a_certificate_that_nobody_vouches_for_is_not_trusted_and_the_warning_says_how(files: Path) -> None:
    with secure(files) as (url, taken):
        sent, said = program(url, {})
    assert (sent, taken.requests) == (0, [])
    assert said.count("\n") == 1
    assert "SIGHTLINE_CERTIFICATE" in said


@pytest.mark.parametrize(
    "variable", ["OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
                 "SIGHTLINE_CERTIFICATE", "SSL_CERT_FILE"],
)  # fmt: skip
def test_the_authority_may_be_named_by_a_variable(files: Path, variable: str) -> None:
    with secure(files) as (url, _):
        assert program(url, {variable: files / "authority.pem"})[0] == 1


def test_the_authority_or_the_servers_own_certificate_may_be_named_by_an_argument(files: Path) -> None:
    with secure(files) as (url, _):
        for name in ("authority", "server"):
            assert program(url, {}, f"certificate={str(files / name)!r} + '.pem'") == (1, "")


def test_the_wrong_authority_is_not_trusted(files: Path) -> None:
    with secure(files) as (url, taken):
        assert program(url, {"SIGHTLINE_CERTIFICATE": files / "other.pem"})[0] == 0
    assert taken.requests == []


def test_a_name_that_the_certificate_does_not_have_is_not_trusted(files: Path) -> None:
    with secure(files) as (url, taken):
        sent, said = program(
            url.replace("127.0.0.1", "localhost"), {"SIGHTLINE_CERTIFICATE": files / "authority.pem"}
        )
    assert (sent, taken.requests) == (0, [])
    assert "for another name" in said


def test_a_server_that_asks_for_the_programs_certificate_gets_it(files: Path) -> None:
    trust = {"OTEL_EXPORTER_OTLP_CERTIFICATE": files / "authority.pem"}
    own = trust | {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": files / "program.pem"}
    with secure(files, asks=True) as (url, taken):
        assert program(url, trust)[0] == 0
        assert taken.requests == []
        key = {"OTEL_EXPORTER_OTLP_CLIENT_KEY": files / "program.key"}
        assert program(url, own | key) == (1, "")
        assert program(url, trust, f"client_certificate={str(files / 'both.pem')!r}") == (1, "")
        stranger = {"SIGHTLINE_CLIENT_CERTIFICATE": files / "stranger.pem",
                    "SIGHTLINE_CLIENT_KEY": files / "stranger.key"}  # fmt: skip
        assert program(url, trust | stranger)[0] == 0


@pytest.mark.parametrize(
    ("certificate", "key"), [("program.pem", "stranger.key"), ("program.pem", "locked.key")],
)  # fmt: skip
def test_a_key_that_does_not_fit_or_is_locked_is_one_warning_and_nobody_is_asked_for_a_password(
    files: Path, certificate: str, key: str
) -> None:
    env = {"SIGHTLINE_CERTIFICATE": files / "authority.pem", "SIGHTLINE_CLIENT_KEY": files / key,
           "SIGHTLINE_CLIENT_CERTIFICATE": files / certificate}  # fmt: skip
    with secure(files) as (url, _):
        sent, said = program(url, env)
    assert sent == 1  # this server asks for none
    assert said.count("\n") == 1
    assert key in said
    assert "SIGHTLINE_CLIENT_KEY" in said


def test_a_file_that_is_not_there_is_one_warning_and_the_system_decides(files: Path) -> None:
    env = {"OTEL_EXPORTER_OTLP_CERTIFICATE": files / "missing.pem", "SSL_CERT_FILE": files / "authority.pem"}
    with secure(files) as (url, _):
        sent, said = program(url, env)
    assert sent == 1
    assert said.count("\n") == 1
    assert "OTEL_EXPORTER_OTLP_CERTIFICATE" in said
    assert "missing.pem" in said
    assert "the certificates that the system trusts" in said


def test_a_file_that_looks_right_and_is_not_is_one_warning(files: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    env = {"SIGHTLINE_CERTIFICATE": broken, "SSL_CERT_FILE": files / "authority.pem"}
    with secure(files) as (url, _):
        sent, said = program(url, env)
    assert sent == 1
    assert said.count("\n") == 1
    assert "broken.pem" in said
