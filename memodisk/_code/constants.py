"""Values that code refers to: which can change in place, and how one is written in a manifest."""

from __future__ import annotations

import enum
import functools
from types import CodeType, EllipsisType, NoneType

from memodisk._code import userland

_SCALARS = (int, float, complex, bool, str, bytes, NoneType, EllipsisType)
_IMMUTABLE = frozenset({*_SCALARS, range, CodeType})
_IMMUTABLE_MODULES = frozenset(
    {"datetime", "decimal", "fractions", "uuid", "pathlib", "pathlib._local", "re", "zoneinfo"}
)

#: A longer text would make a line of the manifest hard to read; the digest in front of it tells all anyway.
_MAX_TEXT = 60
_MAX_ITEMS = 8


def immutable(value: object) -> bool:
    """Whether a value cannot change in place, so that being the same object is enough."""
    kind = type(value)
    if kind in _IMMUTABLE or kind.__module__ in _IMMUTABLE_MODULES or isinstance(value, enum.Enum):
        return True
    if kind is functools.partial:
        return all(map(immutable, (value.args, *value.keywords.values())))  # type: ignore[attr-defined]
    return kind in (tuple, frozenset) and all(map(immutable, value))  # type: ignore[call-overload]


def brief(value: object) -> str:
    """Return a value as a short text: the same in every process, never an address."""
    text = _literal(value)
    if text is None or len(text) > _MAX_TEXT:
        return type_name(type(value)) + (f" of {len(value)}" if type(value) in _SIZED else "")  # type: ignore[arg-type]
    return text


_SIZED = (str, bytes, tuple, list, dict, set, frozenset, bytearray)


def _literal(value: object) -> str | None:
    if type(value) in _SCALARS:
        return ascii(value) if not isinstance(value, int) or abs(value) < 10**30 else None
    if isinstance(value, enum.Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if type(value) not in (tuple, list, set, frozenset, dict) or len(value) > _MAX_ITEMS:  # type: ignore[arg-type]
        return None
    if isinstance(value, dict):
        pairs = [(_literal(key), _literal(item)) for key, item in value.items()]
        if any(key is None or item is None for key, item in pairs):
            return None
        return "{" + ", ".join(sorted(f"{key}: {item}" for key, item in pairs)) + "}"
    items = [text for text in map(_literal, value) if text is not None]  # type: ignore[call-overload]
    if len(items) != len(value):  # type: ignore[arg-type]
        return None
    if isinstance(value, tuple):
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(items)}]"
    return "{" + ", ".join(sorted(items)) + "}" if items else f"{type(value).__name__}()"


def type_name(cls: type) -> str:
    """Return a class's name as people write it."""
    module = cls.__module__
    if module == "builtins" or not isinstance(module, str) or userland.is_user_class(cls):
        return cls.__qualname__  # the user's modules have another name when they run as a script
    return f"{module.lstrip('_')}.{cls.__qualname__}"
