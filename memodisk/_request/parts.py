"""The parts of an argument, each with a short digest, so that an explanation can say which of them differs.

A record keeps them: column ``price`` of a data frame, key ``'a'`` of a dictionary, field ``year`` of an object.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from memodisk import hashing
from memodisk._request.summary import cut, summarize
from memodisk.errors import Unhashable
from memodisk.hashing import CodeHook

#: Most parts of one argument, and of one call together: a record has to stay small.
MAX_PARTS = 24
#: Hex digits of a part's digest: enough to tell two parts apart, far too few to be a name.
_DIGITS = 8
_MAX_LABEL = 40
_MAX_TEXT = 24

_SCALARS = (str, bytes, int, float, complex, bool, type(None))


def parts(value: object, code: CodeHook) -> dict[str, str]:
    """Return for each part of a value a label and ``'<text> <digest>'``, or nothing if it has no parts.

    Parameters
    ----------
    value
        An argument.
    code
        Digests the code of functions and classes met on the way.
    """
    found: dict[str, str] = {}
    try:
        for label, text, part in islice(_parts(value), MAX_PARTS):
            digest = hashing.digest(part, path=label, code=code).hex()[:_DIGITS]
            found[cut(label, _MAX_LABEL)] = f"{cut(text, _MAX_TEXT)} {digest}"
    except Unhashable:
        return {}
    # Attributes of foreign objects may raise anything at all; an explanation is not worth a failed call.
    except Exception:
        return {}
    return found


def parts_of_all(values: Mapping[str, object], code: CodeHook) -> dict[str, dict[str, str]]:
    """Return the parts of each argument that has some, as long as there are not more than `MAX_PARTS` together."""
    all_parts: dict[str, dict[str, str]] = {}
    left = MAX_PARTS
    for name, value in values.items():
        found = parts(value, code) if left else {}
        if found and len(found) <= left:
            all_parts[name] = found
            left -= len(found)
    return all_parts


def _parts(value: Any) -> Iterator[tuple[str, str, object]]:
    kind = type(value)
    if kind in _SCALARS:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"key {summarize(key)}", summarize(item), item
    elif kind in (list, tuple):
        yield "length", str(len(value)), len(value)
        for number, item in enumerate(value):
            yield f"element {number}", summarize(item), item
    elif _is_from("pandas", "DataFrame", value) or _is_from("polars", "DataFrame", value):
        yield "shape", " × ".join(map(str, value.shape)), value.shape
        if hasattr(value, "index"):
            yield "index", str(value.index.dtype), value.index
        for number, name in enumerate(value.columns):
            column = value.iloc[:, number] if hasattr(value, "iloc") else value[name]
            yield f"column {name!r}", str(column.dtype), column
    elif _is_from("numpy", "ndarray", value):
        yield "dtype", str(value.dtype), str(value.dtype)
        yield "shape", " × ".join(map(str, value.shape)), value.shape
        yield "values", "", value
    else:
        for name in _fields(value, kind):
            item = getattr(value, name)
            yield f"field {name!r}", summarize(item), item


def _fields(value: Any, kind: type) -> list[str]:
    fields = getattr(kind, "__dataclass_fields__", None) or getattr(value, "__dict__", None) or ()
    return [name for name in fields if isinstance(name, str)] if not isinstance(value, type) else []


def _is_from(module: str, name: str, value: object) -> bool:
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def differences(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return in words how the parts of two values differ: ``column 'price' float64 → float32``."""
    found = []
    for label, text in new.items():
        before = old.get(label)
        if before is None:
            found.append(f"{label} is new")
        elif before != text:
            old_text, new_text = before.rpartition(" ")[0], text.rpartition(" ")[0]
            found.append(f"{label} {old_text} → {new_text}" if old_text != new_text else label)
    found.extend(f"{label} is gone" for label in old if label not in new)
    return found
