"""Authorities, certificates and keys for tests, made with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path


def openssl(*arguments: object) -> None:
    """Run it; raises with its exit code where it fails."""
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(folder: Path, name: str) -> None:
    """`<name>.pem` and `<name>.key`, signed by itself."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-days", "2",
            "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip


def make_certificate(folder: Path, name: str, authority: str) -> None:
    """`<name>.pem` for 127.0.0.1 and `<name>.key`, signed by an authority of the same folder."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr",
            "-subj", f"/CN={name}")  # fmt: skip
    (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n")
    openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{authority}.pem",
            "-CAkey", folder / f"{authority}.key", "-CAcreateserial", "-days", "2",
            "-extfile", folder / "extensions", "-out", folder / f"{name}.pem")  # fmt: skip


def lock(folder: Path, name: str, locked: str) -> None:
    """A copy of a key that has a password."""
    openssl("ec", "-in", folder / f"{name}.key", "-aes128", "-passout", "pass:secret",
            "-out", folder / f"{locked}.key")  # fmt: skip
