"""Find where in a value the object stands that could not be pickled."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Looked at before giving up; a million lists took 6 s, and the answer is only for a message.
_LIMIT = 200_000

_ATOMS = (str, bytes, bytearray, int, float, complex, bool, type(None))


def find(value: object, target: object, path: str) -> str | None:
    """Find the shortest path from a value to an object inside it.

    Looks into mappings, sequences, sets, attributes, slots and closures, and does not mind cycles.

    Parameters
    ----------
    value
        Where to start.
    target
        The object to find, by identity.
    path
        What to call the start, for instance ``"result"``.

    Returns
    -------
    str or None
        For instance ``result['model'].lock``; None if the target cannot be reached so.
    """
    seen = {id(value)}
    queue: deque[tuple[object, str]] = deque([(value, path)])
    keep = [value]  # children made on the way must not be freed, or their ids would be used again
    while queue and len(seen) < _LIMIT:
        current, where = queue.popleft()
        if current is target:
            return where
        for child, step in _children(current):
            if id(child) not in seen and (child is target or not isinstance(child, _ATOMS)):
                seen.add(id(child))
                keep.append(child)
                queue.append((child, where + step))
    return None


def _children(obj: Any) -> Iterator[tuple[object, str]]:
    if isinstance(obj, type):
        return
    if isinstance(obj, Mapping):
        for key, child in _safely(lambda: obj.items()):
            yield child, f"[{_short(key)}]"
            yield key, f".keys()[{_short(key)}]"
    elif isinstance(obj, (list, tuple, deque)):
        for number, child in enumerate(obj):
            yield child, f"[{number}]"
    elif isinstance(obj, (set, frozenset)):
        for child in obj:
            yield child, f"{{{_short(child)}}}"
    elif type(obj).__name__ == "ndarray" and getattr(getattr(obj, "dtype", None), "hasobject", False):
        for number, child in enumerate(itertools.islice(obj.flat, _LIMIT)):
            yield child, f".flat[{number}]"
    names = getattr(getattr(obj, "__code__", None), "co_freevars", ())
    for name, cell in zip(names, getattr(obj, "__closure__", None) or (), strict=False):
        for child in _safely(lambda cell=cell: [cell.cell_contents]):
            yield child, f".<closure {name}>"
    attributes = getattr(obj, "__dict__", None)
    if isinstance(attributes, dict):
        for name, child in list(attributes.items()):
            yield child, f".{name}"
    for cls in type(obj).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            for child in _safely(lambda name=name: [getattr(obj, name)]):
                yield child, f".{name}"


def _safely(make: Any) -> Iterable[Any]:
    """List what a foreign object offers; one that refuses offers nothing."""
    try:
        return list(make())
    except Exception:
        return ()


def _short(key: object) -> str:
    try:
        text = repr(key)
    except Exception:
        text = type(key).__name__
    return text if len(text) <= 60 else text[:57] + "..."
