"""Set-up with values that cannot be used: one warning that says what to do, and the program goes on."""

from __future__ import annotations

from typing import Any

import pytest

import sightline
from sightline.sdk.warnings_once import forget_warnings
from sightline.sdk.web.options import web_options


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    forget_warnings()

    class Said(list[str]):
        def __iter__(self) -> Any:
            return iter([r.getMessage() for r in caplog.records if r.name == "sightline"])

    return Said()


def test_options_of_a_middleware_that_cannot_be_used_are_left_out_and_named(said: list[str]) -> None:
    wrong: Any = {"identify": 5, "summary": "yes", "exclude": 7, "nonsense": 1, "trace_header": False}
    made = web_options(wrong)
    assert (made.identify, made.summary, made.exclude, made.trace_header) == (None, False, (), False)
    text = "\n".join(said)
    for name in ("identify is a int", "summary is a str", "exclude is a int", "no option 'nonsense'"):
        assert name in text
    assert len(list(said)) == 4
    web_options(wrong)
    assert len(list(said)) == 4


def test_what_is_no_flask_application_is_given_back(said: list[str]) -> None:
    app = object()
    assert sightline.instrument_flask(app) is app
    [text] = said
    assert "expected a Flask application" in text
    assert "SightlineWSGIMiddleware" in text


def test_a_shell_that_is_none_is_let_go() -> None:
    sightline.unload_ipython_extension(None)


@pytest.mark.parametrize(
    "wrong",
    [{"ratio": "x"}, {"ratio": True}, {"slow": "5"}, {"costly": []}, {"many_tokens": "1k"}, {"rule": 5}],
)
def test_a_rule_of_sampling_that_can_be_none_is_refused_where_it_is_made(wrong: dict[str, Any]) -> None:
    [name] = wrong
    with pytest.raises(TypeError, match=f"Sampling\\({name}="):
        sightline.Sampling(**wrong)


def test_redaction_refuses_what_it_could_not_call() -> None:
    functions: Any = [5]
    detector: Any = 5
    with pytest.raises(TypeError, match="expected \\(field, text\\)"):
        sightline.Redaction(functions=functions)
    with pytest.raises(TypeError, match="find\\(text\\)"):
        sightline.Redaction(detector=detector)
