"""How an object that is none of Python's plain types is written down without running its code.

Known are the standard library's values, subclasses of the plain types, dataclasses, attrs and pydantic
objects (read from their stored fields), and arrays, tables, tensors and pictures (their shape, never their
data unless it is tiny). All else is its type's name. Libraries are recognised by what is loaded already;
none is imported.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    SimpleNamespace,
)
from typing import Any, Final

if sys.version_info >= (3, 14):
    import string.templatelib  # noqa: F401  # a literal makes a template without it, and it is looked up here

_MAX_NAME: Final = 120
_TINY: Final = 32  # elements of an array that are written out


@dataclass(frozen=True, slots=True)
class Fields:
    """Written as an object: pairs, read only as far as there is room, and how many there are."""

    pairs: Iterable[tuple[object, object]]
    total: int


@dataclass(frozen=True, slots=True)
class Items:
    """Written as an array: items, read only as far as there is room, and how many there are."""

    items: Iterable[object]
    total: int


@dataclass(frozen=True, slots=True)
class Again:
    """Written as this plain value instead."""

    value: object


Description = str | Fields | Items | Again


def described(value: object) -> Description:
    """What to write for `value`; a string is a description in pointed brackets or a plain text.

    >>> described(3 + 4j)
    '(3+4j)'
    >>> described(object())
    '<object>'
    """
    kind = type(value)
    return (
        _subclass(value, kind)
        or _standard(value, kind)
        or _with_fields(value, kind)
        or _of_library(value, kind)
        or f"<{name_of(kind)}>"
    )


def name_of(kind: type) -> str:
    """A type's name with its module, without `builtins`.

    >>> name_of(dict), name_of(Fields)
    ('dict', 'sightline.sdk.capture_types.Fields')
    """
    module, name = type.__dict__["__module__"].__get__(kind), type.__dict__["__qualname__"].__get__(kind)
    if type(module) is not str or module == "builtins":
        return str.__str__(name)[:_MAX_NAME]
    return f"{module}.{name}"[-_MAX_NAME:]


def _subclass(value: Any, kind: type) -> Description | None:
    """Subclasses of the plain types, read with the plain type's own methods."""
    if issubclass(kind, Enum):
        inside = _stored(value, kind).get("_value_")
        name = str(_stored(value, kind).get("_name_"))
        return Again(inside) if type(inside) in (str, int, float) else f"{kind.__qualname__}.{name}"
    if issubclass(kind, str):
        return Again(str.__str__(value))
    if issubclass(kind, int):
        return Again(int.__add__(value, 0))
    if issubclass(kind, float):
        return Again(float.__add__(value, 0.0))
    if issubclass(kind, dict):
        return Fields(dict.items(value), dict.__len__(value))
    if issubclass(kind, tuple):
        names = _of_class(kind, "_fields")
        if type(names) is tuple and len(names) == tuple.__len__(value):
            return Fields(zip(names, tuple.__iter__(value), strict=True), len(names))
        return Items(_iterating(tuple, value), tuple.__len__(value))
    for plain in (list, set, frozenset, deque):
        if issubclass(kind, plain):
            return Items(_iterating(plain, value), plain.__len__(value))
    return None


def _iterating(plain: Any, value: object) -> Iterator[object]:
    iterator: Iterator[object] = plain.__iter__(value)
    return iterator


def _standard(value: Any, kind: type) -> Description | None:
    """Values of the standard library."""
    if kind in (bytes, bytearray, memoryview):
        return f"<{kind.__name__} of {memoryview(value).nbytes}>"
    if kind in (complex, range, slice):
        return repr(value) if kind is not slice else "<slice>"
    if issubclass(kind, type):
        return f"<class {name_of(value)}>"
    if kind in (FunctionType, BuiltinFunctionType):
        return f"<function {value.__qualname__}>"[:_MAX_NAME]
    if kind is MethodType:
        return f"<method {value.__func__.__qualname__}>"[:_MAX_NAME]
    if kind is SimpleNamespace:
        return Again(_stored(value, kind))
    if issubclass(kind, BaseException):
        arguments = BaseException.__dict__["args"].__get__(value)
        return Fields(iter((("type", name_of(kind)), ("args", arguments))), 2)
    for module, name, read in _STANDARD:
        known = getattr(sys.modules.get(module), name, None)
        if known is not None and issubclass(kind, known):
            return read(value, known)
    return None


def _plain_text(value: Any, known: Any) -> str:
    text: str = known.__str__(value)
    return text


def _iso(value: Any, known: Any) -> str:
    if type(value).__name__ == "NaTType":  # pandas: a moment that is none, which says it is the year 1
        return "NaT"
    text: str = known.isoformat(value)
    return text


def _path(value: Any, known: Any) -> str:
    return "/".join(value.parts).replace("//", "/") if type(value).__module__ not in _PATHS else str(value)


def _template(value: Any, known: Any) -> Fields:
    """A template string as it is written, with its values: what it becomes is for its reader to say."""
    written, values = [value.strings[0]], {}
    for inside, text in zip(value.interpolations, value.strings[1:], strict=True):
        how = f"!{inside.conversion}" if inside.conversion else ""
        spec = f":{inside.format_spec}" if inside.format_spec else ""
        written += [f"{{{inside.expression}{how}{spec}}}", text]
        values[inside.expression] = inside.value
    return Fields(iter((("template", "".join(written)), ("values", values))), 2)


_PATHS: Final = ("pathlib", "pathlib._local")
# Types of the standard library, by module and name, and how they are read once their module is loaded.
_STANDARD: Final[tuple[tuple[str, str, Callable[[Any, Any], Description]], ...]] = (
    ("datetime", "datetime", _iso),
    ("datetime", "date", _iso),
    ("datetime", "time", _iso),
    ("datetime", "timedelta", _plain_text),
    ("decimal", "Decimal", _plain_text),
    ("uuid", "UUID", _plain_text),
    ("fractions", "Fraction", _plain_text),
    ("pathlib", "PurePath", _path),
    ("string.templatelib", "Template", _template),  # Python 3.14
)


def _with_fields(value: object, kind: type) -> Description | None:
    """Dataclasses, attrs and pydantic: their stored fields, but not those kept out of `repr`."""
    fields = _of_class(kind, "__dataclass_fields__")
    if type(fields) is dict:
        names = [n for n, f in islice(fields.items(), 1_000) if getattr(f, "repr", True)]
        return _named(value, kind, names)
    attributes = _of_class(kind, "__attrs_attrs__")
    if issubclass(type(attributes), tuple):
        listed: Any = attributes
        shown = [a for a in islice(tuple.__iter__(listed), 1_000) if a.repr is not False]
        return _named(value, kind, [a.name for a in shown])
    for key in ("__pydantic_fields__", "__fields__"):
        models = _of_class(kind, key)
        if type(models) is dict and "pydantic" in sys.modules:
            names = [n for n, f in islice(models.items(), 1_000) if getattr(f, "repr", True)]
            return _named(value, kind, names)
    return None


def _named(value: object, kind: type, names: list[str]) -> Fields:
    stored = _stored(value, kind)
    missing = object()
    pairs = [(name, stored.get(name, missing)) for name in names]
    pairs = [(n, _slot(value, kind, n, missing) if v is missing else v) for n, v in pairs]
    kept = [(n, v) for n, v in pairs if v is not missing]
    return Fields(kept, len(kept))


def _stored(value: object, kind: type) -> dict[str, object]:
    """An object's own `__dict__`, unless its class has put something of its own in that place."""
    if type(_of_class(kind, "__dict__")) is not GetSetDescriptorType:
        return {}
    stored: object = object.__getattribute__(value, "__dict__")
    return stored if type(stored) is dict else {}


def _slot(value: object, kind: type, name: str, missing: object) -> object:
    place = _of_class(kind, name)
    if type(place) is not MemberDescriptorType:
        return missing
    try:
        return place.__get__(value, kind)
    except AttributeError:
        return missing


def _of_class(kind: type, name: str) -> object:
    """What a class or one of its bases has under a name, as it is stored there."""
    for base in type.__dict__["__mro__"].__get__(kind):
        found = type.__dict__["__dict__"].__get__(base).get(name)
        if found is not None:
            return found
    return None


def _of_library(value: Any, kind: type) -> Description | None:
    """Arrays, tables, tensors, pictures: by the module of their class or of one of its bases."""
    for base in type.__dict__["__mro__"].__get__(kind):
        module = type.__dict__["__module__"].__get__(base)
        read = _LIBRARIES.get(module.partition(".")[0]) if type(module) is str else None
        if read is not None:
            return read(value, name_of(kind))
    return None


def _numpy(value: Any, name: str) -> Description:
    numpy = sys.modules["numpy"]
    if isinstance(value, numpy.ndarray):
        array = numpy.ndarray.view(value, numpy.ndarray)
        if array.size <= _TINY and array.dtype.kind in "biufUM":
            return Again(array.tolist())
        return f"<{name} {array.dtype} {array.shape}>"
    if isinstance(value, numpy.generic):
        item = value.item()
        return Again(item) if type(item).__module__ == "builtins" else f"<{name}>"
    return f"<{name}>"


def _table(value: Any, name: str) -> Description:
    """Of pandas, polars and pyarrow. A lazy frame has no shape and is left alone."""
    if "Lazy" in name or not hasattr(value, "shape"):
        return f"<{name}>"
    shape = tuple(value.shape)
    columns = getattr(value, "column_names", None) or getattr(value, "columns", None)
    if columns is None:
        return f"<{name} {shape}>"
    shown = [str(column)[:_MAX_NAME] for column in islice(columns, 50)]
    return Fields([("type", name), ("shape", list(shape)), ("columns", shown)], 3)


def _tensor(value: Any, name: str) -> Description:
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        return f"<{name}>"
    return f"<{name} {value.dtype} {tuple(value.shape)}>"


def _picture(value: Any, name: str) -> Description:
    if not hasattr(value, "size") or not hasattr(value, "mode"):
        return f"<{name}>"
    return f"<{name} {value.mode} {tuple(value.size)}>"


_LIBRARIES: Final[dict[str, Callable[[Any, str], Description]]] = {
    "numpy": _numpy,
    "pandas": _table,
    "polars": _table,
    "pyarrow": _table,
    "torch": _tensor,
    "tensorflow": _tensor,
    "jax": _tensor,
    "jaxlib": _tensor,
    "PIL": _picture,
}
