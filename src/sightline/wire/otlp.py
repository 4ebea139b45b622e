"""OTLP validation: one C-level parse, and the sender's own bytes back when nothing was wrong.

Bodies above CHUNK are checked in pieces, so that what hostile bytes decode to is bounded as well. Anything
wrong takes the slow path: the request is split without decoding records, each record is looked at alone, and
what is refused is reported as a partial success.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import is_
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from sightline.records.ingest import Signal
from sightline.wire import checks, faults
from sightline.wire.checks import MAX_ATTRIBUTES, Fault
from sightline.wire.refusals import BadRequest
from sightline.wire.shapes import (
    HEADS,
    SHAPES,
    Shape,
    UndecodedPart,
    UndecodedRecord,
    UndecodedRequest,
    wrapped,
)

CHUNK = 2 * 2**20
MAX_RECORD = 16 * 2**20
MAX_RECORDS = 1_000_000
MAX_PARTS = 100_000
"""Most groups, and most scopes in one group."""
_MAX_HEAD = 2**20
_LOCATED = 3  # records whose broken field is searched for; the others only count
_CLOSER_LOOK = 2**20  # records above this have their attributes counted before they are decoded


@dataclass(frozen=True, slots=True)
class Checked:
    """A valid request: `payload` is the sender's bytes, or what is left of them when records were refused.

    `items` and `rejected` count spans, log records or data points; `message` explains what was refused or
    changed and is empty when nothing was; `reasons` counts the refused by label.
    """

    payload: bytes
    items: int
    rejected: int = 0
    message: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict)


def validate(body: bytes, signal: Signal, now: int) -> Checked:
    """Check an encoded Export…ServiceRequest; `now` is nanoseconds since the epoch.

    Raises BadRequest when the bytes are no such request, or when no record in them could be read.
    """
    shape = SHAPES[signal]
    latest = now + checks.AHEAD
    if len(body) <= CHUNK:
        good = _good(body, shape, latest)
        if good is not None:
            return Checked(good[1], good[0])
    return _Splitting(body, shape, latest).result()


def _good(body: bytes, shape: Shape, latest: int) -> tuple[int, bytes] | None:
    """Items in the request and its bytes, None when it does not parse or anything in it is wrong.

    The bytes are `body` itself, or encoded anew without the fields that its messages do not know.
    """
    try:
        request = shape.request.FromString(body)
    except DecodeError:
        return None
    total = 0
    unknown = len(UnknownFieldSet(request)) > 0
    for group in shape.groups(request):
        unknown = unknown or _any_unknown(group, group.resource)
        if len(group.resource.attributes) > MAX_ATTRIBUTES:
            return None
        for scope in shape.scopes(group):
            if len(scope.scope.attributes) > MAX_ATTRIBUTES:
                return None
            records = list(shape.records(scope))
            items = checks.count_good(shape.signal, records, latest)
            if items is None:
                return None
            total += items
            unknown = unknown or _any_unknown(scope, scope.scope) or checks.has_unknown(shape.signal, records)
    if unknown:
        request.DiscardUnknownFields()
        body = bytes(request.SerializeToString())
    return total, body


def _any_unknown(*messages: Any) -> bool:
    return any(map(len, map(UnknownFieldSet, messages)))


class _Splitting:
    """The slow path over one request: what is kept, what is refused, what was changed."""

    def __init__(self, body: bytes, shape: Shape, latest: int) -> None:
        self.body = body
        self.shape = shape
        self.latest = latest
        self.items = 0
        self.records = 0
        self.changed = False
        self.refused: dict[str, int] = {}
        self.examples: dict[str, str] = {}
        self.notes: list[str] = []
        self.located = 0

    def result(self) -> Checked:
        """Walk the request; raises BadRequest when nothing of it can be used."""
        request = self._undecoded(UndecodedRequest, self.body, "")
        self._bound(len(request.groups), MAX_PARTS, "groups")
        groups = list(request.groups)
        kept = [self._group(group, index) for index, group in enumerate(groups)]
        rejected = sum(self.refused.values())
        if rejected and not self.items:
            self._nothing_left(rejected)
        payload = self.body
        if self.changed:
            request = UndecodedRequest(groups=kept)
            payload = bytes(request.SerializeToString())
        return Checked(payload, self.items, rejected, self._message(rejected), self.refused)

    def _group(self, data: bytes, index: int) -> bytes:
        name = self.shape.path.split("[", 1)[0]
        part = self._undecoded(UndecodedPart, data, f"{name}[{index}]")
        self._bound(len(part.children), MAX_PARTS, f"scopes in {name}[{index}]")
        head = self._head(part.head, "resource", f"{name}[{index}].resource")
        before = list(part.children)
        scopes = [self._scope(scope, index, number) for number, scope in enumerate(before)]
        return self._rebuilt(part, data, head, before, scopes)

    def _scope(self, data: bytes, group: int, index: int) -> bytes:
        place = self.shape.path.format(group, index, 0).rsplit(".", 1)[0]
        part = self._undecoded(UndecodedPart, data, place)
        self.records += len(part.children)
        self._bound(self.records, MAX_RECORDS, "records")
        records = list(part.children)
        head = self._head(part.head, "scope", f"{place}.scope")
        kept: list[bytes] = []
        number = 0
        for chunk in _chunks(records):
            whole = b"" if len(chunk[0]) > CHUNK else wrapped(chunk)
            good = _good(whole, self.shape, self.latest) if whole else None
            if good is not None and good[1] is whole:
                self.items += good[0]
                kept += chunk
            else:
                for offset, record in enumerate(chunk):
                    kept += self._record(record, (group, index, number + offset))
            number += len(chunk)
        return self._rebuilt(part, data, head, records, kept)

    def _rebuilt(self, part: Any, data: bytes, head: bytes, before: list[bytes], after: list[bytes]) -> bytes:
        part.DiscardUnknownFields()
        try:
            part.schema_url.decode()
        except UnicodeDecodeError:
            part.ClearField("schema_url")
        if (
            head == part.head
            and part.ByteSize() == len(data)
            and len(before) == len(after)
            and all(map(is_, before, after))
        ):
            return data
        self.changed = True
        if head != part.head:
            part.head = head
        del part.children[:]
        part.children.extend(after)
        return bytes(part.SerializeToString())

    def _record(self, data: bytes, place: tuple[int, int, int]) -> list[bytes]:
        """The record as it is kept: itself, less (a metric without its bad points), or nothing."""
        if len(data) > MAX_RECORD:
            self._refuse(Fault("too_large", f"{len(data)} bytes, at most {MAX_RECORD} are taken"), place)
            return []
        if len(data) > _CLOSER_LOOK and self.shape.signal is not Signal.METRICS:
            fault = _crowded(data)
            if fault:
                self._refuse(fault, place)
                return []
        try:
            request = self.shape.request.FromString(wrapped([data]))
        except DecodeError:
            self._refuse(self._malformed(data), place)
            return []
        record = self.shape.records(self.shape.scopes(self.shape.groups(request)[0])[0])[0]
        if self.shape.signal is Signal.METRICS:
            return self._metric(record, data, place)
        check = checks.span_fault if self.shape.signal is Signal.TRACES else checks.log_fault
        found = check(record, self.latest)
        if found:
            self._refuse(found, place)
            return []
        self.items += 1
        return [_known(record, data)]

    def _metric(self, metric: Any, data: bytes, place: tuple[int, int, int]) -> list[bytes]:
        points = checks.points_of(metric)
        before = len(points)
        good = []
        for number, point in enumerate(points):
            fault = checks.point_fault(point, self.latest)
            if fault:
                self._refuse(fault, place, f".data_points[{number}] of {metric.name[:80]!r}")
            else:
                good.append(point)
        self.items += len(good)
        if len(good) == before:
            return [_known(metric, data)]
        if not good:
            return []
        del points[:]
        points.extend(good)
        return [_known(metric, data)]

    def _head(self, data: bytes, kind: str, place: str) -> bytes:
        """A resource or scope without what cannot be read of it: its records are not lost with that."""
        if not data or (len(data) <= _MAX_HEAD and self._head_good(data, kind)):
            return _known(HEADS[kind].FromString(data), data)
        kept: list[bytes] = []
        size = 0
        what = f"more than {MAX_ATTRIBUTES} attributes or {_MAX_HEAD} bytes"
        try:
            for _, _, begin, _, end in faults.fields(data, 0, len(data)):
                if len(kept) == MAX_ATTRIBUTES or size + end - begin > _MAX_HEAD:
                    break
                if self._head_good(data[begin:end], kind):
                    kept.append(data[begin:end])
                    size += end - begin
                else:
                    what = faults.locate(data[begin:end], HEADS[kind].DESCRIPTOR, kind, 2)
        except faults.Broken as error:
            what = f"byte {error.at}: {error}"
        if len(self.notes) < _LOCATED:
            self.notes.append(f"{place} was stored without what could not be read of it ({what}).")
        return _known(HEADS[kind].FromString(b"".join(kept)), b"")

    def _head_good(self, data: bytes, kind: str) -> bool:
        try:
            request = self.shape.request.FromString(wrapped([], **{kind: data}))
        except DecodeError:
            return False
        group = self.shape.groups(request)[0]
        head = group.resource if kind == "resource" else self.shape.scopes(group)[0].scope
        return len(head.attributes) <= MAX_ATTRIBUTES

    def _malformed(self, data: bytes) -> Fault:
        self.located += 1
        if self.located > _LOCATED:
            return Fault("malformed", "")
        return Fault("malformed", faults.locate(data, self.shape.record.DESCRIPTOR, depth=3))

    def _refuse(self, fault: Fault, place: tuple[int, int, int], inner: str = "") -> None:
        self.refused[fault.reason] = self.refused.get(fault.reason, 0) + 1
        if fault.reason not in self.examples:
            self.examples[fault.reason] = f"{fault.what} (in {self.shape.path.format(*place)}{inner})"

    def _message(self, rejected: int) -> str:
        parts = []
        if rejected:
            parts.append(f"{rejected} of {rejected + self.items} {self.shape.nouns} refused.")
            parts += [f"{count}: {self.examples[reason]}." for reason, count in self.refused.items()]
        return " ".join(parts + self.notes)

    def _nothing_left(self, rejected: int) -> None:
        """Refuse the whole request when it is of another kind or cannot be read, and say so."""
        other = belongs_elsewhere(self.body, self.shape.signal, self.latest)
        if other:
            raise BadRequest(
                f"this is no {self.shape.signal.value} request: it reads as {SHAPES[other].nouns}; "
                f"post it to /v1/{other.value}. {self._message(rejected)}"
            )
        if self.shape.signal is Signal.TRACES and self.refused.keys() <= {"bad_id", "malformed"}:
            raise BadRequest(
                f"no span has usable ids; log records belong to /v1/logs. {self._message(rejected)}"
            )
        if self.refused.keys() == {"malformed"}:
            raise BadRequest(self._message(rejected))

    def _undecoded(self, message: Any, data: bytes, place: str) -> Any:
        try:
            return message.FromString(data)
        except DecodeError:
            what = faults.locate(data, message.DESCRIPTOR, place or self.shape.request.DESCRIPTOR.name)
            raise BadRequest(
                f"the body is no OTLP {self.shape.signal.value} request in protobuf: {what}"
            ) from None

    def _bound(self, count: int, most: int, what: str) -> None:
        if count > most:
            raise BadRequest(
                f"the request holds {count} {what}, at most {most} are taken; send smaller batches"
            )


def _chunks(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Runs of records of at most CHUNK bytes together; a larger record stands alone."""
    ends = list(accumulate(map(len, records)))
    start = 0
    while start < len(records):
        before = ends[start - 1] if start else 0
        stop = max(bisect_right(ends, before + CHUNK), start + 1)
        yield records[start:stop]
        start = stop


def _known(message: Any, data: bytes) -> bytes:
    """The message without fields it does not know: `data` itself when that is what it holds."""
    message.DiscardUnknownFields()
    encoded = bytes(message.SerializeToString())
    return data if len(encoded) == len(data) else encoded


def _crowded(data: bytes) -> Fault | None:
    """Too many attributes, counted before they are decoded; broken framing is left to the parser."""
    try:
        record = UndecodedRecord.FromString(data)
    except DecodeError:
        return None
    count = max(len(record.span_attributes), len(record.log_attributes))
    return checks.attributes_fault(count) if count > MAX_ATTRIBUTES else None


def belongs_elsewhere(body: bytes, signal: Signal, latest: int) -> Signal | None:
    """The signal this body is a valid, non-empty request of, when it is not `signal`."""
    if len(body) > CHUNK:
        return None
    for other, shape in SHAPES.items():
        good = _good(body, shape, latest) if other is not signal else None
        if good is not None and good[0]:
            return other
    return None
