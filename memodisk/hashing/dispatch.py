"""Which handler a type has: by exact type, by the library it comes from, else by how its instances keep state."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from memodisk.hashing.base import (
    FLAT,
    Attributes,
    Elements,
    Handler,
    Node,
    Ready,
    by_key,
    mapping,
    octets,
    refuse,
    scalar,
    unordered,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memodisk.hashing.base import Quick

# By exact type. Lists, tuples and dicts never get here, scalars only where nothing is around them.
HANDLERS: dict[type, Handler] = {
    **dict.fromkeys(FLAT, scalar),
    bytes: octets,
    Attributes: lambda value, walk: mapping(b"A", value.names, walk, attributes=True),
    Elements: lambda value, _walk: value.encoded(),
    Ready: lambda value, _walk: value.part,
    set: lambda value, walk: unordered(b"S", value, walk),
    frozenset: lambda value, walk: unordered(b"Z", value, walk),
}

# The modules that know the types of a library, by the first part of the type's __module__.
LIBRARIES = {
    **dict.fromkeys(("numpy", "ml_dtypes"), "numpy_arrays"),
    "pandas": "pandas_frames",
    "geopandas": "pandas_frames geo",
    "polars": "polars_frames",
    "pyarrow": "arrow",
    "scipy": "scipy_sparse",
    "xarray": "xarray_data",
    **dict.fromkeys(("shapely", "pyproj"), "geo"),
    "torch": "torch_tensors",
    **dict.fromkeys(("jax", "jaxlib"), "jax_arrays"),
    "PIL": "images",
    "pydantic": "models",
    **dict.fromkeys(("functools", "operator", "typing", "typing_extensions"), "callables"),
    **dict.fromkeys(("builtins", "types"), "callables containers"),
    **dict.fromkeys(("_io", "io", "array", "collections", "re", "weakref", "_weakref", "_weakrefset"), "containers"),
    **dict.fromkeys(("datetime", "decimal", "fractions", "uuid", "pathlib", "zoneinfo", "ipaddress"), "stdlib"),
}

_stand_ins: dict[type, Callable[[Any], object]] = {}

# Found handlers by the identity of the type. The reference's callback drops an entry when its type goes, so that a
# class defined again and again in a notebook is not kept. (A WeakKeyDictionary takes 0.3 µs longer for each look.)
_found: dict[int, Handler] = {}
_alive: dict[int, weakref.ref[type]] = {}
#: Of those, the types whose small instances are encoded without a walk: found in the same way.
_quick: dict[int, Quick] = {}


def find(kind: type) -> Handler:
    """The handler for a type."""
    handler = _found.get(id(kind))
    if handler is None:
        key = id(kind)

        def forget(_: object) -> None:
            _found.pop(key, None)
            _alive.pop(key, None)
            _quick.pop(key, None)

        handler = _search(kind)
        _alive[key] = weakref.ref(kind, forget)
        _found[key] = handler
        quick = getattr(handler, "quick", None)
        if quick is not None:
            _quick[key] = quick
    return handler


def quick(kind: type) -> Quick | None:
    """What encodes small instances of a type without a walk, if there is such a thing and the type was met before."""
    return _quick.get(id(kind))


def stand_in(kind: type, function: Callable[[Any], object]) -> None:
    """Has instances of a type (and of its subclasses) hashed as what `function` returns for them."""
    _stand_ins[kind] = function
    HANDLERS.pop(kind, None)
    _found.clear()
    _quick.clear()


def _search(kind: type) -> Handler:
    # Not by hasattr: a metaclass may answer to every name.
    if any("__memo_key__" in vars(base) for base in kind.__mro__):
        return by_key
    for base in kind.__mro__:
        if base in _stand_ins:
            return _by_stand_in(base)
    from importlib import import_module

    for base in kind.__mro__[:-1]:
        for module in LIBRARIES.get(str(base.__module__).partition(".")[0], "").split():
            handler: Handler | None = import_module(f"memodisk.hashing.types.{module}").find(kind, base)
            if handler is not None:
                return handler
    from memodisk.hashing.types.instances import by_state

    return by_state(kind)


def _by_stand_in(base: type) -> Handler:
    def handler(value: Any, walk: Any) -> Node:
        found = _stand_ins[base](value)
        if found is value:
            raise refuse(
                "its registered stand-in is the object itself", "Let it return the values that identify the object"
            )
        return Node(b"R" + walk.code_of(type(value)), [found])

    return handler
