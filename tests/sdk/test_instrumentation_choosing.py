"""Which instrumentation is chosen: never two on one library, none that would count a call twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.sdk.instrumentations.choosing import choose
from sightline.sdk.instrumentations.looking import is_at_least
from sightline.sdk.instrumentations.report import Outcome, Report
from sightline.sdk.instrumentations.switches import set_switches
from sightline.sdk.instrumentations.table import BY_NAME, LIBRARIES

OTEL, INFERENCE = "opentelemetry-instrumentation-genai-openai", "openinference-instrumentation-openai"
LANGCHAIN = {"langchain-core": "1.8.3", "langchain": "1.5.2"}
EVERYTHING = (
    {"langchain": "99"}
    | {x.distribution: "99" for x in LIBRARIES}
    | {o.pip: "1" for x in LIBRARIES for o in x.options}
)


def chosen(plan) -> dict[str, str]:
    return {c.library.name: c.options[0].pip for c in plan.choices if c.options}


def test_the_first_that_is_installed_serves() -> None:
    assert chosen(choose({"openai": "3.0", OTEL: "1", INFERENCE: "1"}, True)) == {"openai": OTEL}
    assert chosen(choose({"openai": "3.0", INFERENCE: "1"}, True)) == {"openai": INFERENCE}


def test_what_is_missing_is_named() -> None:
    [choice] = choose({"openai": "3.0"}, True).choices
    assert (choice.options, choice.to_install) == ((), OTEL)


def test_too_old_a_library_is_not_served_and_says_what_it_needs() -> None:
    [choice] = choose({"openai": "0.26", OTEL: "1"}, True).choices
    assert not choice.options
    assert choice.why == f"{OTEL} needs openai 1.26.0 or later"


def test_a_family_or_a_package_can_be_asked_for() -> None:
    there = {"openai": "3.0", OTEL: "1", INFERENCE: "1"}
    assert chosen(choose(there, {"openai": "openinference"})) == {"openai": INFERENCE}
    assert chosen(choose(there, {"openai": INFERENCE})) == {"openai": INFERENCE}
    [choice] = choose({"openai": "3.0"}, {"openai": "openinference"}).choices
    assert choice.to_install == INFERENCE


def test_names_that_mean_nothing_are_said() -> None:
    plan = choose({"openai": "3.0"}, ["opanai", "groq"])
    assert plan.problems == (
        "there is no library 'opanai' to instrument; did you mean 'openai'?",
        "groq is not installed (package groq)",
    )
    assert "expected one of opentelemetry" in choose({"openai": "3.0"}, {"openai": "datadog"}).problems[0]


def test_none_and_these_alone() -> None:
    there = {"openai": "3.0", "anthropic": "2.0"}
    assert choose(there, False).choices == ()
    assert [c.library.name for c in choose(there, ["anthropic"]).choices] == ["anthropic"]


def test_inside_a_framework_whose_spans_are_apart_nothing_is_turned_on() -> None:
    there = LANGCHAIN | {"openai": "3.0", OTEL: "1", "openinference-instrumentation-langchain": "1"}
    plan = choose(there, True)
    by = {c.library.name: c for c in plan.choices}
    assert by["langchain"].options[0].apart
    assert by["openai"].options == ()
    assert by["openai"].to_install == ""
    assert by["openai"].why == "its calls are seen through langchain"
    assert chosen(choose(there, {"langchain": "", "openai": OTEL}))["openai"] == OTEL, "named, it is taken"
    better = there | {"opentelemetry-instrumentation-genai-langchain": "1"}
    assert chosen(choose(better, True))["openai"] == OTEL


def test_llama_index_by_openinference_has_its_streams_apart() -> None:
    there = {"llama-index-core": "0.14.25", "openai": "3.0", OTEL: "1"}
    apart = choose(there | {"openinference-instrumentation-llama-index": "1"}, True)
    assert list(chosen(apart)) == ["llama-index"]
    both = there | {
        "openinference-instrumentation-llama-index": "1",
        "opentelemetry-instrumentation-genai-llama-index": "1",
    }  # fmt: skip
    assert chosen(choose(both, True)) == {
        "llama-index": "opentelemetry-instrumentation-genai-llama-index", "openai": OTEL,
    }  # fmt: skip


def test_also_when_the_program_turned_the_framework_on_itself() -> None:
    there = LANGCHAIN | {"openai": "3.0", OTEL: "1", INFERENCE: "1"}
    apart = next(o for o in BY_NAME["langchain"].options if o.apart)
    plan = choose(there, True, lambda x: ("instrumented already", apart) if x.name == "langchain" else None)
    assert [c.taken for c in plan.choices] == ["instrumented already", ""]
    assert chosen(plan) == {}


def test_what_is_tried_second_does_not_stand_apart() -> None:
    [choice, *_] = [c for c in choose(EVERYTHING, True).choices if c.library.name == "langchain"]
    assert [o.family for o in choice.options] == ["opentelemetry"]


def test_langchain_core_alone_has_no_use_for_what_needs_langchain() -> None:
    there = {
        "langchain-core": "1.0", "opentelemetry-instrumentation-genai-langchain": "1",
        "openinference-instrumentation-langchain": "1",
    }  # fmt: skip
    assert chosen(choose(there, True)) == {"langchain": "openinference-instrumentation-langchain"}


def test_libraries_with_spans_of_their_own_need_none() -> None:
    plan = choose({"pydantic-ai-slim": "2.0", "strands-agents": "1.0"}, True)
    assert [(c.library.name, c.native, c.to_install) for c in plan.choices] == [
        ("pydantic-ai", True, ""), ("strands", True, "")
    ]  # fmt: skip


def test_an_installed_instrumentation_comes_before_spans_that_are_a_fallback() -> None:
    by = "opentelemetry-instrumentation-genai-anthropic"
    cases = [("2.14", {}, True, False), ("2.14", {by: "1"}, False, True), ("2.0", {}, False, True)]
    for version, there, native, off in cases:
        [choice] = choose({"anthropic": version} | there, True).choices
        environ: dict[str, str] = {}
        set_switches(True, [choice], environ)
        assert choice.native is native
        assert (environ.get("ANTHROPIC_OPEN_TELEMETRY") == "false") is off
        assert ("ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE" in environ) is native


def test_own_spans_that_would_be_counted_twice_are_off() -> None:
    there = {"langchain-core": "1.8.3", "openinference-instrumentation-langchain": "1", "anthropic": "2.14"}
    plan = choose(there, True)
    environ: dict[str, str] = {}
    set_switches(True, plan.choices, environ)
    assert environ["ANTHROPIC_OPEN_TELEMETRY"] == "false"
    assert not plan.choices[1].native


@given(st.sets(st.sampled_from(sorted(EVERYTHING))), st.sampled_from(["0.1", "1.30", "99"]))
def test_any_mixture_counts_no_call_twice(names: set[str], version: str) -> None:
    plan = choose(dict.fromkeys(names, version), True)
    assert len({c.library.name for c in plan.choices}) == len(plan.choices)
    first = {c.library.name: c.options[0] for c in plan.choices if c.options}
    for name, option in first.items():
        for inner in BY_NAME[name].inside if option.apart else ():
            assert inner not in first
    for choice in plan.choices:
        for option in choice.options:
            assert option.pip in names
            assert option.needs or not option.least or is_at_least(version, option.least)
        assert not (choice.options and choice.to_install)
        assert not (choice.options and choice.native)


def test_switches_leave_what_is_set_but_for_content_that_is_not_wanted() -> None:
    key = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    environ = {key: "SPAN_AND_EVENT", "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    set_switches(True, [], environ)
    assert environ[key] == "SPAN_AND_EVENT"
    assert environ["OTEL_SEMCONV_STABILITY_OPT_IN"] == "http,gen_ai_latest_experimental"
    set_switches(False, choose({"semantic-kernel": "1.0"}, True).choices, environ)
    assert environ[key] == "NO_CONTENT"
    assert environ["OPENINFERENCE_HIDE_INPUTS"] == "true"
    assert environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS"] == "true"
    assert environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE"] == "false"


def test_the_report_says_one_exact_command() -> None:
    report = Report(
        (
            Outcome("openai", "3.57.0", "on", by=OTEL),
            Outcome("groq", "1.0", "uninstrumented", install="openinference-instrumentation-groq"),
            Outcome("cohere", "5.0", "uninstrumented", install="openinference-instrumentation-cohere"),
            Outcome("crewai", "2.0", "failed", why="ImportError: no"),
            Outcome("agno", "2.0", "left", why="instrumented already, by x"),
            Outcome("pydantic-ai", "2.0", "native"),
        )
    )
    assert report.turned_on == ("openai", "pydantic-ai")
    assert str(report).splitlines() == [
        "sightline found openai 3.57.0, groq 1.0, cohere 5.0, crewai 2.0, agno 2.0, pydantic-ai 2.0",
        f"  turned on: openai ({OTEL}), pydantic-ai (its own spans)",
        "  left to the program: agno (instrumented already, by x)",
        "  not turned on: crewai (ImportError: no)",
        "  for groq, cohere: pip install openinference-instrumentation-groq"
        " openinference-instrumentation-cohere",
    ]


def test_nothing_installed_says_so() -> None:
    assert str(Report()) == "sightline found no library that it knows how to instrument"
    assert str(Report(wanted=False)) == ""
