"""Tokens of a call, read from what providers send: dicts or objects, recognised by their fields."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sightline.sdk import names


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a call; None is unknown.

    `input` has the cached tokens in it and `output` the reasoning ones, whoever counts them apart.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def then(self, later: Usage) -> Usage:
        """What is known after `later`, which wins where it says something.

        >>> Usage(input=10).then(Usage(output=5))
        Usage(input=10, output=5, cache_read=None, cache_write=None, reasoning=None)
        """
        known = {f.name: getattr(later, f.name) for f in fields(later) if getattr(later, f.name) is not None}
        return Usage(**{f.name: known.get(f.name, getattr(self, f.name)) for f in fields(self)})

    def attributes(self) -> dict[str, int]:
        """As attributes of a span."""
        said = {
            names.INPUT_TOKENS: self.input,
            names.OUTPUT_TOKENS: self.output,
            names.CACHE_READ_TOKENS: self.cache_read,
            names.CACHE_WRITE_TOKENS: self.cache_write,
            names.REASONING_TOKENS: self.reasoning,
        }
        return {name: value for name, value in said.items() if value is not None}


def field(value: object, *path: str) -> Any:
    """A field of a dict or an object, or of one inside another; None where it is not there or raises.

    >>> field({"usage": {"input_tokens": 3}}, "usage", "input_tokens")
    3
    """
    for name in path:
        if value is None:
            return None
        if isinstance(value, dict):
            value = value.get(name)
        else:
            try:
                value = getattr(value, name, None)
            except Exception:  # the border: a property of someone's class
                return None
    return value


def number(value: object) -> int | None:
    """A count of tokens, None for anything that is none.

    >>> number(3), number(-1), number(True), number("3"), number(4.0)
    (3, None, None, None, 4)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)


def usage_of(said: object) -> Usage | None:
    """What a `usage` object or dict says, in any provider's shape; None where it says nothing.

    >>> usage_of({"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}})
    Usage(input=9, output=2, cache_read=4, cache_write=None, reasoning=None)
    >>> usage_of({"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 2})
    Usage(input=9, output=2, cache_read=4, cache_write=None, reasoning=None)
    """
    if said is None:
        return None
    for read in (_openai, _with_input_tokens, _google, _bedrock, _cohere, _ollama):
        found = read(said)
        if found is not None and found != Usage():
            return found
    return None


def _of(said: object, *path: str) -> int | None:
    return number(field(said, *path))


def _openai(said: object) -> Usage | None:
    given, answered = _of(said, "prompt_tokens"), _of(said, "completion_tokens")
    if given is None and answered is None:
        return None
    cached = _of(said, "prompt_tokens_details", "cached_tokens")
    return Usage(
        given,
        answered,
        cached if cached is not None else _of(said, "prompt_cache_hit_tokens"),
        None,
        _of(said, "completion_tokens_details", "reasoning_tokens"),
    )


def _with_input_tokens(said: object) -> Usage | None:
    """Anthropic, which counts cached tokens apart; OpenAI's Responses and LangChain."""
    given, answered = _of(said, "input_tokens"), _of(said, "output_tokens")
    if given is None and answered is None:
        return None
    read, written = _of(said, "cache_read_input_tokens"), _of(said, "cache_creation_input_tokens")
    if read is not None or written is not None:
        total = None if given is None else given + (read or 0) + (written or 0)
        return Usage(total, answered, read, written)
    cached = _of(said, "input_tokens_details", "cached_tokens")
    reasoning = _of(said, "output_tokens_details", "reasoning_tokens")
    return Usage(
        given,
        answered,
        cached if cached is not None else _of(said, "input_token_details", "cache_read"),
        _of(said, "input_token_details", "cache_creation"),
        reasoning if reasoning is not None else _of(said, "output_token_details", "reasoning"),
    )


def _google(said: object) -> Usage | None:
    """Gemini counts thoughts beside the answer, and what tools put into the prompt beside the prompt."""
    names_of_it = ("prompt_token_count", "candidates_token_count", "thoughts_token_count",
                   "cached_content_token_count", "tool_use_prompt_token_count")  # fmt: skip
    given, answered, thoughts, cached, tools = (
        _of(said, name) if _of(said, name) is not None else _of(said, _camel(name)) for name in names_of_it
    )
    if given is None and answered is None:
        return None
    return Usage(
        None if given is None else given + (tools or 0),
        None if answered is None and thoughts is None else (answered or 0) + (thoughts or 0),
        cached,
        None,
        thoughts,
    )


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _bedrock(said: object) -> Usage | None:
    given, answered = _of(said, "inputTokens"), _of(said, "outputTokens")
    if given is None and answered is None:
        return None
    read, written = _of(said, "cacheReadInputTokens"), _of(said, "cacheWriteInputTokens")
    total = None if given is None else given + (read or 0) + (written or 0)
    return Usage(total, answered, read, written)


def _cohere(said: object) -> Usage | None:
    billed = field(said, "billed_units") or field(said, "tokens")
    return Usage(_of(billed, "input_tokens"), _of(billed, "output_tokens")) if billed is not None else None


def _ollama(said: object) -> Usage | None:
    return Usage(_of(said, "prompt_eval_count"), _of(said, "eval_count"))
