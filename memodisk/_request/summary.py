"""An argument in one short line, for the record and the log. Never long, never slow, never code of the user's."""

from __future__ import annotations

import sys
from collections.abc import Mapping

#: Longest text of one argument in characters. With it a record of five arguments stays below 1,500 bytes, within
#: the one page that a network file system transfers at a time.
MAX_TEXT = 80
#: Most arguments a record lists; the rest are counted.
MAX_ARGUMENTS = 32

_MAX_ITEMS = 6
_MAX_DEPTH = 2
_SIMPLE = frozenset({int, float, complex, bool, type(None), type(...)})
_REPR_MODULES = frozenset({"datetime", "decimal", "fractions", "uuid", "pathlib", "pathlib._local", "zoneinfo"})


def summarize(value: object) -> str:
    """Return a text of at most `MAX_TEXT` characters: the value if it is small, else its type and shape."""
    try:
        return cut(_text(value, 0))
    # Attributes of foreign objects may raise anything at all; a text for people is not worth a failed call.
    except Exception:
        return _type_name(value)


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """Return the text in one line, cut to `limit` characters, with an ellipsis where something is missing."""
    text = text.replace("\n", "\\n")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def summarize_arguments(arguments: Mapping[str, object]) -> dict[str, str]:
    """Return the short text of each of the first `MAX_ARGUMENTS` arguments."""
    texts = {name: summarize(arguments[name]) for name in list(arguments)[:MAX_ARGUMENTS]}
    if len(arguments) > MAX_ARGUMENTS:
        texts["…"] = f"and {len(arguments) - MAX_ARGUMENTS} more"
    return texts


def _text(value: object, depth: int) -> str:
    kind = type(value)
    if kind in _SIMPLE:
        return _integer(value) if kind is int else repr(value)
    if kind is str or kind is bytes:
        short = value[:MAX_TEXT]  # type: ignore[index]
        return repr(short) if len(short) == len(value) else repr(short)[:-1] + "…"  # type: ignore[arg-type]
    if kind in (list, tuple, set, frozenset, dict):
        return _container(value, kind, depth)
    if kind.__module__ in _REPR_MODULES:
        return repr(value)
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(value, enum.Enum):
        return f"{kind.__name__}.{value.name}"
    shaped = _shape(value, kind)
    if shaped:
        return shaped
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__qualname__", kind.__name__))
    fields = getattr(kind, "__dataclass_fields__", None)
    if fields and depth < _MAX_DEPTH:
        parts = [f"{name}={_text(getattr(value, name), depth + 1)}" for name in list(fields)[:_MAX_ITEMS]]
        return f"{kind.__name__}({', '.join(parts)}{', …' if len(fields) > _MAX_ITEMS else ''})"
    return _type_name(value)


def _integer(value: object) -> str:
    # Python refuses to print integers of more than 4,300 digits.
    assert isinstance(value, int)
    return repr(value) if value.bit_length() < 8 * MAX_TEXT else f"int of {value.bit_length()} bits"


def _container(value: object, kind: type, depth: int) -> str:
    size = len(value)  # type: ignore[arg-type]
    opening, closing = ("[", "]") if kind is list else ("(", ")") if kind is tuple else ("{", "}")
    if depth >= _MAX_DEPTH or not size:
        return f"{opening}{'…' if size else ''}{closing}" if kind in (list, tuple, dict) else kind.__name__ + "()"
    parts = []
    length = 0
    for item in value:  # type: ignore[attr-defined]
        text = _text(item, depth + 1)
        if kind is dict:
            text += ": " + _text(value[item], depth + 1)  # type: ignore[index]
        parts.append(text)
        length += len(text)
        if len(parts) == _MAX_ITEMS or length > MAX_TEXT:
            break
    if len(parts) == size:
        return f"{opening}{', '.join(parts)}{',' if kind is tuple and size == 1 else ''}{closing}"
    return f"{kind.__name__} of {size}: {opening}{', '.join(parts)}, …{closing}"


def _shape(value: object, kind: type) -> str:
    """Return type, dtype and shape of an array or a data frame, or an empty string."""
    shape = getattr(value, "shape", None)
    if type(shape) is not tuple or not all(isinstance(n, int) for n in shape):
        return ""
    dtype = getattr(value, "dtype", None)
    size = " × ".join(f"{n:,}" for n in shape) or "scalar"
    return f"{kind.__name__}{f' {dtype}' if dtype is not None else ''} {size}"


def _type_name(value: object) -> str:
    kind = type(value)
    module = kind.__module__
    return f"<{kind.__qualname__}>" if module in ("builtins", "__main__") else f"<{module}.{kind.__qualname__}>"
