"""`sightline.context`: what reaches which spans, in this process and in others."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import baggage, propagate
from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.context import Context
from tests.sdk.recorded import Recorded

import sightline
from sightline.sdk import running
from sightline.sdk.context import attributes_of
from sightline.sdk.warnings_once import forget_warnings

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def now() -> dict[str, Any]:
    return dict(attributes_of())


def test_nested_contexts_merge_and_none_removes() -> None:
    with sightline.context(user=7, session="s", tags="beta", plan="pro", nested={"a": 1}):
        assert now() == {
            "user.id": "7",
            "session.id": "s",
            "sightline.tags": ["beta"],
            "plan": "pro",
            "nested": '{"a": 1}',
        }
        with sightline.context(
            user=None, team="t", feature="f", version="v", tags=["x", "beta", "y"], plan=None
        ):
            assert now() == {
                "session.id": "s",
                "sightline.tags": ["beta", "x", "y"],
                "nested": '{"a": 1}',
                "sightline.team": "t",
                "sightline.feature": "f",
                "sightline.version": "v",
            }
            with sightline.context(tags=None):
                assert "sightline.tags" not in now()
        assert now()["user.id"] == "7"
    assert now() == {}


def test_an_attribute_without_a_name_is_left_out_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    forget_warnings()
    with sightline.context(user="u", **{"": 1}), sightline.context(**{"": None}):
        assert now() == {"user.id": "u"}
    assert [r.getMessage() for r in caplog.records if r.name == "sightline"] == [
        "sightline.context(…): an attribute without a name is left out."
    ]


def test_a_context_can_be_used_again_and_inside_itself() -> None:
    scope = sightline.context(user="u")
    for _ in range(2):
        with scope, scope:
            assert now() == {"user.id": "u"}
        assert now() == {}


def test_it_reaches_spans_of_others(recorded: Recorded) -> None:
    tracer = otel.get_tracer("theirs")
    with sightline.context(user="u-7", tags=["a"]), tracer.start_as_current_span("theirs"):
        tracer.start_span("below").end()
    for name in ("theirs", "below"):
        assert recorded.said(name) == {"user.id": "u-7", "sightline.tags": ("a",)}


def test_it_reaches_tasks_and_carried_threads_only(recorded: Recorded) -> None:
    seen: dict[str, Any] = {}

    def look(name: str) -> None:
        seen[name] = now().get("user.id"), sightline.current_span().span_id

    async def later(name: str) -> None:
        look(name)

    async def main() -> None:
        async with sightline.context(user="u-7"):
            task = asyncio.create_task(later("task"))
        await task
        look("after")

    asyncio.run(main())
    with ThreadPoolExecutor(4) as pool, sightline.context(user="u-7"), sightline.span("above") as span:
        pool.submit(look, "pool").result()
        sightline.carry(pool).submit(look, "carried pool").result()
        list(sightline.carry(pool).map(look, ["map 1", "map 2"]))
        for name, target in (("thread", look), ("carried thread", sightline.carry(look))):
            thread = threading.Thread(target=target, args=(name,))
            thread.start()
            thread.join()
        carried = sightline.carry(later)
        kept = sightline.carry(look)
    asyncio.run(carried("carried coroutine"))
    kept("carried call")
    pool.shutdown()
    here, nowhere = ("u-7", span.span_id), (None, "0" * 16)
    assert seen == {
        "task": ("u-7", "0" * 16),
        "after": nowhere,
        "pool": nowhere,
        "carried pool": here,
        "map 1": here,
        "map 2": here,
        "thread": nowhere,
        "carried thread": here,
        "carried coroutine": here,
        "carried call": here,
    }


def test_a_carried_function_runs_in_many_threads_at_once(recorded: Recorded) -> None:
    barrier = threading.Barrier(8)

    def work(_: int) -> str | None:
        barrier.wait(10)
        return now().get("user.id")

    with sightline.context(user="u-7"), ThreadPoolExecutor(8) as pool:
        carried = sightline.carry(work)
        assert set(pool.map(carried, range(8))) == {"u-7"}


def in_process(_: int) -> tuple[str, dict[str, Any]]:
    return sightline.current_span().trace_id, now()


def test_processes(recorded: Recorded) -> None:
    from multiprocessing import get_context

    with (
        ProcessPoolExecutor(1, get_context("spawn")) as pool,
        sightline.context(session="s 1", user="u"),
        sightline.span("above") as span,
    ):
        carrying = sightline.carry(pool)
        expected = span.trace_id, {"session.id": "s 1"}
        assert carrying.submit(in_process, 1).result() == expected
        assert list(carrying.map(in_process, [1, 2])) == [expected] * 2


def test_headers_carry_the_trace_and_what_may_leave(recorded: Recorded, runtime: SimpleNamespace) -> None:
    runtime.config.propagate = ("user", "session.id", "sightline.tags", "plan")
    carrier: dict[str, str] = {}
    with (
        sightline.span("sends") as span,
        sightline.context(user="ü 7,=;", session="s", team="t", tags=["a,b", "c"], plan="pro"),
    ):
        assert sightline.inject(carrier) == carrier
    assert carrier["traceparent"].split("-")[1:3] == [span.trace_id, span.span_id]
    assert "t" not in [pair.partition("=")[2] for pair in carrier["baggage"].split(",")]
    assert carrier["baggage"].isascii()
    for headers in (carrier, {k.upper(): [v.encode()] for k, v in carrier.items()}):
        with sightline.extract(headers), sightline.span("receives") as there:
            assert there.trace_id == span.trace_id
            assert now() == {
                "user.id": "ü 7,=;",
                "session.id": "s",
                "sightline.tags": ["a,b", "c"],
                "plan": "pro",
            }
    assert now() == {}


def test_instrumented_clients_send_what_may_leave_and_no_more(recorded: Recorded) -> None:
    """With the propagators every instrumentation uses."""
    headers: dict[str, str] = {}
    with sightline.context(user="u", session="s", team="t t", secret="x"):
        propagate.inject(headers)
        assert headers["baggage"].split(",") == ["session.id=s", "sightline.team=t+t"]
        with sightline.context(session=None):
            headers.clear()
            propagate.inject(headers)
            assert headers["baggage"] == "sightline.team=t+t"
    incoming = propagate.extract(
        {"baggage": "session.id=s,user.id=root,sightline.team=t+t,admin=1", "traceparent": TRACEPARENT}
    )
    assert dict(attributes_of(incoming)) == {"session.id": "s", "sightline.team": "t t"}
    token = otel_context.attach(incoming)
    try:
        with sightline.context(team=None, user="u"):
            assert now() == {"session.id": "s", "user.id": "u"}
            with sightline.extract({"baggage": "session.id=other"}):
                assert now() == {"session.id": "other", "user.id": "u"}
    finally:
        otel_context.detach(token)


def test_turned_off_nothing_leaves_or_is_believed(recorded: Recorded, runtime: SimpleNamespace) -> None:
    runtime.config.propagate = ()
    with sightline.context(session="s", team="t"):
        assert "baggage" not in sightline.inject()
        assert dict(baggage.get_all()) == {}
    with sightline.extract({"baggage": "session.id=s"}):
        assert now() == {}


def test_what_others_put_into_baggage_is_theirs(recorded: Recorded) -> None:
    token = otel_context.attach(baggage.set_baggage("theirs", "x"))
    try:
        with sightline.context(session="s"):
            assert dict(baggage.get_all()) == {"theirs": "x", "session.id": "s"}
            assert sightline.inject()["baggage"] == "session.id=s"
    finally:
        otel_context.detach(token)


def test_baggage_stays_small(
    recorded: Recorded, runtime: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    runtime.config.propagate = tuple(f"k{n}" for n in range(100))
    with sightline.context(k0="x" * 300, **{f"k{n}": "y" * 200 for n in range(1, 100)}):
        assert len(now()) == 100
        assert len(sightline.inject()["baggage"]) < 3_000
    assert len([r for r in caplog.records if r.name == "sightline"]) == 1
    with sightline.extract({"baggage": "k1=" + "x" * 300 + ",k2=ok"}):
        assert now() == {"k2": "ok"}
    with sightline.extract({"baggage": "k1=ok," + "x" * 10_000}):
        assert now() == {}


class HostileCarrier(dict[str, Any]):
    def get(self, *args: Any) -> Any:
        raise RuntimeError("no headers")

    update = get


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["traceparent", "baggage", "tracestate", "Baggage"]),
        st.text() | st.binary() | st.none(),
    )
)
def test_any_headers_are_survived(recorded: Recorded, headers: dict[str, Any]) -> None:
    with sightline.extract(headers), sightline.span("works"):
        pass


def test_hostile_carriers_are_survived(recorded: Recorded) -> None:
    for carrier in (HostileCarrier(a=1), None, 7, "headers"):
        with sightline.extract(carrier), sightline.span("works"):  # type: ignore[arg-type]
            sightline.inject(carrier)  # type: ignore[arg-type]
    assert len(recorded.spans) == 4


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["session", "team", "user", "feature"]), st.text(min_size=1, max_size=50))
)
def test_what_is_injected_is_extracted(recorded: Recorded, said: dict[str, str]) -> None:
    with sightline.context(**said):  # type: ignore[arg-type]
        known = {k: v for k, v in now().items() if k in running.PROPAGATED}
        headers = sightline.inject()
    with sightline.extract(headers):
        assert now() == known


def test_values_may_be_anything(recorded: Recorded) -> None:
    anything: Any = object()
    with (
        sightline.context(user=anything, session=anything, tags=[anything, None, 7], x=anything),
        sightline.span("a"),
    ):
        pass
    assert recorded.said("a") == {
        "user.id": '"<object>"',
        "session.id": '"<object>"',
        "sightline.tags": ('"<object>"', "7"),
        "x": '"<object>"',
    }


def test_another_context_can_be_asked_about() -> None:
    with sightline.context(user="u"):
        kept = otel_context.get_current()
        assert dict(attributes_of(Context())) == {}
    assert dict(attributes_of(kept)) == {"user.id": "u"}
    assert dict(attributes_of(None)) == {}


def test_on_a_class_or_a_property_it_is_one_warning_and_both_stay_what_they_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    forget_warnings()

    @sightline.context(feature="search")
    class Shop:
        @sightline.context(feature="search")
        @property
        def size(self) -> int:
            return 3

    assert isinstance(Shop(), Shop)
    assert Shop().size == 3
    [said] = [r.message for r in caplog.records if r.name == "sightline"]
    assert "Decorate its methods" in said
