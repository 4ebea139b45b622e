"""A request that is too large for the server, or for a proxy before it, as two smaller ones."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.sdk.names import SEQUENCE
from sightline.sdk.packed import Packed, compressed

_SHAPES: dict[str, tuple[Callable[[], Any], str, str, str]] = {
    "traces": (ExportTraceServiceRequest, "resource_spans", "scope_spans", "spans"),
    "logs": (ExportLogsServiceRequest, "resource_logs", "scope_logs", "log_records"),
}


def halves(packed: Packed) -> tuple[Packed, Packed] | None:
    """The first and the second half of a request's items, each with its resource and scope.

    None where there is nothing to halve. Raises what protobuf and gzip raise for bytes that are not ours.
    """
    if packed.items < 2 or packed.signal not in _SHAPES:
        return None
    shape = _SHAPES[packed.signal]
    whole = shape[0]()
    whole.ParseFromString(gzip.decompress(packed.body))
    half = packed.items // 2
    return _part(packed, whole, shape, 0, half), _part(packed, whole, shape, half, packed.items)


def _part(
    packed: Packed, whole: Any, shape: tuple[Callable[[], Any], str, str, str], begin: int, end: int
) -> Packed:
    make, groups, scopes, items = shape
    made, at, numbers = make(), 0, []
    for group in getattr(whole, groups):
        new_group = None
        for scope in getattr(group, scopes):
            held = getattr(scope, items)
            taken = held[max(0, begin - at) : max(0, end - at)]
            at += len(held)
            if not taken:
                continue
            if new_group is None:
                new_group = getattr(made, groups).add(schema_url=group.schema_url)
                new_group.resource.CopyFrom(group.resource)
            new_scope = getattr(new_group, scopes).add(schema_url=scope.schema_url)
            new_scope.scope.CopyFrom(scope.scope)
            getattr(new_scope, items).extend(taken)
            numbers += [kv.value.int_value for one in taken for kv in one.attributes if kv.key == SEQUENCE]
    first, last = min(numbers, default=0), max(numbers, default=0)
    return Packed(packed.signal, end - begin, first, last, compressed(made.SerializeToString()), packed.own)
