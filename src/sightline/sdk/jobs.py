"""Background jobs: one trace for each run, going on with that of whoever asked for it."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, TypeVar, overload

from sightline.sdk.carrying import extract, inject
from sightline.sdk.context import attributes_of, context
from sightline.sdk.spans import Span, span
from sightline.sdk.start import flush as flush_all
from sightline.sdk.warnings_once import warn_once

F = TypeVar("F", bound=Callable[..., Any])
HEADERS = "job_headers"
CONTEXT = "sightline-context"
ATTEMPT = "sightline.job.attempt"
FLUSH_SECONDS = 2.0
_MOST_CHARS = 4_000


@overload
def job(function: F) -> F: ...
@overload
def job(
    *, name: str | None = None, flush: bool = True, attempt: Callable[[], int | None] | None = None
) -> Callable[[F], F]: ...
def job(
    function: Any = None,
    *,
    name: str | None = None,
    flush: bool = True,
    attempt: Callable[[], int | None] | None = None,
) -> Any:
    """One span for each run of a function, a root where nothing is current, sent before the function returns.

    `flush`: wait at the end, at most two seconds, until what was made is sent or safe on disk; for workers
    that are frozen or ended then. `attempt`: says how often this run was tried, from 1. The keyword
    `job_headers` (from `sightline.job_headers()`, where the job was asked for) is taken out of the
    call: the run goes on with that trace and context.

        >>> import sightline
        >>> @sightline.job
        ... def double(n):
        ...     return 2 * n
        >>> double(4, job_headers=sightline.job_headers())
        8
    """
    if function is None:
        return lambda given: _job(given, name, flush, attempt)
    return _job(function, name, flush, attempt)


def _job(
    function: Callable[..., Any], name: str | None, flush: bool, attempt: Callable[[], int | None] | None
) -> Any:
    called = name or getattr(function, "__qualname__", None) or "job"
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def run_later(*args: Any, **kwargs: Any) -> Any:
            try:
                with _run(called, kwargs, attempt):
                    return await function(*args, **kwargs)
            finally:
                if flush:
                    await asyncio.to_thread(flush_all, FLUSH_SECONDS)

        return run_later

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with _run(called, kwargs, attempt):
                return function(*args, **kwargs)
        finally:
            if flush:
                flush_all(FLUSH_SECONDS)

    return run


@contextmanager
def _run(
    name: str, kwargs: MutableMapping[str, Any], attempt: Callable[[], int | None] | None
) -> Iterator[Span]:
    headers = kwargs.pop(HEADERS, None)
    with ExitStack() as stack:
        yield enter(stack, headers, name, _attempt(attempt))


def enter(
    stack: ExitStack, headers: Mapping[str, Any] | None, name: str, attempt: int | None, **more: Any
) -> Span:
    """Go on with the trace and context of `headers`, in a span of a job, until the stack is left."""
    if headers:
        stack.enter_context(extract(headers))
        carried = _carried(headers.get(CONTEXT))
        if carried:
            stack.enter_context(context(**carried))
    attributes = {"sightline.kind": "task", ATTEMPT: attempt} | more
    return stack.enter_context(span(name, **{k: v for k, v in attributes.items() if v is not None}))


def job_headers() -> dict[str, str]:
    """The current trace and the whole of `sightline.context`, for a message to one's own workers.

    Other than baggage, which goes to anybody, it holds what `init(propagate=…)` does not name, too.

        >>> import sightline
        >>> with sightline.span("request"), sightline.context(user="ada"):
        ...     headers = sightline.job_headers()
        >>> headers["sightline-context"]
        '{"user.id": "ada"}'
    """
    headers = dict(inject())
    try:
        said = {
            k: v for k, v in attributes_of().items() if isinstance(v, str | int | float | bool | list | tuple)
        }
        text = json.dumps(said) if said else ""
        if text and len(text) <= _MOST_CHARS:
            headers[CONTEXT] = text
    except Exception as error:  # a border: whatever the context holds
        warn_once(
            "job context", f"sightline: a job's context was not carried ({type(error).__name__}: {error})."
        )
    return headers


def instrument_celery(app: Any = None) -> None:
    """Carry trace and `sightline.context` from whoever asks for a Celery task to its run, which is a span.

        from celery import Celery
        app = Celery("shop")
        sightline.instrument_celery(app)

    On both sides: where tasks are asked for, and in workers. Celery's signals serve all applications of a
    process, so once is enough; `app` may be left out. Where `opentelemetry-instrumentation-celery` is on, it
    makes the spans. Raises ImportError without Celery.
    """
    from celery import signals

    own = "sightline"
    signals.before_task_publish.connect(_published, dispatch_uid=own, weak=False)
    signals.task_prerun.connect(_begun, dispatch_uid=own, weak=False)
    signals.task_failure.connect(_failed, dispatch_uid=own, weak=False)
    signals.task_retry.connect(_retried, dispatch_uid=own, weak=False)
    signals.task_postrun.connect(_ended, dispatch_uid=own, weak=False)
    signals.worker_process_shutdown.connect(_worker_ends, dispatch_uid=own, weak=False)


# What is open for each task that runs: its context, and its span where we make it.
_running: dict[str, tuple[ExitStack, Span | None]] = {}


def _others_serve() -> bool:
    """Whether OpenTelemetry's own instrumentation of Celery is on."""
    module = sys.modules.get("opentelemetry.instrumentation.celery")
    instance = getattr(getattr(module, "CeleryInstrumentor", None), "_instance", None)
    return bool(getattr(instance, "is_instrumented_by_opentelemetry", False))


def _published(headers: Any = None, **_: Any) -> None:
    with _harmless():
        if isinstance(headers, dict):
            if _others_serve():
                headers.setdefault(CONTEXT, job_headers().get(CONTEXT, ""))
            else:
                headers.update(job_headers())


def _begun(task_id: str = "", task: Any = None, **_: Any) -> None:
    with _harmless():
        request = task.request
        carried = {k: request.get(k) for k in ("traceparent", "tracestate", "baggage", CONTEXT)}
        carried |= {k: v for k, v in (request.headers or {}).items() if k in carried and carried[k] is None}
        stack = ExitStack()
        if _others_serve():
            attributes = _carried(carried[CONTEXT])
            if attributes:
                stack.enter_context(context(**attributes))
            _running[task_id] = (stack, None)
            return
        place = request.delivery_info or {}
        made = enter(
            stack,
            None if request.is_eager else {k: v for k, v in carried.items() if v},
            task.name,
            (request.retries or 0) + 1,
            **{
                "messaging.system": "celery",
                "messaging.message.id": task_id,
                "messaging.destination.name": place.get("routing_key") or None,
            },
        )
        _running[task_id] = (stack, made)


def _failed(task_id: str = "", exception: BaseException | None = None, **_: Any) -> None:
    with _harmless():
        found = _running.get(task_id)
        if found is not None and found[1] is not None and exception is not None:
            found[1].error(exception)


def _retried(request: Any = None, reason: Any = None, **_: Any) -> None:
    with _harmless():
        found = _running.get(request.id)
        if found is not None and found[1] is not None:
            found[1].set({"sightline.job.retry": str(reason)[:500]})


def _ended(task_id: str = "", **_: Any) -> None:
    with _harmless():
        found = _running.pop(task_id, None)
        if found is not None:
            found[0].close()


def _worker_ends(**_: Any) -> None:
    with _harmless():
        flush_all(FLUSH_SECONDS)


@contextmanager
def _harmless() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a border: tasks must run
        warn_once("celery", f"sightline: a Celery task was not followed ({type(error).__name__}: {error}).")


def _carried(text: object) -> dict[str, Any]:
    """What of the context a message carried; what cannot be read is as if it were not there."""
    if not isinstance(text, str) or not text or len(text) > _MOST_CHARS:
        return {}
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return {str(k): v for k, v in said.items()} if isinstance(said, dict) else {}


def _attempt(attempt: Callable[[], int | None] | None) -> int | None:
    try:
        return attempt() if attempt is not None else None
    except Exception as error:  # a border: the program's own function
        warn_once("job attempt", f"sightline: job(attempt=…) raised {type(error).__name__}: {error}.")
        return None
