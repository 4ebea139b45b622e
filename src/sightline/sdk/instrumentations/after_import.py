"""Something to do when a module has been imported, so that nothing is imported for its sake."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Watch(MetaPathFinder):
    """Stands in front of the other finders, and says nothing about modules that nobody waits for."""

    def __init__(self) -> None:
        self.waiting: dict[str, Callable[[], None]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.waiting:
            return None
        for finder in list(sys.meta_path):
            if finder is self:
                continue
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None:
                self._wrap(fullname, spec)
                return spec
        return None

    def _wrap(self, name: str, spec: ModuleSpec) -> None:
        """Let the loader of this one module call us when it is done."""
        loader: Any = spec.loader
        if loader is None:
            return
        original = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            original(module)
            then = self.waiting.pop(name, None)
            if then is not None:
                then()

        try:
            loader.exec_module = exec_module
        except AttributeError:  # a loader without a place for it: the module stays as it is
            return


_watch = _Watch()
_lock = threading.Lock()


def after_import(module: str, then: Callable[[], None]) -> bool:
    """Call `then` once `module` has been imported; at once where it already is. Whether it was at once.

    `then` must not raise: it runs inside somebody's `import`.
    """
    if module in sys.modules:
        then()
        return True
    with _lock:
        _watch.waiting[module] = then
        if _watch not in sys.meta_path:
            sys.meta_path.insert(0, _watch)
    return False


def forget(module: str) -> None:
    """Wait for a module no longer."""
    with _lock:
        _watch.waiting.pop(module, None)
