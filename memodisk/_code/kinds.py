"""What kind of thing something is, as far as following code is concerned."""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Mapping
from types import CodeType, FunctionType, GenericAlias, MethodType, ModuleType
from typing import Any

from memodisk import hashing
from memodisk._code import qualified, source, userland
from memodisk._code.depends import File, env
from memodisk.errors import Unhashable
from memodisk.hashing.types.opaque import functions_behind


def sorted_registry(registry: Mapping[type, Any]) -> list[tuple[type, Any]]:
    """Return the implementations of a generic function, sorted by type."""
    return sorted(registry.items(), key=lambda item: (item[0].__qualname__, item[0].__module__))


_TRANSPARENT = frozenset(["memodisk", "IPython", "ipykernel"])


def unmemoized(thing: Any) -> Any:
    """Look through wrappers that change nothing about a result: memodisk's own, and a notebook's around ``open``."""
    while getattr(type(thing), "__module__", "").partition(".")[0] == "memodisk" or (
        isinstance(thing, FunctionType) and str(thing.__globals__.get("__name__")).partition(".")[0] in _TRANSPARENT
    ):
        wrapped = getattr(thing, "__wrapped__", None)
        if wrapped is None:
            break
        thing = wrapped
    return thing


def declared_dependencies(thing: Any) -> tuple[object, ...]:
    """Return what a memoized function was declared to depend on: whoever calls it depends on it, too."""
    if not isinstance(thing, FunctionType):
        return ()
    found = thing.__dict__.get("__memodisk_depends__", ())
    return found if isinstance(found, tuple) else ()


_DESCRIPTORS = (
    classmethod,
    staticmethod,
    property,
    functools.cached_property,
    functools.singledispatchmethod,
    functools.partialmethod,
)


def is_code(thing: Any) -> bool:
    """Whether a thing is followed for its code rather than digested as a value."""
    thing = unmemoized(thing)
    if type(thing) is GenericAlias:  # list[int], a type for isinstance() before Python 3.11
        return False
    return isinstance(thing, (FunctionType, type, ModuleType, MethodType, CodeType, *_DESCRIPTORS)) or is_native(thing)


def is_user_code(thing: Any) -> bool:
    """Whether a thing is a function or class of the user's, perhaps below a decorator of a library."""
    if isinstance(thing, FunctionType):
        return userland.is_user_function(thing) or hasattr(thing, "__wrapped__")
    return isinstance(thing, type) and userland.is_user_class(thing)


_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement, or as if it were


def is_native(thing: Any) -> bool:
    """Whether a thing is a function written in C."""
    kind = type(thing)
    if not callable(thing) or not hasattr(thing, "__name__") or isinstance(thing, (FunctionType, type, MethodType)):
        return False
    return not kind.__flags__ & _HEAP_TYPE or "cython_function" in kind.__name__


def is_ours(thing: Any) -> bool:
    """Whether a thing is a cache, a part of one, or what stands behind a memoized function: no result depends on it."""
    if isinstance(thing, MethodType):
        thing = thing.__self__
    home = getattr(type(thing), "__module__", "").split(".")
    return home[0] == "memodisk" and home[1:2] != ["_code"] and len(home) > 1 and home[1].startswith("_")


def is_container(thing: object) -> bool:
    """Whether items can be put into a thing."""
    return isinstance(thing, (list, dict, set, bytearray, deque)) or hasattr(thing, "__setitem__")


def static_attribute(cls: type, name: str) -> Any:
    """Return an attribute of a class without asking its metaclass, which may answer to every name; None if none."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def is_logger(thing: object) -> bool:
    """Whether a thing writes the log, which is no part of any result."""
    logging = sys.modules.get("logging")
    return logging is not None and isinstance(thing, (logging.Logger, logging.LoggerAdapter))


def interactive(method: MethodType) -> str | None:
    """Name what IPython puts into a notebook's globals, whose state is all of the notebook."""
    module = type(method.__self__).__module__
    top = module.partition(".")[0]
    return f"{top}.{method.__name__}" if top in ("IPython", "ipykernel") else None


def sort_key(thing: Any) -> tuple[str, str]:
    """Return what functions and classes are sorted by where they come from a set: name and code, not address."""
    thing = unmemoized(thing)
    name = str(getattr(thing, "__qualname__", ""))
    return name, source.own(thing.__code__, thing.__globals__).text if isinstance(thing, FunctionType) else ""


def identify(thing: Any) -> tuple[str, bool]:
    """Return what a function or class is called as an argument, and whether its code tells more than that."""
    thing = unmemoized(thing)
    if isinstance(thing, type):
        name = f"class {qualified.class_name(thing)}"
        return name, userland.is_user_class(thing)
    if isinstance(thing, FunctionType):
        if userland.is_user_function(thing) or thing.__closure__ or "__wrapped__" in thing.__dict__:
            return f"function {thing.__name__}", True  # pandas names columns by it
        return f"function {userland.library_name(thing.__module__, thing.__qualname__)}", False
    if is_native(thing):
        if functions_behind(thing):
            return f"function {thing.__name__}", True
        home = getattr(thing, "__module__", None) or getattr(getattr(thing, "__objclass__", None), "__module__", None)
        return (
            f"function {userland.library_name(home, getattr(thing, '__qualname__', thing.__name__))}",
            False,
        )
    return f"object {type(thing).__qualname__}", True


def check_dependency(dependency: object) -> None:
    """Refuse what cannot be depended on.

    Raises
    ------
    TypeError
        Says what to give in its place.
    """
    from pathlib import PurePath  # imported late: it takes 2 ms, and most functions declare nothing

    if isinstance(dependency, PurePath):
        raise TypeError(
            f"depends: {dependency!r} is a path. To depend on the file's content give File({str(dependency)!r})"
        )
    if isinstance(dependency, (env, File)) or is_code(dependency) or callable(dependency):
        return
    try:
        hashing.digest(dependency, path="depends", code=lambda _: b"")
    except Unhashable as error:
        raise TypeError(f"depends: {dependency!r} cannot be depended on: {error}") from error
