"""Notebooks: one trace for each cell, and a link to it under the cell."""

from __future__ import annotations

import html
from importlib import import_module
from typing import Any

from opentelemetry import trace
from opentelemetry.context import _RUNTIME_CONTEXT as _RUNTIME
from opentelemetry.context import Context, attach
from opentelemetry.trace import Span, Status, StatusCode

from sightline.sdk import names, running
from sightline.sdk.warnings_once import warn_once

_KEPT = "_sightline_cells"
_NAME_CHARS = 60


class TraceLink:
    """A link to a trace, as HTML where that is shown and as text where not."""

    def __init__(self, url: str, trace_id: str) -> None:
        self.url, self.trace_id = url, trace_id

    def __repr__(self) -> str:
        return f"trace {self.trace_id}" + (f": {self.url}" if self.url else "")

    def _repr_html_(self) -> str:
        """The link; everything in it is escaped, and only http addresses are links."""
        shown = html.escape(f"trace {self.trace_id[:8]}")
        if not self.url.startswith(("http://", "https://")):
            return f"<small>{shown}</small>"
        href = html.escape(self.url, quote=True)
        return f'<small><a href="{href}" target="_blank" rel="noopener">{shown} in Sightline</a></small>'


class Cells:
    """Watches the cells of one IPython shell. A cell in which no span begins leaves no trace and no link."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._span: Span | None = None
        self._token: Any = None

    def register(self) -> None:
        """From the next cell on."""
        self._shell.events.register("pre_run_cell", self.begin)
        self._shell.events.register("post_run_cell", self.end)

    def unregister(self) -> None:
        """No more, also not for the cell that says so."""
        self._close(False)
        self._shell.events.unregister("pre_run_cell", self.begin)
        self._shell.events.unregister("post_run_cell", self.end)

    def begin(self, info: Any = None) -> None:
        """A cell is about to run: its span is the parent of everything in it."""
        try:
            self._close(False)
            _watch()
            source = str(getattr(info, "raw_cell", "") or "")
            attributes: dict[str, Any] = {names.SPAN_KIND: "CHAIN", "notebook.cell": self._number()}
            if running.content_limit():
                attributes["code.source"] = source[: running.content_limit()]
            name = _name(source if running.content_limit() else "")
            self._span = running.tracer().start_span(name, Context(), attributes=attributes)
            self._token = attach(trace.set_span_in_context(self._span))
            _inside[self._span.get_span_context().trace_id] = 0
        except Exception as error:  # a border: the cell must run
            _trouble(error)

    def end(self, result: Any = None) -> None:
        """The cell has run: its span ends, and a link stands under it if anything was made below."""
        try:
            span = self._span
            failure = getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)
            if span is not None and isinstance(failure, BaseException):
                span.record_exception(failure)
                span.set_status(Status(StatusCode.ERROR, type(failure).__name__))
            made = span is not None and _inside.get(span.get_span_context().trace_id, 0) > 0
            self._close(made)
            if span is not None and made:
                self._show(span)
        except Exception as error:  # a border: the cell has run
            _trouble(error)

    def _show(self, span: Span) -> None:
        display: Any = import_module("IPython.display").display
        trace_id = f"{span.get_span_context().trace_id:032x}"
        server = running.server()
        display(TraceLink(f"{server.rstrip('/')}/traces/{trace_id}" if server else "", trace_id))

    def _close(self, made: bool) -> None:
        """`made`: spans began in the cell. Without any its own is never ended, and so never sent."""
        span, self._span = self._span, None
        token, self._token = self._token, None
        if span is not None:
            _inside.pop(span.get_span_context().trace_id, None)
            if made:
                span.end()
        if token is not None:
            try:
                _RUNTIME.detach(token)
            except ValueError:  # the cell's event loop ran in another context
                return

    def _number(self) -> int:
        return int(getattr(self._shell, "execution_count", 0) or 0)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext sightline`: one trace for each cell from now on, linked under it.

    In a notebook `sightline.init()` does it by itself. Calls `init()` if the notebook has not. Twice is once.
    The same for a shell that a program has made:

        import sightline
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        sightline.load_ipython_extension(shell)

    Each cell in which a span begins is a trace then.
    """
    from sightline.sdk import runtime
    from sightline.sdk.start import init

    if runtime.current() is None:
        init()
    try:
        watch_cells(shell)
    except Exception as error:  # a border: the notebook must go on
        _trouble(error)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext sightline`: no more traces for cells; everything else stays on.

    >>> import sightline
    >>> class Shell:
    ...     pass
    >>> sightline.unload_ipython_extension(Shell())
    """
    cells = getattr(shell, "__dict__", {}).pop(_KEPT, None)
    if cells is not None:
        cells.unregister()


def watch_cells(shell: Any) -> None:
    """Watch the cells of a shell; once, however often it is asked for."""
    if _KEPT not in shell.__dict__:
        cells = shell.__dict__[_KEPT] = Cells(shell)
        cells.register()


def watch_notebook() -> bool:
    """Watch the notebook that this program is, if it is one: a kernel, not a terminal. Whether it is."""
    import sys

    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is None or type(shell).__name__ != "ZMQInteractiveShell":
        return False
    watch_cells(shell)
    return True


_inside: dict[int, int] = {}
_watched: list[object] = []


def _watch() -> None:
    """Count the spans that begin in a cell, on the program's provider, which may have been set since."""
    provider: Any = trace.get_tracer_provider()
    add = getattr(provider, "add_span_processor", None)
    if add is None or any(one is provider for one in _watched):
        return
    from opentelemetry.sdk.trace import Span as SdkSpan
    from opentelemetry.sdk.trace import SpanProcessor

    class Counting(SpanProcessor):
        def on_start(self, span: SdkSpan, parent_context: Context | None = None) -> None:
            trace_id = span.get_span_context().trace_id
            if trace_id in _inside:
                _inside[trace_id] += 1

    add(Counting())
    _watched.append(provider)


def _name(source: str) -> str:
    """What a cell is called: its first line that is code."""
    lines = (line.strip() for line in source.splitlines())
    first = next((line for line in lines if line and not line.startswith(("#", "%"))), "cell")
    return first if len(first) <= _NAME_CHARS else first[: _NAME_CHARS - 1] + "…"


def _trouble(error: Exception) -> None:
    warn_once("notebook", f"sightline: a cell's trace was not shown ({type(error).__name__}: {error}).")
