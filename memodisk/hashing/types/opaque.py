"""What can be told of an object that has no content of its own: for what code reaches, where there is nobody to refuse.

An argument without content is refused. A constant without content (a client with a socket, a compiled path, a pool of
threads) is described as far as it can be, and what remains is noted, to be told. The description is found without
knowing the type: attributes, the data that a C type documents as descriptors, what it wraps, how pickle would make an
iterator again, and functions that the garbage collector sees behind it.

Objects of libraries work: their counters, queues and buffers change when they are used. So of these only numbers,
texts and code count, as they were when this process met the object first. Objects of the user's classes count with all
their attributes, at each look.
"""

from __future__ import annotations

import gc
import sys
import warnings
import weakref
from collections.abc import Callable
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, NamedTuple
from weakref import CallableProxyType, ProxyType

from memodisk.hashing.base import FLAT, Attributes, name_of, named
from memodisk.hashing.types.instances import HOPELESS, attributes_of, slots_of

# Nothing can be in them that a result depends on.
_EMPTY = frozenset(["_thread.lock", "_thread.RLock", "builtins.object", "asyncio.events.AbstractEventLoop"])

# What they hold changes while they are used, or is about the machine rather than about the result.
_VOLATILE = frozenset(
    [
        "threading.Thread",
        "multiprocessing.process.BaseProcess",
        "subprocess.Popen",
        "concurrent.futures._base.Future",
        "_asyncio.Future",
        "frame",
        "traceback",
        "generator",
        "coroutine",
        "async_generator",
    ]
)

# Types of the standard library whose attributes tell all.
_TOLD_BY_ATTRIBUTES = frozenset(
    ["_struct.Struct", "_thread._local", "concurrent.futures._base.Executor", "multiprocessing.pool.Pool"]
)

#: As far as references are followed in search of functions: from a ctypes callback it is two steps.
_STEPS = 3
_MAX_LOOKED_AT = 200
_MAX_KNOWN = 4096
_CODE = (FunctionType, MethodType, CodeType)


class Description(NamedTuple):
    """What is told of an object.

    Parameters
    ----------
    head
        The type and what else is bytes already.
    children
        What is described in its turn.
    labels
        The i-th child as it stands in a path.
    unseen
        What the object is, in words, if something of it is not told; else empty.
    """

    head: bytes
    children: list[Any]
    labels: list[str]
    unseen: str


_known: dict[int, tuple[Any, Description]] = {}


def known(value: Any) -> Description | None:
    """Return what was told of an object of a library before."""
    found = _known.get(id(value))
    if found is None or (found[0] is not value and not (type(found[0]) is weakref.ref and found[0]() is value)):
        return None
    return found[1]


def describe(value: Any, is_users: Callable[[type], bool]) -> Description:
    """Describe an object that cannot be hashed, as far as it can be.

    Parameters
    ----------
    value
        The object.
    is_users
        Whether a class was written by the user.
    """
    kind = type(value)
    if is_users(kind):
        attributes = attributes_of(value, slots_of(kind))
        phrase = ""
        for base in kind.__mro__:
            if name_of(base) in HOPELESS and name_of(base) not in _EMPTY:
                # What belongs to the machinery below is not the user's.
                attributes = {name: part for name, part in attributes.items() if not str(name).startswith("_")}
                phrase = "" if name_of(base) in _TOLD_BY_ATTRIBUTES | _VOLATILE else HOPELESS[name_of(base)]
                break
        return Description(named("in part"), [kind, Attributes(attributes)], ["", ""], phrase)
    description = _of_library(value, kind, is_users)
    key = id(value)
    try:
        held: Any = weakref.ref(value, lambda _: _known.pop(key, None))
    except TypeError:
        held = value  # it cannot be referred to otherwise; there are few such types
    if len(_known) >= _MAX_KNOWN:
        _known.clear()
    _known[key] = held, description
    return description


def _of_library(value: Any, kind: type, is_users: Callable[[type], bool]) -> Description:
    head = named("in part") + named(name_of(kind))
    if any(value is stream for stream in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)):
        return Description(head, [], [], "")
    ancestors = {name_of(base) for base in kind.__mro__[:-1]} | {name_of(kind)}
    if (ancestors & _EMPTY and kind.__module__ != "builtins") or kind is object:
        return Description(head, [], [], "")
    phrase = next((HOPELESS[name] for name in map(name_of, kind.__mro__) if name in HOPELESS), "")
    found: dict[str, Any] = {}
    if kind in (ProxyType, CallableProxyType):
        pass  # its attributes are those of what it stands for
    elif ancestors.isdisjoint(_VOLATILE):
        found = _telling(value, kind, is_users)
    elif isinstance(code := getattr(value, "gi_code", None) or getattr(value, "cr_code", None), CodeType):
        found = {".code": code}
    wrapped = _wrapped(value, kind)
    if wrapped is not None:
        found[".__wrapped__"] = wrapped[0]
    made_of = _made_of(value, kind)
    if made_of is not None:
        found[""] = made_of
    functions = functions_behind(value) if ancestors.isdisjoint(_VOLATILE) else []
    for number, function in enumerate(functions):
        if function not in found.values():
            found[f" function {number}"] = function
    is_told = bool(wrapped or made_of or functions) or not ancestors.isdisjoint(_TOLD_BY_ATTRIBUTES)
    return Description(
        head, [*found, *found.values()], [*[""] * len(found), *found], "" if is_told else phrase or _a(kind)
    )


def _a(kind: type) -> str:
    name = name_of(kind)
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _telling(value: Any, kind: type, is_users: Callable[[type], bool]) -> dict[str, Any]:
    """Return what tells of an object: numbers, texts, code and objects of the user's among its attributes."""
    found: dict[str, Any] = {f".{name}": part for name, part in attributes_of(value, slots_of(kind)).items()}
    for base in reversed(kind.__mro__[:-1]):
        for name, descriptor in vars(base).items():
            if isinstance(descriptor, (GetSetDescriptorType, MemberDescriptorType)) and not name.startswith("_"):
                try:
                    found[f".{name}"] = descriptor.__get__(value, kind)
                # It may raise anything; it then tells nothing.
                except Exception:
                    continue
    # Names are numbered within the process: ThreadPoolExecutor-0.
    numbered = [name for name in found if name.endswith("name_prefix")]
    told = {name: part for name, part in found.items() if name not in numbered and _tells(part, is_users)}
    return dict(sorted(told.items()))


def _tells(part: Any, is_users: Callable[[type], bool], depth: int = 2) -> bool:
    kind = type(part)
    if kind in FLAT or kind is bytes or isinstance(part, _CODE) or is_users(kind):
        return True
    if isinstance(part, type):
        return True
    if kind in (tuple, list) and depth and len(part) <= 100:
        return all(_tells(item, is_users, depth - 1) for item in part)
    # A url, a path, a date: plain values of other libraries say so by being hashable and comparable.
    compared: Any = kind.__eq__, kind.__hash__
    return compared[0] is not object.__eq__ and compared[1] not in (None, object.__hash__) and not callable(part)


def _wrapped(value: Any, kind: type) -> tuple[Any] | None:
    """Return what a proxy stands for, if its type says that it wraps something."""
    if isinstance(value, (FunctionType, MethodType)) or not any("__wrapped__" in vars(base) for base in kind.__mro__):
        return None
    try:
        return (value.__wrapped__,)
    # A proxy may stand for nothing yet, and say so in any way.
    except Exception:
        return None


def _made_of(value: Any, kind: type) -> Any:
    """Return what pickle would make an iterator of again. It is not used up by that."""
    if not hasattr(kind, "__next__") or kind.__module__ not in ("builtins", "itertools", "_collections"):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # itertools will not be pickled for ever
            made = value.__reduce__()
    except (TypeError, AttributeError):
        return None
    return made if isinstance(made, tuple) else None


def functions_behind(value: Any) -> list[Any]:
    """Return the functions that a C object holds, in the order in which it holds them."""
    found: list[Any] = []
    seen = {id(value)}
    level = [value]
    for _ in range(_STEPS):
        following = []
        for thing in level:
            for part in gc.get_referents(thing):
                if id(part) in seen or len(seen) > _MAX_LOOKED_AT:
                    continue
                seen.add(id(part))
                if isinstance(part, (FunctionType, MethodType)):
                    found.append(part)
                elif not isinstance(part, (type, ModuleType, BuiltinFunctionType, dict)) and _is_c(type(part)):
                    following.append(part)
        level = following
    return found


def _is_c(kind: type) -> bool:
    """Whether a type was written in C, so that it is worth while to look behind it."""
    return kind.__module__ in sys.modules and not any("__dict__" in vars(base) for base in kind.__mro__[:-1])
