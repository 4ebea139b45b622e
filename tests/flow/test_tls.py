"""TLS in front, by the very text of the guide: Caddy and nginx pass on OTLP (HTTP, gRPC), the API, pages."""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from sightline.testing import ServerProcess, free_port, sightline, span, traces_request, wait_until

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "operations.md"
NAME = "sightline.example"
pytestmark = [
    pytest.mark.flow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with"),
]


@dataclass(frozen=True)
class Front:
    """A proxy in front of a server: its port, its certificate, and a key for everything."""

    server: ServerProcess
    port: int
    certificate: Path
    key: str

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Status, text and headers of an answer over TLS, under the name of the guide."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False  # the connection goes to 127.0.0.1
        asked = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=20)
        named = {"Host": f"{NAME}:{self.port}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        try:
            asked.request(method, path, body, named)
            answer = asked.getresponse()
            return answer.status, answer.read().decode(errors="replace"), dict(answer.getheaders())
        finally:
            asked.close()

    def answers(self) -> bool:
        """Whether the proxy passes anything on yet."""
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the guide's name; its key is beside it."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1",
         "-keyout", str(folder / "sightline.key"), "-out", str(folder / "sightline.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "sightline.pem"


def which(program: str) -> str:
    """Where a proxy is; Debian keeps nginx out of the PATH of people."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin") or ""


def guide(language: str) -> str:
    """The one block of this language."""
    [block] = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return str(block)


def caddy(server: ServerProcess, port: int, certificate: Path, folder: Path) -> list[str]:
    """The guide's Caddyfile with these ports and this certificate, and the command that runs it."""
    text = guide("caddy").replace("127.0.0.1:4317", f"127.0.0.1:{server.grpc_port}")
    text = text.replace("127.0.0.1:4318", f"127.0.0.1:{server.port}")
    own = f"{NAME}:{port} {{\n\ttls {certificate} {certificate.with_suffix('.key')}\n"
    text = text.replace(f"{NAME} {{\n", own)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text)
    return [which("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def nginx(server: ServerProcess, port: int, certificate: Path, folder: Path) -> list[str]:
    """The guide's server block inside the least configuration, and the command that runs it."""
    text = guide("nginx").replace("127.0.0.1:4317", f"127.0.0.1:{server.grpc_port}")
    text = text.replace("127.0.0.1:4318", f"127.0.0.1:{server.port}").replace("listen 443", f"listen {port}")
    text = text.replace("/etc/ssl/sightline.pem", str(certificate))
    text = text.replace("/etc/ssl/sightline.key", str(certificate.with_suffix(".key")))
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}{text}}}\n"
    )
    return [which("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


PROXIES = {"caddy": caddy, "nginx": nginx}


@pytest.fixture(scope="module", params=list(PROXIES))
def front(
    request: pytest.FixtureRequest, certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    """Each of the two proxies in front of a server with a key."""
    if not which(request.param):
        pytest.skip(f"no {request.param} on this machine")
    folder = tmp_path_factory.mktemp(request.param)
    made = sightline("keys", "create", "--scope", "admin", env={"SIGHTLINE_DATA": str(folder / "data")})
    assert made.returncode == 0, made.stderr
    port = free_port()
    with ServerProcess(folder / "data") as server, (folder / "log").open("wb") as log:
        command = PROXIES[request.param](server, port, certificate, folder)
        process = subprocess.Popen(command, stdout=log, stderr=log, env={"HOME": str(folder)})
        try:
            found = Front(server, port, certificate, made.stdout.strip())
            wait_until(found.answers, f"{request.param} to answer")
            yield found
        except BaseException as error:
            error.add_note((folder / "log").read_text(errors="replace")[-3000:])
            raise
        finally:
            process.terminate()
            process.wait(20)


def test_http_and_grpc_are_passed_on(front: Front) -> None:
    auth = f"Bearer {front.key}"
    body = traces_request([span(name="over https")]).SerializeToString()
    status, text, _ = front.ask(
        "POST", "/v1/traces", body, content_type="application/x-protobuf", authorization=auth
    )
    assert status == 200, text
    credentials = grpc.ssl_channel_credentials(front.certificate.read_bytes())
    options = (("grpc.ssl_target_name_override", NAME),)
    with grpc.secure_channel(f"127.0.0.1:{front.port}", credentials, options) as channel:
        request = traces_request([span(name="over grpc")])
        TraceServiceStub(channel).Export(request, timeout=20, metadata=(("authorization", auth),))

    def names() -> list[str]:
        rows = front.server.sql("SELECT name FROM spans ORDER BY name", front.key)
        return [row["name"] for row in rows]

    wait_until(lambda: names() == ["over grpc", "over https"], "both spans")


def test_a_large_body_is_passed_on(front: Front) -> None:
    body = traces_request([span(attributes={"text": "x" * 1000}) for _ in range(5000)]).SerializeToString()
    assert len(body) > 5 * 2**20
    status, text, _ = front.ask(
        "POST", "/v1/traces", body, content_type="application/x-protobuf", authorization=f"Bearer {front.key}"
    )
    assert status == 200, text


def test_pages_are_under_their_own_name(front: Front) -> None:
    status, text, _ = front.ask(
        "GET", "/p/default/first", authorization=f"Bearer {front.key}", sec_fetch_site="none"
    )
    assert status == 200
    assert f"https://{NAME}:{front.port}" in text
    origin = {"origin": f"https://{NAME}:{front.port}", "sec_fetch_site": "same-origin"}
    status, text, _ = front.ask(
        "POST", "/api/v1/sql", b'{"query": "SELECT 1 AS one"}', content_type="application/json",
        authorization=f"Bearer {front.key}", **origin,
    )  # fmt: skip
    assert status == 200, text


def test_forwarded_headers_open_nothing(front: Front) -> None:
    forged = {"x_forwarded_for": "127.0.0.1", "x_real_ip": "127.0.0.1", "forwarded": "for=127.0.0.1"}
    assert front.ask("GET", "/api/v1/traces", **forged)[0] == 401
