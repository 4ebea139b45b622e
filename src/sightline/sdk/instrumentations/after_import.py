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
        # A namespace package has no code that could be waited for. The first module inside stands for it,
        # when it is whole: others inside, which it imports, are so earlier.
        self.namespaces: dict[str, str] = {}
        self.running: dict[str, int] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        awaited = fullname if fullname in self.waiting else self.namespaces.get(fullname.rpartition(".")[0])
        if awaited is None:
            return None
        for finder in list(sys.meta_path):
            if finder is self:
                continue
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None:
                self._wrap(awaited, spec)
                return spec
        return None

    def _wrap(self, awaited: str, spec: ModuleSpec) -> None:
        """Let the loader of this one module call us when it is done."""
        loader: Any = spec.loader
        if loader is None:
            self.namespaces[spec.name] = awaited
            return
        original = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            self.running[awaited] = self.running.get(awaited, 0) + 1
            try:
                original(module)
            finally:
                self.running[awaited] -= 1
            if self.running[awaited]:
                return
            then = self.waiting.pop(awaited, None)
            self.namespaces = {name: other for name, other in self.namespaces.items() if other != awaited}
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
