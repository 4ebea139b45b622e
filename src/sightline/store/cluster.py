"""A cluster of ClickHouse servers: whether the store can be on it, before anything is made there.

Replicas are used, shards are not: no table of Sightline is distributed yet.
"""

from __future__ import annotations

import re

from sightline.store.rows import SchemaMismatch, StoreError
from sightline.store.store import DATABASE, Connection

STEPS = f"{DATABASE}.schema_steps"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_WINDOW = re.compile(r"\bnon_replicated_deduplication_window = (\d+)")
# A server counts tokens of replicated tables, and also forgets them after an hour unless told otherwise; the
# journal may offer a segment again after days.
_TOKENS_SECONDS = 7 * 86_400


def cluster_name(name: str) -> str:
    """The name, or empty for none. Raises StoreError for one that no cluster can have."""
    if name and not _NAME.fullmatch(name):
        raise StoreError(
            f"store.cluster is {name!r}: expected letters, digits, _ and -, as the server lists it in"
            " system.clusters"
        )
    return name


def for_cluster(text: str, cluster: str) -> str:
    """A schema statement with its places filled, for one server or for a cluster."""
    on_cluster = f"ON CLUSTER '{cluster}'" if cluster_name(cluster) else ""
    text = text.replace("{on_cluster}", on_cluster).replace("{cluster}", cluster)
    text = text.replace("{replicated}", "Replicated" if cluster else "")
    if cluster:
        window = "replicated_deduplication_window"
        text = _WINDOW.sub(rf"{window} = \1, {window}_seconds = {_TOKENS_SECONDS}", text)
    return text


def embedded_refusal(cluster: str, embedded: bool) -> str | None:
    """Why a store cannot be on this cluster, as a sentence with what to do; None when it can."""
    if not cluster or not embedded:
        return None
    return (
        f"store.cluster is {cluster!r}, but the store is the embedded one, which is in no cluster. Set"
        " store.url to a server of the cluster, clickhouse://user:password@host:8123, or leave store.cluster"
        " empty."
    )


def check_cluster(connection: Connection, cluster: str) -> None:
    """Raises StoreError for a cluster that the server does not know or that has several shards, and
    SchemaMismatch when the store there was made for one server, or the other way round."""
    refused = embedded_refusal(cluster_name(cluster), connection.embedded)
    if refused:
        raise StoreError(refused)
    if cluster:
        _check_shards(connection, cluster)
    engine = connection.query(
        "SELECT engine FROM system.tables WHERE concat(database, '.', name) = {t:String}", {"t": STEPS}
    ).scalar()
    if engine is None:
        return
    replicated = str(engine).startswith("Replicated")
    if cluster and not replicated:
        raise SchemaMismatch(
            f"store.cluster is {cluster!r}, but the store on this server was made without a cluster: its"
            " tables are of this server alone. Leave store.cluster empty, or begin with an empty database and"
            " send or copy the rows again."
        )
    if replicated and not cluster:
        raise SchemaMismatch(
            "the store on this server was made for a cluster, but store.cluster is empty: a change would be"
            " made on this server alone. Set store.cluster to the name it was made with."
        )
    if cluster:
        # Another process may have brought another replica up a moment ago.
        connection.command(f"SYSTEM SYNC REPLICA {STEPS}")


def _check_shards(connection: Connection, cluster: str) -> None:
    found = connection.query(
        "SELECT cluster, uniqExact(shard_num) FROM system.clusters GROUP BY cluster"
    ).rows
    shards = {str(name): int(count) for name, count in found}
    if cluster not in shards:
        known = ", ".join(sorted(shards)) or "none at all"
        raise StoreError(
            f"store.cluster is {cluster!r}, which the server does not know; it lists {known} in"
            " system.clusters. Correct the name, or add the cluster to the server's remote_servers."
        )
    if shards[cluster] > 1:
        raise StoreError(
            f"store.cluster is {cluster!r}, which has {shards[cluster]} shards: rows on one would not be seen"
            " from another. Name a cluster of one shard with as many replicas as you like."
        )
