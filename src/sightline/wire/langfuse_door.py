"""Where Langfuse's SDKs send scores: `POST /api/public/scores`, answered as they expect."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sightline.records.ingest import Signal
from sightline.settings import HttpSettings
from sightline.wire.answers import FAILURES, failure
from sightline.wire.bodies import Bodies
from sightline.wire.langfuse_scores import Refused, read
from sightline.wire.public_door import Authenticates
from sightline.wire.receiver import Receiver
from sightline.wire.refusals import BadRequest
from sightline.wire.score_events import request as as_log_records

LANGFUSE_SCORES = "/api/public/scores"
SOURCE = "langfuse"
_MOST = 2**20


class LangfuseScores:
    """The endpoint. Scores become the log records that ours are, and go the same way."""

    def __init__(self, receiver: Receiver, gate: Authenticates, settings: HttpSettings) -> None:
        self.receiver, self.gate = receiver, gate
        self.bodies = Bodies(settings.body_timeout)

    async def serve(self, request: Request) -> Response:
        """202 when all are kept, 207 when some are, with the reason for each of the others."""
        try:
            kept, refused = await self._kept(request)
        except FAILURES as error:
            self.receiver.refused(Signal.LOGS, SOURCE, error)
            answer = failure(error)
            headers = {} if answer.retry_after is None else {"retry-after": str(answer.retry_after)}
            return _json(answer.status, {"error": "not kept", "message": answer.message}, headers)
        if not refused:
            return _json(202, {"message": "Accepted"}, {})
        errors = [{"id": one.id, "status": 400, "message": one.why} for one in refused]
        return _json(207, {"accepted": kept, "rejected": len(errors), "errors": errors[:100]}, {})

    async def _kept(self, request: Request) -> tuple[int, tuple[Refused, ...]]:
        principal = self.gate.authenticate(request.headers)
        with self.receiver.in_flight.hold() as take:
            body = await self.bodies.read(request, take, _MOST)
            try:
                scores, refused = read(body, principal.project, self.receiver.clock())
            except ValueError as error:
                raise BadRequest(str(error)) from error
            payload = as_log_records(scores).SerializeToString()
            outcome = await self.receiver.accept(principal, Signal.LOGS, payload, "protobuf", SOURCE)
        wrong = (Refused("", outcome.message),) * outcome.rejected
        return len(scores) - outcome.rejected, (*refused, *wrong)


def _json(status: int, body: object, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")
