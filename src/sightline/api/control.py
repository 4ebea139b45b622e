"""Calls of control beside the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from sightline.api.problems import Problem, unavailable
from sightline.control.errors import AlreadyExists, ControlUnavailable, InvalidValue, NotFound

_T = TypeVar("_T")


async def controlled(work: Callable[[], _T]) -> _T:
    """Run a call of control beside the event loop, its refusals as problems."""
    try:
        return await run_in_threadpool(work)
    except NotFound as error:
        raise Problem(404, str(error)) from error
    except AlreadyExists as error:
        raise Problem(409, str(error)) from error
    except InvalidValue as error:
        raise Problem(422, str(error)) from error
    except ControlUnavailable as error:
        raise unavailable(str(error)) from error
