"""The wiring: builds every part from the settings, starts and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal as signals
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sightline.api.clickhouse import routes as clickhouse_routes
from sightline.api.limits import RateLimits
from sightline.api.middleware import stack as request_log
from sightline.api.problems import Problem
from sightline.api.rights import undeclared
from sightline.api.routes import routes as api_routes
from sightline.api.services import ApiServices
from sightline.catalog.conventions import conventions
from sightline.catalog.own_prices import load_own_prices, own_price
from sightline.catalog.prices import PriceBook
from sightline.control.control import Control
from sightline.control.exposure import exposure_error, is_loopback
from sightline.control.gate import Gate
from sightline.digest.digester import Digester
from sightline.digest.environments import EnvironmentFinder
from sightline.digest.heads import HeadFiller
from sightline.digest.merges import Merges
from sightline.digest.policy import Policy
from sightline.digest.signals import SignalDigests, write_probe
from sightline.journal.disk import Disk
from sightline.journal.imports import Imports
from sightline.journal.journal import Journal
from sightline.operations.backup import Sources, backup_service
from sightline.operations.health import Check, failing, health_routes
from sightline.operations.metrics import journal_gauges, metrics_route
from sightline.operations.selftrace import PROJECT as SELF_PROJECT
from sightline.operations.selftrace import SelfTracing
from sightline.pages.intake import IntakeMeter
from sightline.pages.openid import OpenIdError
from sightline.pages.routes import not_found
from sightline.pages.routes import routes as page_routes
from sightline.pages.services import Intake, Running
from sightline.query.exports import Exports
from sightline.query.hour_keeper import HourKeeper
from sightline.query.scrape_keeper import ScrapeKeeper
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.query.sql_stream import SqlStreams
from sightline.roles import Part, role
from sightline.settings import Settings
from sightline.store.cluster import embedded_refusal
from sightline.store.schema import migrate
from sightline.store.store import Store, embedded_url
from sightline.store.tokens import forget_lost_inserts
from sightline.wire.grpc import GrpcServer
from sightline.wire.http import routes as wire_routes
from sightline.wire.receiver import Receiver
from sightline.wire.server import HttpServer

log = structlog.get_logger()

# SIGTERM must end in exit 0 within 10 s: what is durable waits in the journal for the next start.
_DRAIN_SECONDS = 6.0


class CannotStart(Exception):
    """Why the server cannot start, in one sentence with what to do."""


@dataclass
class Services:
    """The parts of one running server, as API and pages see them."""

    settings: Settings
    clock: Callable[[], int]
    control: Control
    gate: Gate
    store: Store
    journal: Journal
    receiver: Receiver
    digester: Digester | None
    meter: IntakeMeter
    prices: PriceKeeper
    tracing: SelfTracing
    api: ApiServices
    since: int
    checks: dict[str, Check] = field(default_factory=dict)

    @property
    def sql(self) -> SqlEndpoint:
        """What answers users' own SQL."""
        return self.api.sql

    @property
    def intake(self) -> Callable[[], Intake]:
        """What arrives now."""
        return lambda: replace(self.meter(), quarantined=self.journal.stats().quarantined)

    @property
    def scrapes(self) -> ScrapeKeeper | None:
        """What counts for projects' own Prometheus."""
        return self.api.scrapes

    @property
    def running(self) -> Running:
        """This process, and how its checks stand."""

        async def checks() -> Mapping[str, str]:
            reasons = await failing(self.checks)
            return {name: reasons.get(name, "") for name in self.checks}

        return Running(self.since, self.settings.role, checks)

    @property
    def projects(self) -> Callable[[], Sequence[str]]:
        """Names of all projects."""
        return lambda: [project.name for project in self.control.projects()]


class PriceKeeper:
    """The price book in force; made anew when one's own prices change."""

    def __init__(self, control: Control, settings: Settings) -> None:
        self._control, self._settings = control, settings
        self._book = self._made()

    def __call__(self) -> PriceBook:
        """The book in force."""
        return self._book

    def renew(self) -> None:
        """Read one's own prices again."""
        self._book = self._made()

    def _made(self) -> PriceBook:
        folder = self._settings.data / "catalog"
        if self._settings.catalog_dir:
            folder = type(self._settings.data)(self._settings.catalog_dir)
        own = load_own_prices(folder / "prices") if (folder / "prices").is_dir() else []
        entered = [
            own_price(entry.as_file_entry(), f"price {entry.version}", entry.project)
            for entry in self._control.prices()
        ]
        return PriceBook(own=[*own, *entered])


class PolicyKeeper:
    """Retention of projects, asked at most once a minute for each."""

    def __init__(self, control: Control, clock: Callable[[], int]) -> None:
        self._control, self._clock = control, clock
        self._known: dict[str, tuple[int, Policy]] = {}

    def __call__(self, name: str) -> Policy:
        """The policy of a project, the default project's for one that is gone."""
        known = self._known.get(name)
        if known and self._clock() - known[0] < 60 * 10**9:
            return known[1]
        project = self._control.project(name)
        policy = Policy(project.retention_days, project.content_days) if project else Policy(30, 30)
        self._known[name] = (self._clock(), policy)
        return policy


@contextlib.asynccontextmanager
async def services(settings: Settings, clock: Callable[[], int] = time.time_ns) -> AsyncIterator[Services]:
    """Every part, started; stopped in order at the end. Raises `CannotStart` or the part's own error."""
    Disk().make_folder(settings.data)
    url = settings.store.url or embedded_url(settings.data)
    try:
        parts = role(settings.role, url.startswith("chdb:")).parts
    except ValueError as error:
        raise CannotStart(str(error)) from error
    alone = embedded_refusal(settings.store.cluster, url.startswith("chdb:"))
    if alone:
        raise CannotStart(alone)
    async with contextlib.AsyncExitStack() as stack:
        journal = Journal(settings.data / "journal", settings.journal, clock)
        await journal.start()
        stack.push_async_callback(journal.close)
        control_url = settings.control.url or f"sqlite:///{(settings.data / 'control.db').absolute()}"
        control = Control(control_url)
        stack.callback(control.close)
        control.migrate()
        refused = exposure_error(
            settings.http.host, control.has_keys() or control.has_people(), settings.insecure
        )
        if refused:
            raise CannotStart(refused)
        gate = Gate(
            control, is_loopback(settings.http.host), insecure=settings.insecure,
            bind_host=settings.http.host, hosts=settings.http.allowed_hosts,
            origins=settings.http.cors_origins, session_idle=settings.auth.session_idle,
        )  # fmt: skip
        stack.callback(gate.close)
        if url == embedded_url(settings.data):  # the journal's lock says that nobody has it open
            for lost in await asyncio.to_thread(forget_lost_inserts, settings.data / "store"):
                log.info("insert was not finished, its segment comes again", part=lost.part)
        store = Store(url, settings.store)
        stack.callback(store.close)
        with contextlib.closing(store.writer()) as writer:
            migrate(writer, cluster=settings.store.cluster)
        prices = PriceKeeper(control, settings)
        sql = SqlEndpoint(store, settings.store)
        await asyncio.to_thread(sql.open)
        stack.callback(sql.close)
        streams = SqlStreams(store, settings.store)
        await asyncio.to_thread(streams.open)
        stack.callback(streams.close)
        exports = Exports(store, settings.store, sql.relations)
        stack.callback(exports.close)
        tracing = SelfTracing(journal.append, enabled=settings.self_tracing, loop=asyncio.get_running_loop())
        stack.push_async_callback(tracing.close)
        digester = None
        if Part.DIGEST in parts:
            digests = SignalDigests(store, conventions(), prices, PolicyKeeper(control, clock), clock)
            finder = EnvironmentFinder(store, control, clock)
            digester = Digester(
                journal, digests, clock, write_probe(store), around=tracing.digest_pass, stored=finder.stored,
                pace=Merges(store) if store.embedded else None, close=digests.close,
            )  # fmt: skip
            digester.start()
            stack.callback(digester.stop, _DRAIN_SECONDS)
            finder.start()
            stack.callback(finder.stop)
            older = HeadFiller(store, digester.hold)
            older.start()
            stack.callback(older.stop)
            hours = HourKeeper(store, clock, lambda: older.done)
            hours.start()
            stack.callback(hours.stop)
        if settings.self_tracing and control.project(SELF_PROJECT) is None:
            control.create_project(SELF_PROJECT)
        hold = digester.hold if digester else contextlib.nullcontext
        kept = Sources(settings.data, store, settings.data / "journal", control_url, settings, hold)
        api = ApiServices(
            store, sql, control, gate, journal,
            backup=backup_service(kept, lambda text: Problem(409, text)), prices_changed=prices.renew,
            streams=streams, scrapes=ScrapeKeeper(store, control, clock),
            exports=exports, clock=clock, limits=RateLimits(settings.api, clock),
        )  # fmt: skip
        imports = Imports(journal.append, settings.data / "imports.db")
        stack.callback(imports.close)
        receiver = Receiver(imports, clock)
        yield Services(
            settings=settings, clock=clock, control=control, gate=gate, store=store, journal=journal,
            receiver=receiver, digester=digester, prices=prices, tracing=tracing, api=api, since=clock(),
            meter=IntakeMeter(clock, lambda: (receiver.last_refusal, receiver.last_outcome)),
        )  # fmt: skip


def application(parts: Services) -> ASGIApp:
    """The ASGI application of a running server."""
    settings = parts.settings
    chosen = role(settings.role, parts.store.embedded).parts

    async def store_answers() -> str | None:
        await parts.store.fetch("SELECT 1", purpose="health")
        return None

    async def digest_runs() -> str | None:
        return parts.digester.failure if parts.digester else None

    async def journal_accepts() -> str | None:
        return await asyncio.to_thread(parts.journal.refusal)

    checks: dict[str, Check] = parts.checks
    checks |= {"journal": journal_accepts, "store": store_answers, "digest": digest_runs}
    routes: list[BaseRoute] = [*health_routes(checks), metrics_route([journal_gauges(parts.journal.stats)])]
    if Part.RECEIVE in chosen:
        routes += wire_routes(parts.receiver, parts.gate, settings.http)
    if Part.SERVE in chosen:
        try:
            routes += [
                *api_routes(parts.api),
                *clickhouse_routes(parts.api),
                *page_routes(parts),
                not_found(parts),
            ]
        except OpenIdError as error:
            raise CannotStart(str(error)) from error
    unknown = undeclared(routes)
    if unknown:
        raise LookupError(
            f"Nobody said who may use {', '.join(unknown)}: add it to RIGHTS of sightline.api.rights"
        )
    middleware = request_log(lambda: uuid.uuid4().hex[:16])
    return parts.tracing.middleware(Starlette(routes=routes, middleware=middleware))


async def serve(settings: Settings, started: Callable[[str], Any] = lambda _: None) -> None:
    """Run the server until SIGTERM or SIGINT; `started` is told the address once it answers."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signals.SIGTERM, signals.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with services(settings) as parts:
        http = HttpServer(application(parts), settings.http, grace=2)
        await http.start()
        # What was made at start stays for good: the collector need not look at it at each pass.
        gc.collect()
        gc.freeze()
        grpc = GrpcServer(parts.receiver, parts.gate, settings)
        try:
            await grpc.start()
            address = f"http://{settings.http.host}:{http.port}"
            log.info(
                "serving", http=address, grpc=settings.grpc.port, data=str(settings.data), role=settings.role
            )
            started(address)
            ended = asyncio.create_task(http.wait())
            asked = asyncio.create_task(stop.wait())
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            log.info("stopping")
        finally:
            await asyncio.gather(http.stop(), grpc.stop(2.0))
