"""The digests of all signals on one pair of connections, made in the digesting thread."""

from __future__ import annotations

from collections.abc import Callable

from sightline.catalog.conventions import Catalog
from sightline.digest.digester import SignalDigest
from sightline.digest.log_digest import LogDigest
from sightline.digest.metric_digest import MetricDigest
from sightline.digest.policy import Policies
from sightline.digest.pricing import Prices
from sightline.digest.score_pass import Waiting
from sightline.digest.span_digest import SpanDigest
from sightline.digest.staging import SCRATCH, Staging
from sightline.digest.target import Target
from sightline.records.ingest import Signal
from sightline.store.store import DATABASE, DIGEST_AFTER, Connection, Store

# The generated statements are long and each is new: compiling expressions costs more than it saves.
_SETTINGS = {
    "compile_expressions": 0,
    **DIGEST_AFTER,
    "max_query_size": 64 << 20,
    "max_ast_elements": 2_000_000,
    "max_expanded_ast_elements": 4_000_000,
    "max_parser_backtracks": 0,
}


def write_probe(store: Store) -> Callable[[], None]:
    """A function that writes a row which expires at once, and raises StoreError when the store does not take
    it."""

    def probe() -> None:
        connection = store.writer()
        try:
            connection.command(
                f"INSERT INTO {DATABASE}.content (project, hash, body, expires) SELECT '', '', '',"
                " toDate('2000-01-01')"
            )
        finally:
            connection.close()

    return probe


class SignalDigests:
    """Opens connections and makes the digests; called again after a failure. For the digesting thread."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        prices: Callable[[], Prices],
        policies: Policies,
        clock: Callable[[], int],
    ) -> None:
        self._store, self._catalog = store, catalog
        self._prices, self._policies, self._clock = prices, policies, clock
        self._opened: list[Connection] = []

    def close(self) -> None:
        """Close what was opened; no digest of before works any more."""
        while self._opened:
            self._opened.pop().close()

    def __call__(self) -> dict[Signal, SignalDigest]:
        """The digests, on fresh connections."""
        self.close()
        store, catalog, policies, clock = self._store, self._catalog, self._policies, self._clock
        local = store.writer(**_SETTINGS) if store.embedded else Connection("chdb://", _SETTINGS)
        self._opened.append(local)
        # What a killed process left in its folders would stand in the way of tables of the same names.
        local.command(f"DROP DATABASE IF EXISTS {SCRATCH} SYNC")
        remote = local if store.embedded else store.writer()
        if remote is not local:
            self._opened.append(remote)
        beside = store.writer(**_SETTINGS) if store.embedded else None
        if beside is not None:
            self._opened.append(beside)
        target = Target(local, remote)
        staging, waiting = Staging(local, 0), Waiting()
        return {
            Signal.TRACES: SpanDigest(
                local, target, staging, catalog, self._prices, policies, clock, beside=beside, waiting=waiting
            ),
            Signal.LOGS: LogDigest(local, target, staging, catalog, policies, clock, waiting=waiting),
            Signal.METRICS: MetricDigest(local, target, staging, catalog, policies, clock),
        }
