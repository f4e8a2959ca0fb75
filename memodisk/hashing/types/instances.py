"""Instances of any class: by the state that pickle and copy would keep."""

from __future__ import annotations

import copyreg
import enum
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from memodisk.hashing.base import (
    SMALL,
    TEXT,
    UNWALKED,
    Attributes,
    Encoded,
    Handler,
    Node,
    Quick,
    by_key,
    count,
    fields,
    flat,
    fold,
    mapping,
    name_of,
    named,
    refuse,
    shallow,
    sorted_names,
)

# What has no content, in words. Without these, the path would end at some lock inside.
HOPELESS = {
    "_thread.lock": "a lock",
    "_thread.RLock": "a lock",
    "_thread._local": "thread-local data",
    "threading.Thread": "a thread",
    "multiprocessing.process.BaseProcess": "a process",
    "subprocess.Popen": "a running process",
    "concurrent.futures._base.Executor": "an executor",
    "concurrent.futures._base.Future": "a future",
    "_asyncio.Future": "a future",
    "asyncio.events.AbstractEventLoop": "an event loop",
    "_socket.socket": "a socket",
    "_io._IOBase": "an open file",
    "tempfile._TemporaryFileWrapper": "an open file",
    "generator": "a generator",
    "coroutine": "a coroutine",
    "async_generator": "an asynchronous generator",
    "frame": "a stack frame",
    "traceback": "a traceback",
    "sqlite3.Connection": "a database connection",
    "sqlite3.Cursor": "a database cursor",
    "_contextvars.Context": "a context",
    "_contextvars.ContextVar": "a context variable",
    "mmap.mmap": "a memory-mapped file",
    "ssl.SSLContext": "an SSL context",
}

# Files in memory are all content; a class derived from them is told by its state.
_IN_MEMORY = ("_io.BytesIO", "_io.StringIO")

_BASES = (str, bytes, int, float, complex, tuple, list, dict, set, frozenset, bytearray)
_POINTER = object.__basicsize__ // 2  # an object without state is its reference count and its type
_ADDRESS = "an object whose only state is its address"


def by_state(kind: type) -> Handler:
    """The handler for a class that no other encoder knows."""
    for ancestor in kind.__mro__:
        if name_of(ancestor) in _IN_MEMORY:
            break
        phrase = HOPELESS.get(name_of(ancestor))
        if phrase is not None:
            return _hopeless(f"{phrase} has no content that could be hashed")
    if issubclass(kind, enum.Enum):
        return _flag if issubclass(kind, enum.Flag) else _member
    if kind is object:
        return _hopeless(_ADDRESS)
    if not _is_python(kind) and hasattr(kind, "__next__"):
        return _hopeless(f"an iterator ({name_of(kind)}) is used up by reading it")
    base = next((base for base in _BASES if issubclass(kind, base)), object)
    if _customises(kind, base):
        return _reduced
    slots = slots_of(kind)
    if base is not object:
        return _derived(base, slots)
    # As copyreg decides whether an object can be copied: memory beyond its attributes is state that Python cannot see.
    visible = (kind.__dictoffset__ > 0) + (kind.__weakrefoffset__ > 0) + len(slots)
    if kind.__basicsize__ > object.__basicsize__ + visible * _POINTER or kind.__itemsize__:
        return _reduced
    return _plain(slots, _caches(kind)) if _is_python(kind) else _hopeless(_ADDRESS)


def _is_python(kind: type) -> bool:
    """Whether some ancestor was written in Python (or keeps attributes as if it were)."""
    return any(name in base.__dict__ for base in kind.__mro__[:-1] for name in ("__slots__", "__dict__", "__weakref__"))


def _customises(kind: type, base: type) -> bool:
    """Whether a class has its own idea of what its state is."""
    names = ["__reduce__", "__reduce_ex__", "__getnewargs_ex__"]
    if not (base is tuple and hasattr(kind, "_fields")):  # a namedtuple's are what any tuple has
        names.append("__getnewargs__")
    getstate = getattr(kind, "__getstate__", None)
    # Frozen dataclasses and attrs classes with slots get one, which differs between versions and tells nothing new.
    generated = getattr(getstate, "__module__", "") == "dataclasses" or (
        hasattr(kind, "__attrs_attrs__")
        and getattr(getstate, "__name__", "") in ("slots_getstate", "__getstate__")
        and getattr(getattr(getstate, "__code__", None), "co_name", "") == "slots_getstate"
    )
    if not generated:
        names.append("__getstate__")
    return kind in copyreg.dispatch_table or any(
        getattr(kind, name, None) is not getattr(base, name, None) for name in names
    )


def slots_of(kind: type) -> tuple[str, ...]:
    """The slots of a class and its ancestors, as attributes are called."""
    names = []
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                private = name.startswith("__") and not name.endswith("__")
                names.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(names)


def _caches(kind: type) -> frozenset[str]:
    """Attributes that only keep what follows from the others.

    A cached property counts as a cache only where no field can change after it was filled.
    """
    caches = {"_attrs_cached_hash"} if hasattr(kind, "__attrs_attrs__") else set()
    parameters = getattr(kind, "__dataclass_params__", None)
    setter = getattr(kind, "__setattr__", None)
    if getattr(parameters, "frozen", False) or getattr(setter, "__name__", "") == "_frozen_setattrs":
        caches.update(
            name
            for base in kind.__mro__
            for name, attribute in base.__dict__.items()
            if type(attribute).__name__ == "cached_property"
        )
        caches.update(getattr(kind, "__attrs_cached_properties__", ()))
    return frozenset(caches)


def _hopeless(cause: str) -> Handler:
    def handler(_value: Any, _walk: Any) -> Encoded:
        raise refuse(cause)

    return handler


def _member(value: Any, walk: Any) -> Node:
    head = b"E" + walk.code_of(type(value)) + fields(value._name_)
    return Node(head, [value._value_], lambda _i: ".value")


def _flag(value: Any, walk: Any) -> Node:
    """By value alone: what a combination is called depends on the Python version."""
    return Node(b"E" + walk.code_of(type(value)) + fields(None), [value._value_])


def attributes_of(value: Any, slots: tuple[str, ...]) -> dict[Any, Any]:
    """The attributes of an instance, in its ``__dict__`` and in slots."""
    state = getattr(value, "__dict__", None)
    attributes: dict[Any, Any] = {} if state is None else state
    if slots:
        attributes = dict(attributes)
        for name in slots:
            try:
                attributes[name] = object.__getattribute__(value, name)
            except AttributeError:
                continue  # never assigned
    return attributes


def _plain(slots: tuple[str, ...], caches: frozenset[str]) -> Handler:
    """Objects whose state is their attributes: dataclasses, attrs classes, ordinary classes."""

    def handler(value: Any, walk: Any) -> Encoded:
        attributes = attributes_of(value, slots)
        if "__memo_key__" in attributes:
            return by_key(value, walk)
        if caches and not caches.isdisjoint(attributes):
            attributes = {name: part for name, part in attributes.items() if name not in caches}
        return mapping(b"I" + walk.code_of(type(value)), attributes, walk, attributes=True)

    handler.quick = _quickly(slots, caches)  # type: ignore[attr-defined]
    return handler


def _quickly(slots: tuple[str, ...], caches: frozenset[str]) -> Quick:
    """As `_plain`, for objects whose few attributes are scalars or flat lists: of four attributes in 3 µs, not 7."""
    head: tuple[bytes, bytes] = b"", b""  # what stands for the code, and what an encoding begins with

    def quick(value: Any, kind: type, code: Callable[[Any], bytes]) -> bytes | None:
        nonlocal head
        attributes = attributes_of(value, slots)
        if "__memo_key__" in attributes or not caches.isdisjoint(attributes):
            return None
        names = tuple(attributes)
        if len(names) > SMALL or kind.__module__ == "builtins" or not TEXT.issuperset(map(type, names)):
            return None
        order = sorted_names(names)
        if order is None:
            return None
        raw = code(kind)
        known, begin = head
        if known is not raw:
            begin = b"I" + fold(b"C" + count(len(raw)) + raw)
            head = raw, begin
        begin += order[1]
        values = list(map(attributes.__getitem__, order[0]))
        part = flat(values)
        if part is not None:
            return begin + b"=" + fold(part)
        try:
            return shallow(begin + b":", values, UNWALKED)
        except OverflowError:
            return None

    return quick


def _exact(base: type, value: Any) -> Any:
    """The content of an instance of a derived class, past whatever methods the class overrides."""
    if base is str:
        return str.__str__(value)
    if base in (int, float, complex):
        return getattr(base, "__int__" if base is int else "__pos__")(value)
    if base in (tuple, list, bytes, bytearray):
        return base.__getitem__(value, slice(None))
    if base is dict:
        # The order of an OrderedDict is part of it.
        return [*OrderedDict.items(value)] if issubclass(type(value), OrderedDict) else dict.copy(value)
    return base(base.__iter__(value))  # type: ignore[attr-defined]


def _derived(base: type, slots: tuple[str, ...]) -> Handler:
    """Instances of classes derived from str, list, dict and so on; named tuples, too."""

    def handler(value: Any, walk: Any) -> Node:
        children = [_exact(base, value), Attributes(attributes_of(value, slots))]
        return Node(b"J" + walk.code_of(type(value)), children)

    return handler


def _reduced(value: Any, walk: Any) -> Encoded:
    """What ``__reduce_ex__(4)`` says: how to make the object again, and its state."""
    kind = type(value)
    reducer: Any = copyreg.dispatch_table.get(kind)
    if isinstance(value, BaseException):
        # tblib adds tracebacks to exceptions, once something has imported it.
        reducer = None
    try:
        reduced: Any = value.__reduce_ex__(4) if reducer is None else reducer(value)
    except TypeError as error:
        raise refuse(f"a {name_of(kind)} object has no content that could be hashed ({error})") from error
    if isinstance(reduced, str):
        return _global(value, reduced)
    function, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    made_by = getattr(function, "__name__", "") if getattr(function, "__module__", "") == "copyreg" else ""
    if made_by in ("__newobj__", "__newobj_ex__"):
        # The class is met here, and not as an argument, so that its code counts without a detour over copyreg's.
        head = b"Q" + named(made_by) + walk.code_of(arguments[0])
        children = [arguments[1:]]
        if len(arguments) == 1 and not any((state, items, pairs)) and not _is_python(kind):
            raise refuse(_ADDRESS)
    else:
        head = b"Q" + named("")
        children = [function, arguments]
    names = [""] * len(children) + ["", "", ""]
    children += [_state(state), None if items is None else list(items)]
    children.append(pairs if pairs is None else list(pairs) if issubclass(kind, OrderedDict) else dict(pairs))
    return Node(head, children, names.__getitem__)


def _state(state: Any) -> Any:
    if type(state) is dict:
        return Attributes(state)
    if type(state) is tuple and len(state) == 2 and type(state[1]) is dict:  # attributes, slots
        return tuple(Attributes(part) if type(part) is dict else part for part in state)
    return state


def _global(value: Any, name: str) -> bytes:
    """An object that pickle would look up by its name."""
    module = getattr(value, "__module__", None) or type(value).__module__
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not value:
        raise refuse(f"{module}.{name} is not found by that name")
    return named("global") + fields(module, name)
