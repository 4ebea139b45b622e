"""How the server is known, and how it knows the program: certificates that were named, else the system's."""

from __future__ import annotations

import ssl
from pathlib import Path

from sightline.sdk.warnings_once import warn_once


def tls_context(trusted: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """What connections are made with. Never raises for a file: it is named in a warning, and left out.

    `trusted`: PEM certificates that the server's is checked against, instead of the system's. `certificate`,
    `key`: of the program, where the server asks for one; the key may stand in the certificate's file.
    """
    context = _trusting(trusted)
    if certificate is not None:
        try:
            # Where none is given OpenSSL asks for a password in the terminal, and waits.
            context.load_cert_chain(certificate, key, password="")
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            files = f"{certificate} with {key}" if key else str(certificate)
            warn_once(
                "client certificate",
                f"sightline: {files} cannot be used as the program's certificate ({_why(error)}); going on "
                "without. Expected PEM files that belong together, the key without a password: "
                "SIGHTLINE_CLIENT_CERTIFICATE and SIGHTLINE_CLIENT_KEY, or init()'s options.",
            )
    return context


def _trusting(trusted: Path | None) -> ssl.SSLContext:
    if trusted is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=str(trusted))
    except (OSError, ValueError) as error:
        warn_once(
            "certificate",
            f"sightline: {trusted} cannot be used to check the server's certificate ({_why(error)}); going "
            "on with the certificates of the system. Expected PEM certificates: SIGHTLINE_CERTIFICATE, or "
            "init(certificate=…).",
        )
        return ssl.create_default_context()
    # Whoever names the server's own certificate, and not its authority's, trusts just that.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _why(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)[:200]
