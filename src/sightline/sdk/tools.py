"""Calls of tools: `sightline.tool(…)`, around a block or a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar, overload

from sightline.sdk import names, running
from sightline.sdk.arguments import Parameters
from sightline.sdk.attribute_values import word
from sightline.sdk.capture import cut, text_of
from sightline.sdk.decorator import name_of_function, traced
from sightline.sdk.spans import Span, start_attributes, trouble

F = TypeVar("F", bound=Callable[..., Any])


class ToolCall(Span):
    """One call of a tool. For `with`, `async with`, and as a decorator."""

    __slots__ = ("_arguments", "_tool")

    def __init__(self, tool: str | None, attributes: dict[str, Any], arguments: object) -> None:
        made = {**attributes, names.TOOL_NAME: tool} if tool is not None else attributes
        super().__init__(f"execute_tool {tool or ''}".strip(), made)
        self._tool = tool
        self._arguments = arguments

    def result(self, value: object) -> Self:
        """What the tool gave back: text as it is, all else as JSON.

        >>> import sightline
        >>> with sightline.tool("weather", arguments={"city": "Oslo"}, call_id="call_1") as call:
        ...     _ = call.result({"celsius": 4})
        """
        try:
            limit = running.content_limit()
            if limit and value is not None and self._otel.is_recording():
                self._otel.set_attribute(names.TOOL_RESULT, text_of(value, limit))
        except Exception as error:  # the border
            trouble("ToolCall.result", error)
        return self

    def __call__(self, function: F) -> F:
        """As a decorator: the arguments are the function's, the result is what it returns."""
        return traced(function, lambda plain: _ToolCalls(self._tool, self._attributes, plain))

    def _begun(self, limit: int) -> None:
        if self._arguments is not None:
            self._otel.set_attribute(names.TOOL_ARGUMENTS, text_of(self._arguments, limit))
        self._arguments = None


class _ToolCalls:
    """Records calls of a decorated function."""

    __slots__ = ("_attributes", "_parameters", "_tool")

    def __init__(self, tool: str | None, attributes: dict[str, Any], function: Callable[..., Any]) -> None:
        self._tool = tool or name_of_function(function).rpartition(".")[2]
        self._attributes, self._parameters = attributes, Parameters(function)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span:
        return ToolCall(self._tool, self._attributes, self._parameters.named(args, kwargs))

    def result(self, span: Span, value: object) -> None:
        if isinstance(span, ToolCall):
            span.result(value)

    def items_limit(self) -> int:
        return running.content_limit()


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(
    name: str | None = None,
    *,
    arguments: object = None,
    call_id: str | None = None,
    description: str | None = None,
    **attributes: object,
) -> ToolCall: ...
def tool(
    name: Any = None,
    *,
    arguments: object = None,
    call_id: str | None = None,
    description: str | None = None,
    **attributes: object,
) -> Any:
    """A call of a tool: for `with`, `async with`, and as a decorator, with or without a name.

    `call_id` is the id that the model gave its call; `arguments` a mapping, or the JSON text that the model
    wrote.

        >>> import sightline
        >>> with sightline.tool("weather", arguments={"city": "Oslo"}, call_id="call_1") as call:
        ...     _ = call.result({"celsius": 4})
        >>> @sightline.tool
        ... def weather(city: str) -> dict[str, int]:
        ...     return {"celsius": 4}
        >>> weather("Oslo")
        {'celsius': 4}
    """
    made = start_attributes("tool", attributes)
    made[names.OPERATION] = "execute_tool"
    made[names.TOOL_TYPE] = "function"
    if call_id is not None:
        made[names.TOOL_CALL_ID] = word(call_id)
    if description is not None:
        made[names.TOOL_DESCRIPTION] = word(description, 4_000)
    if name is not None and type(name) is not str:
        return ToolCall(None, made, None)(name)
    return ToolCall(None if name is None else cut(name, 500), made, arguments)
