"""The one tree of settings. Built once in the wiring; a component receives its own section.

Sizes are bytes, times are seconds unless the name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The HTTP port: OTLP/HTTP, the API and the pages."""

    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback needs keys (or `insecure`)."""
    port: int = 4318
    """TCP port; 0 takes a free one."""
    max_body: int = 64 * 2**20
    """Largest request body after decompression."""
    max_connections: int = 1000
    """Open connections beyond which new ones are answered 503."""
    header_timeout: float = 10.0
    """Longest time a sender may take for its request line and headers."""
    body_timeout: float = 30.0
    """Longest silence while a body is being sent, and longest whole body at four times this."""
    keep_alive: float = 75.0
    """How long an idle connection stays open."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose browsers may send OTLP; empty: none, `*`: any."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose `X-Forwarded-For` is believed when senders with a public key
    are counted by address; empty: nobody's."""
    allowed_hosts: tuple[str, ...] = ()
    """Names, besides loopback ones, under which browsers may reach a server without keys; `*`: any."""


@dataclass(frozen=True, slots=True)
class GrpcSettings:
    """The OTLP/gRPC port. Port 0 turns it off."""

    port: int = 4317
    """TCP port; 0 turns gRPC off."""


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """The durable log between the wire and the store."""

    segment_bytes: int = 64 * 2**20
    """Size at which a segment is closed and digested."""
    segment_age: float = 0.4
    """Age at which it is, however small, five times that while the digest is busy; it decides how soon data
    is visible."""
    max_backlog: int = 2 * 2**30
    """Undigested bytes beyond which senders are told to wait (429)."""
    min_free_disk: int = 256 * 2**20
    """Free disk below which nothing more is accepted (503)."""
    keep_digested: float = 24 * 3600.0
    """How long digested segments stay for a replay."""
    keep_digested_bytes: int = 2 * 2**30
    """How much of them, at most."""
    retry_window: float = 900.0
    """How long a byte-for-byte retry is recognised."""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where rows live. `url` empty: `chdb://` in the data directory."""

    url: str = ""
    """`chdb:///path`, `clickhouse://user@host:port`, or empty."""
    cluster: str = ""
    """Cluster of the server at `url` whose replicas all get the tables; empty: that server alone."""
    readers: int = 3
    """Queries that run side by side."""
    query_seconds: float = 30.0
    """Longest time one query may run."""
    query_memory: int = 1 * 2**30
    """Most memory one query may take."""
    query_rows: int = 10_000
    """Most rows one answer of the SQL endpoint may hold."""


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Small mutable state. `url` empty: SQLite in the data directory."""

    url: str = ""
    """`sqlite:///path`, `postgresql://user@host/name`, or empty."""


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """People who sign in to the pages."""

    session_idle: float = 3 * 86400.0
    """How long a browser stays signed in without being used."""
    session_longest: float = 30 * 86400.0
    """How long it stays signed in at most, however much it is used."""
    oidc_issuer: str = ""
    """OpenID Connect provider to sign in with, as it names itself: `https://id.example.com`; empty: none."""
    oidc_client_id: str = ""
    """What the provider calls this Sightline."""
    oidc_client_secret: str = ""
    """The secret it gave for that; better in the variable than in a file. Empty: none, PKCE alone."""
    oidc_domains: tuple[str, ...] = ()
    """Domains of e-mail addresses that may sign in through it; empty: any, of people added before."""
    oidc_role: str = ""
    """Role in project `default` for who comes for the first time; empty: only people added before come in."""
    oidc_label: str = "Sign in with OpenID"
    """Words on the button."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The API and SQL over ClickHouse's protocol. What senders send is not counted."""

    rate: int = 100
    """Requests a second of one key, person or address, on average; 0: any number."""
    burst: int = 1000
    """Requests that may come at once after a pause."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Sightline's own logs, on standard error."""

    level: str = "info"
    """Least important level that is logged."""
    format: str = "auto"
    """`json`, `console`, or `auto`: console on a terminal."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything. Precedence: flags, then `SIGHTLINE_…` variables, then the TOML file, then these
    defaults."""

    data: Path = Path("sightline-data")
    """The data directory: journal, store and control live in it."""
    role: str = "all"
    """Which parts of Sightline this process runs."""
    self_tracing: bool = False
    """Send Sightline's own traces to project `sightline`."""
    insecure: bool = False
    """Listen beyond loopback without keys, knowingly."""
    catalog_dir: str = ""
    """Folder whose `prices/` holds price files of one's own; empty: `catalog/` in the data directory."""
    http: HttpSettings = field(default_factory=HttpSettings)
    grpc: GrpcSettings = field(default_factory=GrpcSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    control: ControlSettings = field(default_factory=ControlSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    log: LogSettings = field(default_factory=LogSettings)
